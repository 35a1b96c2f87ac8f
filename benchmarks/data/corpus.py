"""The train, dev and test docs of a data set, in the sizes that you choose."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read
from spacy_padellm.corpora.splits import SPLITS, find_splits, split_of
from spacy_padellm.types import LabelNames

from ..errors import Errors
from ..results_cache import cached
from .sets import SETS, DataSet


@dataclass(frozen=True, slots=True)
class Sizes:
    """The number of texts in each split; 0 takes all. `seed` draws them at random."""

    train: int = 3000
    dev: int = 32
    test: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True)
class BenchmarkCorpus:
    """A converted data set.

    folder: contains train.spacy, dev.spacy and test.spacy.
    skipped: how many texts, lines or entities of the files could not be used.
    """

    name: str
    title: str
    lang: str
    labels: LabelNames
    folder: Path
    skipped: int

    def docs(self, split: str) -> list[Doc]:
        docbin = DocBin().from_disk(self.folder / f"{split}.spacy")
        return list(docbin.get_docs(spacy.blank(self.lang).vocab))


def prepare(
    name: str, data: Path, folder: Path, sizes: Sizes, *, lang: str = "en"
) -> BenchmarkCorpus:
    """Convert the splits in data/NAME into `folder`, unless they are there already.

    lang: the language of a set that is not in `SETS`. The model reads the labels of
        such a set as they are.

    Without a dev file, the last training texts become the dev texts.

    ValueError: there is no such set (E613), or no train or test file (E612).
    """
    known = SETS.get(name, DataSet(name, lang))
    if not (data / name).is_dir():
        raise ValueError(Errors.E613.format(name=name, folder=data))
    files = {split: split_file(data / name, split, known) for split in SPLITS}
    for split in ("train", "test"):
        if files[split] is None:
            raise ValueError(Errors.E612.format(name=name, folder=data, split=split))
    made = cached(
        folder / "corpus.json",
        {"sizes": asdict(sizes), "lang": known.lang},
        lambda: _convert(files, folder, known, sizes),
    )
    labels = known.labels or {label: label for label in made["labels"]}
    return BenchmarkCorpus(
        name, known.title, known.lang, labels, folder, made["skipped"]
    )


def _convert(
    files: dict[str, Path | None], folder: Path, known: DataSet, sizes: Sizes
) -> dict:
    nlp = spacy.blank(known.lang)
    corpora = {split: read(file) for split, file in files.items() if file is not None}
    if "dev" not in corpora:
        train = corpora["train"]
        n_dev = min(sizes.dev, len(train.texts) // 10) or 1
        corpora["dev"] = replace(train, texts=train.texts[-n_dev:])
        corpora["train"] = replace(train, texts=train.texts[:-n_dev])
    labels: set[str] = set()
    for split in SPLITS:
        choices = Choices(limit=getattr(sizes, split), seed=sizes.seed)
        docs = gold_docs(nlp, [corpora[split]], choices)
        labels |= {ent.label_ for doc in docs for ent in doc.ents}
        write_docbin(docs, folder / f"{split}.spacy")
    problems = [p for corpus in corpora.values() for p in corpus.report.problems]
    skipped = sum(problem.action == "skipped" for problem in set(problems))
    return {"labels": sorted(labels), "skipped": skipped}


def without_annotation(doc: Doc, vocab: Vocab) -> Doc:
    """A new doc with the same tokens and spaces, and no annotation."""
    return Doc(vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc])


def split_file(folder: Path, split: str, known: DataSet) -> Path | None:
    """The file of a split. Of several files, the one in `known.files`, or the first."""
    parts = [part for part in find_splits(folder).parts if split_of(part.name) == split]
    files = [file for part in parts for file in part.files]
    named = [file for file in files if file.name == known.files.get(split)]
    return next(iter(named or files), None)

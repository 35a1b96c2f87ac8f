"""A data set's splits as spaCy docs, cut down to the sizes that are wanted."""

import random
from dataclasses import asdict, dataclass
from pathlib import Path

import spacy
import srsly
from spacy.tokens import Doc, DocBin

from ..corpora.docbin import write_docbin
from ..corpora.docs import make_doc
from ..corpora.registry import read
from ..errors import Errors
from ..types import LabelNames
from .sets import SETS, DataSet

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Texts of each split, drawn at random where there are more; 0 is all of them."""

    train: int = 3000
    dev: int = 32
    test: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True)
class BenchmarkCorpus:
    """folder: holds train.spacy, dev.spacy and test.spacy.
    skipped: how many texts, lines or entities of the files could not be used."""

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
    """Convert data/NAME/{train,dev,test}.* into `folder`, unless that is there already
    in these sizes.

    lang: of a set that is not one of the paper's; its labels are their own names.
    Where there is no dev file, dev texts are taken from the end of the training data.
    ValueError: no train or test file.
    """
    known = SETS.get(name, DataSet(name, lang))
    files = {split: _file(data / name, split) for split in SPLITS}
    for split in ("train", "test"):
        if files[split] is None:
            raise ValueError(Errors.E921.format(name=name, folder=data, split=split))
    wanted = {"sizes": asdict(sizes), "lang": known.lang}
    note = folder / "corpus.json"
    made = srsly.read_json(note) if note.is_file() else {}
    if made.get("wanted") != wanted:
        made = _convert(files, folder, known, sizes)
        # written last: it says that the files beside it are whole
        srsly.write_json(note, {"wanted": wanted, **made})
    labels = known.labels or {label: label for label in made["labels"]}
    return BenchmarkCorpus(
        name, known.title, known.lang, labels, folder, made["skipped"]
    )


def _convert(
    files: dict[str, Path | None], folder: Path, known: DataSet, sizes: Sizes
) -> dict:
    nlp = spacy.blank(known.lang)
    found: set[str] = set()
    skipped = 0
    texts = {}
    for split, file in files.items():
        if file is not None:
            corpus = read(file)
            texts[split] = list(corpus.texts)
            skipped += len(corpus.report.problems)
    if "dev" not in texts:
        n_dev = min(sizes.dev, len(texts["train"]) // 10) or 1
        texts["dev"] = texts["train"][-n_dev:]
        del texts["train"][-n_dev:]
    for split in SPLITS:
        chosen = _draw(texts[split], getattr(sizes, split), sizes.seed)
        docs = [make_doc(nlp, text) for text in chosen]
        found |= {ent.label_ for doc in docs for ent in doc.ents}
        write_docbin(docs, folder / f"{split}.spacy")
    return {"labels": sorted(found), "skipped": skipped}


def _file(folder: Path, split: str) -> Path | None:
    return min(folder.glob(f"{split}.*"), default=None)


def _draw(texts: list, limit: int, seed: int) -> list:
    if not 0 < limit < len(texts):
        return texts
    chosen = random.Random(seed).sample(range(len(texts)), limit)
    return [texts[place] for place in sorted(chosen)]

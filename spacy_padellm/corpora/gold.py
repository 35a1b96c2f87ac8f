"""Convert corpora to gold docs: select labels and texts, set spacing and language."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import Errors, Warnings
from .base import AnnotatedText
from .detokenise import detokenise
from .docs import SPANS_KEY, has_overlaps, make_doc
from .labels import annotated_for, relabel
from .registry import FORMATS, Corpus, read
from .runs import runs
from .script import mostly_chinese

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

UNSPACED = {"ja", "th", "zh"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choices:
    """Settings for converting a corpus.

    renames: old label → new label, or None to drop the label. keep: the new labels to
    keep. None keeps all. mark_labels: store in each doc the labels that the corpus
    annotates. detokenise: use English spacing. limit: the maximum number of docs, 0
    means all. seed: draw the docs at random. None takes the first ones. n_sents: join
    up to this many consecutive texts of a document to one doc, see `runs`. overlap:
    store all entities in doc.spans["sc"], even if none of these texts overlap.
    """

    renames: dict[str, str | None] = field(default_factory=dict)
    keep: list[str] | None = None
    mark_labels: bool = False
    detokenise: bool = False
    limit: int = 0
    seed: int | None = None
    n_sents: int = 1
    overlap: bool = False


def have_overlaps(corpora: Iterable[Corpus]) -> bool:
    """Return whether any entities of a text overlap."""
    return any(has_overlaps(text) for corpus in corpora for text in corpus.texts)


def read_for(path: Path, format: str, lang: str | None) -> Corpus:
    """Read a file, without spaces between its tokens if the language writes none."""
    unspaced = lang in UNSPACED and format in FORMATS and FORMATS[format].joins
    return read(path, format, **({"joiner": ""} if unspaced else {}))


def gold_docs(
    nlp: "Language",
    corpora: Sequence[Corpus],
    choices: Choices,
    progress: Callable[[list], Iterable] = iter,
) -> list["Doc"]:
    """Convert the texts of all corpora to docs, and update the corpora's reports.

    If any entities overlap, all docs store their entities in doc.spans["sc"]. Chinese
    texts are split into characters by `nlp`, unless they come from a .spacy file. Texts
    of more than `nlp.max_length` characters are skipped and reported, because
    `spacy train` would stop at them.

    progress: wraps the iterable of texts, like tqdm.
    """
    chosen = []
    for corpus in corpora:
        texts = relabel(corpus.texts, choices.renames, corpus.report, keep=choices.keep)
        if choices.n_sents > 1:
            joiner = "" if nlp.lang in UNSPACED else " "
            at_most = {"max_chars": nlp.max_length, "lengths": [choices.n_sents]}
            texts = runs(texts, joiner=joiner, **at_most)
        chosen += [(text, corpus) for text in texts]
    if choices.mark_labels:
        labels = choices.keep or labels_of(text for text, _ in chosen)
        marked = annotated_for((text for text, _ in chosen), labels)
        chosen = [(m, c) for m, (_, c) in zip(marked, chosen, strict=True)]
    overlap = choices.overlap or have_overlaps(corpora)
    docs = []
    for text, corpus in progress(draw(chosen, choices.limit, choices.seed)):
        if len(text.text) > nlp.max_length:
            kind = f"text of more than {nlp.max_length:,} characters, split it"
            corpus.report.lose(text.line, kind, f"{len(text.text):,}")
            continue
        format = FORMATS[corpus.format]
        if choices.detokenise:
            text = detokenise(text, hyphens=format.hyphens)
        if nlp.lang == "zh" and not format.keeps_tokens:
            text = replace(text, words=None, spaces=None)
        key = SPANS_KEY if overlap else None
        docs.append(make_doc(nlp, text, corpus.report, spans_key=key))
    return docs


def draw(items: list[T], limit: int, seed: int | None) -> list[T]:
    """Return the first `limit` items, or a random sample in the same order if there is
    a seed. limit = 0 returns all items."""
    if not 0 < limit < len(items):
        return items
    if seed is None:
        return items[:limit]
    chosen = sorted(random.Random(seed).sample(range(len(items)), limit))
    return [items[i] for i in chosen]


def divide(
    docs: list["Doc"], dev_share: float, seed: int
) -> tuple[list["Doc"], list["Doc"]]:
    """The docs to train on, and those for dev, drawn at random. Both keep the order.

    Docs with the same text are on the same side. So dev has fewer docs than its share
    where no text fits into the rest of it, and more if it would be empty.

    Raises ValueError (E228, E234) if one of them would be empty.
    """
    number = round(dev_share * len(docs))
    if not 0 < number < len(docs):
        raise ValueError(Errors.E228.format(share=dev_share, number=len(docs)))
    rng = random.Random(seed)
    drawn = rng.sample(range(len(docs)), number)
    others = sorted({*range(len(docs))} - {*drawn})
    rng.shuffle(others)
    sizes = Counter(doc.text for doc in docs)
    texts = list(dict.fromkeys(docs[i].text for i in (*drawn, *others)))
    if len(texts) == 1:
        raise ValueError(Errors.E234.format(number=len(docs)))
    chosen: set[str] = set()
    for text in texts:
        if sizes[text] <= number:
            chosen.add(text)
            number -= sizes[text]
    chosen = chosen or {min(texts, key=lambda text: sizes[text])}
    train = [doc for doc in docs if doc.text not in chosen]
    return train, [doc for doc in docs if doc.text in chosen]


def labels_of(texts: Iterable[AnnotatedText]) -> list[str]:
    return sorted({entity.label for text in texts for entity in text.entities})


def language_of(corpora: Iterable[Corpus]) -> str:
    """Return "zh" if most of the texts are Chinese, else "en"."""
    texts = (text.text for corpus in corpora for text in corpus.texts)
    return "zh" if mostly_chinese(texts) else "en"


def misfits(corpora: Sequence[Corpus], choices: Choices, lang: str) -> list[str]:
    """Return warnings about choices that do not fit the corpora."""
    found = labels_of(text for corpus in corpora for text in corpus.texts)
    known = {choices.renames.get(label, label) for label in found}
    absent = [label for label in choices.renames if label not in found]
    absent += [label for label in choices.keep or () if label not in known]
    messages = [
        Warnings.W201.format(label=label, labels=", ".join(found)) for label in absent
    ]
    if lang not in UNSPACED and language_of(corpora) == "zh":
        messages.append(Warnings.W202.format(lang=lang))
    if choices.n_sents > 1 and not any(
        (one.document, one.labels) == (other.document, other.labels)
        for corpus in corpora
        for one, other in pairwise(corpus.texts)
    ):
        messages.append(Warnings.W205)
    return messages

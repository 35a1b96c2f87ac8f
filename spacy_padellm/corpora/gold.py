"""From what was read to gold docs: labels chosen, texts drawn, spacing, language."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ..errors import Warnings
from .base import AnnotatedText
from .detokenise import detokenise
from .docs import SPANS_KEY, has_overlaps, make_doc
from .labels import annotated_for, relabel
from .registry import Corpus
from .script import mostly_chinese

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

UNSPACED = {"ja", "th", "zh"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choices:
    """What to make of the texts of a corpus.

    renames: other names of labels, None to drop one. keep: of the new names, those to
    keep; None is all. mark_labels: note in each doc the labels that the corpus
    annotates. detokenise: English spacing. limit: at most so many texts, 0 is all;
    the first, or with a seed a random choice.
    """

    renames: dict[str, str | None] = field(default_factory=dict)
    keep: list[str] | None = None
    mark_labels: bool = False
    detokenise: bool = False
    limit: int = 0
    seed: int | None = None


def gold_docs(
    nlp: "Language",
    corpora: Sequence[Corpus],
    choices: Choices,
    progress: Callable[[list], Iterable] = iter,
) -> list["Doc"]:
    """The texts of all the corpora as docs; what happens to them is added to their
    reports. Where entities overlap, every doc has all of its own in doc.spans["sc"].

    progress: wraps what is gone through, as tqdm does.

    In Chinese the texts are split by `nlp`, into characters, whatever the tokens of
    the corpus; those of a .spacy file stay.
    """
    chosen = []
    for corpus in corpora:
        texts = relabel(corpus.texts, choices.renames, corpus.report, keep=choices.keep)
        chosen += [(text, corpus) for text in texts]
    if choices.mark_labels:
        labels = choices.keep or labels_of(text for text, _ in chosen)
        marked = annotated_for((text for text, _ in chosen), labels)
        chosen = [(m, c) for m, (_, c) in zip(marked, chosen, strict=True)]
    overlap = any(has_overlaps(text) for corpus in corpora for text in corpus.texts)
    docs = []
    for text, corpus in progress(draw(chosen, choices.limit, choices.seed)):
        if choices.detokenise:
            text = detokenise(text, hyphens=corpus.format == "docred")
        if nlp.lang == "zh" and corpus.format != "docbin":
            text = replace(text, words=None, spaces=None)
        key = SPANS_KEY if overlap else None
        docs.append(make_doc(nlp, text, corpus.report, spans_key=key))
    return docs


def draw(items: list[T], limit: int, seed: int | None) -> list[T]:
    """The first `limit` items, or with a seed a random choice, in their order; all of
    them where `limit` is 0."""
    if not 0 < limit < len(items):
        return items
    if seed is None:
        return items[:limit]
    chosen = sorted(random.Random(seed).sample(range(len(items)), limit))
    return [items[i] for i in chosen]


def labels_of(texts: Iterable[AnnotatedText]) -> list[str]:
    return sorted({entity.label for text in texts for entity in text.entities})


def language_of(corpora: Iterable[Corpus]) -> str:
    """zh if the texts are mostly Chinese, else en."""
    texts = (text.text for corpus in corpora for text in corpus.texts)
    return "zh" if mostly_chinese(texts) else "en"


def misfits(corpora: Sequence[Corpus], choices: Choices, lang: str) -> list[str]:
    """Warnings of choices that cannot mean what they say, given what was read."""
    found = labels_of(text for corpus in corpora for text in corpus.texts)
    known = {choices.renames.get(label, label) for label in found}
    absent = [label for label in choices.renames if label not in found]
    absent += [label for label in choices.keep or () if label not in known]
    said = [
        Warnings.W201.format(label=label, labels=", ".join(found)) for label in absent
    ]
    if lang not in UNSPACED and language_of(corpora) == "zh":
        said.append(Warnings.W202.format(lang=lang))
    return said

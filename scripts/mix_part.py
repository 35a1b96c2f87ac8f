"""What one set gives to a training mix: its texts, drawn and spaced."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy_padellm.corpora.base import AnnotatedText
from spacy_padellm.corpora.detokenise import detokenise
from spacy_padellm.corpora.labels import annotated_for, relabel
from spacy_padellm.corpora.registry import read
from spacy_padellm.corpora.runs import runs

Texts = list[AnnotatedText]


@dataclass(frozen=True, slots=True)
class Runs:
    """How sentences of one document are joined, so that longer texts are read as well.

    share: of the texts of a set that are runs of sentences.
    words: the most in a run.
    sentences: the most in a run, which has at least two.
    joiner: the string between sentences.
    """

    share: float = 0.35
    words: int = 80
    sentences: int = 4
    joiner: str = " "


@dataclass(frozen=True, slots=True)
class Part:
    """What one set gives: texts for train, dev and test, each with its labels."""

    licence: str
    labels: tuple[str, ...]
    train: Texts
    test: Texts
    dev: Sequence[AnnotatedText] = ()
    real_spaces: bool = False  # the set knows its spacing: leave it
    hyphens: bool = False  # the set cuts words at hyphens
    problems: tuple[str, ...] = ()


def annotated(
    path: Path,
    labels: Iterable[str],
    label_map: dict[str, str | None] | None = None,
) -> tuple[Texts, tuple[str, ...]]:
    """The texts of a file, and how much had to be repaired or skipped."""
    corpus = read(path)
    report = corpus.report
    texts = annotated_for(relabel(corpus.texts, label_map or {}, report), labels)
    problems = (
        f"{path.name}: {number} {action}: {kind}"
        for (action, kind), number in report.kinds().items()
    )
    return list(texts), tuple(problems)


def sample(texts: Texts, size: int, rng: random.Random, empty: float = 1.0) -> Texts:
    """`size` texts, at most the share `empty` of them without entities; fewer where
    there are not enough."""
    full = [text for text in texts if text.entities]
    rest = [text for text in texts if not text.entities]
    if empty < 1.0:
        most = min(size, int(len(full) / (1 - empty)))
        without = min(len(rest), int(most * empty))
        full = rng.sample(full, min(len(full), size - without))
        return full + rng.sample(rest, without)
    return rng.sample(texts, min(len(texts), size))


def with_runs(
    texts: Texts, size: int, rng: random.Random, wanted: Runs, empty: float = 1.0
) -> Texts:
    """`size` texts, among them runs of sentences; no sentence twice. See `sample`."""
    if not wanted.share:
        return sample(texts, size, rng, empty)
    lengths = [rng.randint(2, wanted.sentences) for _ in range(1_000)]
    single = {text.text for text in texts}
    joined = runs(texts, wanted.words, lengths=lengths, joiner=wanted.joiner)
    joined = [text for text in joined if text.text not in single]
    chosen = rng.sample(joined, min(len(joined), round(wanted.share * size)))
    in_runs = "\n".join(text.text for text in chosen)
    left = [text for text in texts if text.text not in in_runs]
    return chosen + sample(left, size - len(chosen), rng, empty)


def respace(part: Part, texts: Iterable[AnnotatedText], rng: random.Random) -> Texts:
    """About half of the texts with ordinary spacing, the others spaced out."""
    if part.real_spaces:
        return list(texts)
    return [
        detokenise(text, hyphens=part.hyphens) if rng.random() < 0.5 else text
        for text in texts
    ]


def counted(part: Part, train: Texts) -> dict:
    """What sources.json says of a set."""
    labels = Counter(entity.label for text in train for entity in text.entities)
    return {
        "licence": part.licence,
        "labels": part.labels,
        "train": len(train),
        "train_without_entities": sum(not text.entities for text in train),
        "train_entities": dict(sorted(labels.items())),
        "dev": len(part.dev),
        "test": len(part.test),
        "problems": part.problems,
    }

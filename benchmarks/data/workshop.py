"""The project's own corpus: workshop tickets with gold entities."""

from pathlib import Path

from spacy_padellm.corpora.base import AnnotatedText
from spacy_padellm.corpora.registry import read

TRAIN = Path(__file__).parents[2] / "assets" / "workshop" / "train.jsonl"


def workshop_texts() -> tuple[AnnotatedText, ...]:
    """The training texts. Reading them needs no spaCy."""
    return read(TRAIN).texts

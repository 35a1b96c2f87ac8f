"""Rasa NLU's JSON: an object with rasa_nlu_data.common_examples."""

from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .jsonl import read_example


def read_rasa(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per example. Offsets in the file are characters, end exclusive.

    Raises ValueError if there is no valid list of common_examples.
    """
    for line, example in read_json_items(path, report, of="common_examples"):
        if isinstance(example, dict) and example.get("entities") is None:
            example = {**example, "entities": []}  # Rasa's examples may omit them
        text = read_example(example, line, report)
        if text is not None:
            yield report.count(text)

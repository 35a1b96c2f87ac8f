"""TRAIN_DATA of spaCy 2: ["Ada left", {"entities": [[0, 3, "PER"]]}], as a list or as
lines."""

from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .jsonl import read_example


def read_train_data(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per pair. Offsets in the file are characters, end exclusive. Pairs
    with another structure, and entities outside of their text, are skipped and
    reported."""
    for line, pair in read_json_items(path, report):
        whole = isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], dict)
        if not whole or not isinstance(pair[0], str):
            report.lose(line, "not [text, {entities}]", repr(pair)[:60])
            continue
        example = {"text": pair[0], "entities": pair[1].get("entities")}
        text = read_example(example, line, report)
        if text is not None:
            yield report.count(text)

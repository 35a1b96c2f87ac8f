"""TRAIN_DATA of spaCy 2: ["Ada left", {"entities": [[0, 3, "PER"]]}], as a list or as
lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .jsonl import read_example


def read_train_data(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per pair. Offsets in the file are characters, end exclusive. Pairs
    with another structure, and entities outside of their text, are skipped and
    reported. The pairs may be the "annotations" of an object."""
    pairs = (
        (line, pair)
        for line, value in read_json_items(path, report)
        for pair in (value["annotations"] if has_pairs(value) else [value])
    )
    for line, pair in pairs:
        if pair is None:
            report.leave_out(line, "text that was not annotated", "null")
            continue
        whole = isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], dict)
        if not whole or not isinstance(pair[0], str):
            report.lose(line, "not [text, {entities}]", repr(pair)[:60])
            continue
        example = {"text": pair[0], "entities": pair[1].get("entities")}
        text = read_example(example, line, report)
        if text is not None:
            yield report.count(text)


def has_pairs(value: Any) -> bool:
    """Return whether an object has pairs of a text and its annotation, as the NER Text
    Annotator writes them."""
    pairs = value.get("annotations") if isinstance(value, dict) else None
    if not isinstance(pairs, list):
        return False
    first = next((pair for pair in pairs if pair is not None), None)
    return (
        isinstance(first, list)
        and len(first) == 2
        and isinstance(first[0], str)
        and isinstance(first[1], dict)
    )

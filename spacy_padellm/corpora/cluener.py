"""CLUENER: lines of {"text": ..., "label": {type: {mention: [[start, end], ...]}}}."""

from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .claims import Claim
from .json_values import read_json_lines
from .mentions import place


def read_cluener(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per line. Offsets in the file are characters, end inclusive.

    Lines without "label" have no annotation (CLUENER's test set). They are skipped and
    reported.
    """
    for line, value in read_json_lines(path, report):
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            report.lose(line, "no text", repr(value)[:60])
            continue
        text = value["text"]
        if not isinstance(value.get("label"), dict):
            report.lose(line, "text without annotation", text[:60])
            continue
        try:
            claims = [
                Claim(start, end + 1, label, mention)
                for label, mentions in value["label"].items()
                for mention, spans in mentions.items()
                for start, end in spans
            ]
        except (AttributeError, TypeError, ValueError):
            report.lose(
                line, "label is not {type: {mention: [[start, end]]}}", text[:60]
            )
            continue
        placed = place(report, line, text, claims)
        yield report.count(AnnotatedText(text, line=line, **placed))

"""Rasa NLU's JSON: one object with rasa_nlu_data.common_examples."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .jsonl import read_example
from .lines import read_json


def read_rasa(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """One text an example; offsets are characters, end exclusive. Problems are
    reported by the number of the example, from 1, in place of a line.

    ValueError: not JSON, or no such object.
    """
    try:
        examples = read_json(path, report)["rasa_nlu_data"]["common_examples"]
    except (KeyError, TypeError) as error:
        why = f"no rasa_nlu_data.common_examples ({error!r})"
        raise ValueError(
            Errors.E204.format(path=path, line=1, format=report.format, why=why)
        ) from error
    for number, example in enumerate(examples, 1):
        text = read_example(example, number, report)
        if text is not None:
            yield report.count(text)

"""Tokens and a tag for each, in JSON: Hugging Face data sets, and Kaggle's PII data.

    {"tokens": ["Ada", "left"], "ner_tags": [1, 0]}
    {"tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"]}
    {"tokens": ["Ada", "left"], "trailing_whitespace": [true, false],
     "labels": ["B-PER", "O"]}
    {"features": [...], "rows": [{"row": {"tokens": [...], "ner_tags": [...]}}]}

Tags that are numbers have their names elsewhere, see `tag_names`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .script import joiner_of
from .tag_names import tag_names
from .tags import BARE_TAG, TAG, guess_scheme, read_tags

TOKEN_KEYS = ("tokens", "words")
TAG_KEYS = ("ner_tags", "tags", "labels", "ner")
ENTITIES_KEYS = ("entities", "spans", "named")
UNKNOWN = (-100, "-100", "-", "", None)  # -100 is what losses ignore


class _Row(NamedTuple):
    line: int
    document: str
    words: list[str]
    tags: list[Any]
    spaces: list[bool] | None


def tag_key(row: dict[str, Any]) -> str | None:
    """Return the key of a row's tags. None if there is not a tag for each token, or if
    the row has a list of entities."""
    if any(key in row for key in ENTITIES_KEYS):
        return None
    words = next((row[key] for key in TOKEN_KEYS if key in row), None)
    if not isinstance(words, list) or not words:
        return None
    for key in TAG_KEYS:
        tags = row.get(key)
        fits = isinstance(tags, list) and len(tags) == len(words)
        if fits and all(map(_is_tag, tags)):
            return key
    return None


def read_token_tags(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per row. Tokens without a tag, or with -100, are unknown.

    joiner: the string between tokens, " " or "". It is guessed if None.
    Rows with another structure are skipped and reported. Raises ValueError (E216) if
    the tags are numbers, and their names are not found.
    """
    rows = list(_rows(path, report))
    numbers = {tag for row in rows for tag in row.tags if isinstance(tag, int)}
    numbers -= {-100}
    names: Sequence[str] = ()
    if numbers:
        names = tag_names(path, TAG_KEYS)
        if not 0 <= min(numbers) <= max(numbers) < len(names):
            place = {"path": path, "line": rows[0].line, "names": ", ".join(names)}
            raise ValueError(Errors.E216.format(**place, number=max(numbers)))
    read = [row._replace(tags=[_name(tag, names) for tag in row.tags]) for row in rows]
    scheme = guess_scheme([tag or "O" for tag in row.tags] for row in read)
    if joiner is None:
        joiner = joiner_of(word for row in read for word in row.words)
    for line, document, words, tags, spaces in read:
        spans, repairs = read_tags([tag or "O" for tag in tags], scheme)
        for i, kind in repairs:
            report.repair(line, kind, f"{words[i]} {tags[i]}")
        unknown = [(i, i + 1, "") for i, tag in enumerate(tags) if not tag]
        spaces = spaces or [bool(joiner)] * len(words)
        details = {"document": document, "line": line}
        yield report.count(
            AnnotatedText.from_words(words, spans, spaces, unknown, **details)
        )


def _rows(path: Path, report: ReadReport) -> Iterator[_Row]:
    for line, value in read_json_items(path, report):
        inner = value.get("rows") if isinstance(value, dict) else None
        for row in inner if isinstance(inner, list) else [value]:
            # the dataset viewer wraps each row
            wrapped = isinstance(row, dict) and isinstance(row.get("row"), dict)
            row = row["row"] if wrapped else row
            key = tag_key(row) if isinstance(row, dict) else None
            words = next((row[k] for k in TOKEN_KEYS if k in row), []) if key else []
            if not key or not all(isinstance(word, str) and word for word in words):
                kind = "no tokens with a tag for each"
                report.lose(line, kind, repr(row)[:60])
                continue
            spaces = row.get("trailing_whitespace")
            fits = isinstance(spaces, list) and len(spaces) == len(words)
            document = str(row.get("id", row.get("document", "")))
            spaces = list(map(bool, spaces)) if fits else None
            yield _Row(line, document, words, row[key], spaces)


def _is_tag(tag: Any) -> bool:
    if isinstance(tag, str) and tag not in UNKNOWN:
        return bool(TAG.fullmatch(tag) or BARE_TAG.fullmatch(tag))
    return tag in UNKNOWN or isinstance(tag, int) and not isinstance(tag, bool)


def _name(tag: Any, names: Sequence[str]) -> str | None:
    """Return the name of a tag. None if the token is not annotated."""
    if tag in UNKNOWN:
        return None
    name = names[tag] if isinstance(tag, int) else tag
    return name if TAG.fullmatch(name) else f"I-{name}"

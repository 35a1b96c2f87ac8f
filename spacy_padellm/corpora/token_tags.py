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
from typing import Any, NamedTuple, TypeAlias

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .mentions import whole_number
from .missing import are_words, is_missing, is_untagged
from .tag_names import tag_names
from .tagged import TaggedText, read_tagged
from .tags import BARE_TAG, TAG

TOKEN_KEYS = ("tokens", "words")
TAG_KEYS = ("ner_tags", "tags", "labels", "ner")
ENTITIES_KEYS = ("entities", "spans", "named")
# lists of entities, or something else, such as the class of the text
PERHAPS_ENTITIES = ("ner", "label", "annotations")
Tag: TypeAlias = str | int | None


class TaggedRow(NamedTuple):
    """A row of a file. tags: as `tag_value` gives them. spaces: None if unknown."""

    line: int
    document: str
    words: list[str]
    tags: list[Tag]
    spaces: list[bool] | None = None


def tag_value(raw: Any) -> Tag:
    """Return the name or the number of a tag, or None if its token is not annotated.
    Numbers may be floats, as in pandas, or strings. Raises ValueError if it is neither.
    """
    raw = raw.strip() if isinstance(raw, str) else raw
    if is_untagged(raw):
        return None
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and (TAG.fullmatch(raw) or BARE_TAG.fullmatch(raw)):
        return raw
    number = whole_number(raw)
    if number is None:
        raise ValueError(repr(raw))
    return number


def tag_values(raws: Any) -> list[Tag] | None:
    """Return the tags of a list, or None if it is no list of tags."""
    try:
        return [tag_value(raw) for raw in raws] if isinstance(raws, list) else None
    except ValueError:
        return None


def tag_key(row: dict[str, Any]) -> str | None:
    """Return the key of a row's tags. None if there is not a tag for each token, or if
    the row has a list of entities."""
    if _has_entities(row):
        return None
    words = next((row[key] for key in TOKEN_KEYS if key in row), None)
    if not isinstance(words, list) or not words:
        return None
    for key in TAG_KEYS:
        tags = tag_values(row.get(key))
        if tags is not None and len(tags) == len(words):
            return key
    return None


def is_tagged(row: dict[str, Any]) -> bool:
    """Return whether a row has this format. Its tags may be missing."""
    has_keys = "ner_tags" in row and any(key in row for key in TOKEN_KEYS)
    return tag_key(row) is not None or has_keys and not _has_entities(row)


def read_token_tags(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per row. Tokens without a tag, or with -100, are unknown.

    joiner: the string between tokens, " " or "". It is guessed if None.
    Rows with another structure are skipped and reported. Raises ValueError if the tags
    are numbers, and their names are not found (E216), or if they are B and I without a
    label (E223).
    """
    yield from read_rows_of_tags(path, list(_rows(path, report)), report, joiner)


def read_rows_of_tags(
    path: Path, rows: Sequence[TaggedRow], report: ReadReport, joiner: str | None
) -> Iterator[AnnotatedText]:
    """Yield one text per row of a file. Arguments and errors: see `read_token_tags`."""
    numbered = {tag: row.line for row in rows for tag in row.tags if type(tag) is int}
    names: Sequence[str] = ()
    if numbered:
        names = tag_names(path, TAG_KEYS)
        if not 0 <= min(numbered) <= max(numbered) < len(names):
            number = max(numbered)
            place = {"path": path, "line": numbered[number], "number": number}
            raise ValueError(Errors.E216.format(**place, names=", ".join(names)))
    texts = []
    for row in rows:
        tags = [names[tag] if type(tag) is int else tag for tag in row.tags]
        tags = ["" if is_untagged(tag) else tag for tag in tags]
        lines = [row.line] * len(tags)
        texts.append(TaggedText(row.words, tags, lines, row.document, row.spaces))
    yield from read_tagged(path, texts, report, joiner=joiner)


def _rows(path: Path, report: ReadReport) -> Iterator[TaggedRow]:
    for line, value in read_json_items(path, report):
        inner = value.get("rows") if isinstance(value, dict) else None
        for row in inner if isinstance(inner, list) else [value]:
            # the dataset viewer wraps each row
            wrapped = isinstance(row, dict) and isinstance(row.get("row"), dict)
            row = row["row"] if wrapped else row
            key = tag_key(row) if isinstance(row, dict) else None
            words = next((row[k] for k in TOKEN_KEYS if k in row), []) if key else []
            if not key or not are_words(words):
                kind = "no tokens with a tag for each"
                report.lose(line, kind, repr(row)[:60])
                continue
            spaces = row.get("trailing_whitespace")
            fits = isinstance(spaces, list) and len(spaces) == len(words)
            document = row.get("id", row.get("document"))
            document = "" if is_missing(document) else str(document)
            spaces = list(map(bool, spaces)) if fits else None
            yield TaggedRow(line, document, words, tag_values(row[key]) or [], spaces)


def _has_entities(row: dict[str, Any]) -> bool:
    """Return whether a row has a list of entities, which may be empty."""
    return any(key in row for key in ENTITIES_KEYS) or any(
        isinstance(value := row.get(key), list)
        and all(isinstance(item, list | dict) for item in value)
        for key in PERHAPS_ENTITIES
    )

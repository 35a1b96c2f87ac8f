"""Tags of tokens that stand beside a list of entities in a JSON object.

    {"tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"], "entities": []}

Rows without such a list are those of `token_tags`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .claims import Claim
from .missing import are_words, is_missing, is_untagged
from .tag_names import tag_names
from .tags import (
    TAG,
    are_prefixed,
    guess_scheme,
    has_no_labels,
    read_tags,
    standard,
)
from .token_tags import TAG_KEYS, tag_values

NUMBERS = (
    "tags that are numbers without names, beside an empty list of entities "
    '(a label.json such as {"O": 0, "B-PER": 1} beside the file gives their names)'
)
NUMBER = "tag that is a number, beside a list of entities"
NO_LABELS = "tags that are letters without a label, beside an empty list of entities"
NOT_UNDERSTOOD = "tags that are not understood, beside an empty list of entities"
NOT_IN_TEXT = "tags of tokens that are not in the text"
WORDS_KEYS = ("tokens", "words", "sentence")
SURE_KEYS = ("ner_tags", "ner")  # the others may be parts of speech, or names of labels


class TagNames(NamedTuple):
    """What the tags of a file mean.

    numbers: the names of those that are numbers. names: what to read for each name, see
    `tags.standard`. It is empty if they have no labels.
    """

    numbers: Sequence[str]
    names: dict[str, str]


def names_in(rows: Iterable[Any], path: Path | None = None) -> TagNames:
    """Return what the tags in the rows of a file mean. Without its path, numbers have
    no names."""
    found = [
        tag
        for row in rows
        if isinstance(row, dict) and (key := tags_key(row))
        for tag in tag_values(row[key]) or ()
    ]
    numbers: Sequence[str] = ()
    if path is not None and any(isinstance(tag, int) for tag in found):
        numbers = tag_names(path, TAG_KEYS)
    names = {tag for tag in (*found, *numbers) if isinstance(tag, str)}
    names = {name for name in names if not is_untagged(name)}
    return TagNames(numbers, {} if has_no_labels(names) else standard(names))


def tags_key(row: dict[str, Any]) -> str | None:
    """Return the key of the tags, or None if the row has none. They need not be
    understood if the key leaves no doubt that they are tags."""
    words = _words(row)
    for key in TAG_KEYS:
        tags = row.get(key)
        raws = tags if isinstance(tags, list) else []
        if words and len(raws) == len(words) and _are_tags(key, raws):
            return key
        entities = key == "ner" and any(isinstance(raw, list | dict) for raw in raws)
        if key in SURE_KEYS and tags and not is_missing(tags) and not entities:
            return key
    return None


def tag_claims(
    row: dict[str, Any], key: str, text: str | None, names: TagNames, *, alone: bool
) -> list[Claim]:
    """Return the entities that the tags say, and a claim without a label for each token
    that is not annotated.

    text: None if offsets are tokens. Otherwise they are characters. They are missing,
        with a fault, if the text does not have the tokens.
    alone: whether the list of entities is empty. If the tags cannot be understood, a
        single claim with a fault then has no place, as nothing is known of the text.
        Otherwise such tags say nothing, but numbers that have no names are claims with
        a fault, except 0.
    """
    words, tags = _words(row), tag_values(row[key])
    if tags is None or len(tags) != len(words):
        return _unreadable(row[key], NOT_UNDERSTOOD) if alone else []
    known = range(len(names.numbers))
    nameless = [isinstance(tag, int) and tag not in known for tag in tags]
    if alone and any(nameless):
        return _unreadable(row[key], NUMBERS)
    named = [names.numbers[tag] if tag in known else tag for tag in tags]
    read = []
    for name in named:
        is_name = isinstance(name, str) and not is_untagged(name)
        read.append(names.names.get(name) if is_name else "O")
    if None in read:
        return _unreadable(row[key], NO_LABELS) if alone else []
    claims = []
    for i, name in enumerate(named):
        if is_untagged(name):
            claims.append(Claim(i, i + 1, None))
        elif nameless[i] and name:
            claims.append(Claim(i, i + 1, None, fault=NUMBER))
    spans, _ = read_tags(read, guess_scheme([read]))
    claims += [Claim(*span) for span in spans]
    return claims if text is None else _in_text(claims, words, text)


def _unreadable(tags: Any, fault: str) -> list[Claim]:
    return [Claim(None, None, None, str(tags)[:60], fault)]


def _words(row: dict[str, Any]) -> list[str]:
    words = next((row[k] for k in WORDS_KEYS if isinstance(row.get(k), list)), [])
    words = [
        w.get("text", w.get("surface")) if isinstance(w, dict) else w for w in words
    ]
    return words if are_words(words) else []


def _are_tags(key: str, raws: list[Any]) -> bool:
    tags = tag_values(raws)
    if tags is None or key in SURE_KEYS:
        return tags is not None
    known = [tag for tag in tags if tag is not None]
    names = [tag for tag in known if isinstance(tag, str)]
    if len(names) < len(known) or not names:
        return bool(known) and not names and key != "labels"
    if are_prefixed(names) or all(TAG.fullmatch(name) for name in names):
        return True
    return key == "tags" and ("O" in names or "o" in names)


def _in_text(claims: list[Claim], words: list[str], text: str) -> list[Claim]:
    """Return the claims with offsets in characters."""
    edges, at = [], 0
    for word in words:
        start = text.find(word, at)
        if start < 0 or text[at:start].strip():
            nowhere = {"start": None, "end": None, "fault": NOT_IN_TEXT}
            return [claim._replace(**nowhere) for claim in claims]
        at = start + len(word)
        edges.append((start, at))
    placed = []
    for claim in claims:
        start, end = edges[claim.start][0], edges[claim.end - 1][1]
        placed.append(claim._replace(start=start, end=end, mention=text[start:end]))
    return placed

"""Tags of tokens that stand beside a list of entities in a JSON object.

    {"tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"], "entities": []}

Rows without such a list are those of `token_tags`.
"""

from typing import Any

from .claims import Claim
from .tags import BARE_TAG, TAG, guess_scheme, read_tags
from .token_tags import TAG_KEYS, UNKNOWN

NUMBER = "tag that is a number, beside a list of entities"
NOT_IN_TEXT = "tags of tokens that are not in the text"
WORDS_KEYS = ("tokens", "words", "sentence")
SURE_KEYS = ("ner_tags", "ner")  # the others may be parts of speech, or names of labels


def tags_key(row: dict[str, Any]) -> str | None:
    """Return the key of the tags, or None if the row has none."""
    words = _words(row)
    for key in TAG_KEYS:
        tags = row.get(key)
        if words and isinstance(tags, list) and len(tags) == len(words):
            if _are_tags(key, tags):
                return key
    return None


def tag_claims(row: dict[str, Any], key: str, text: str | None) -> list[Claim]:
    """Return the entities that the tags say, and a claim without a label for each token
    that is not annotated. Tags that are numbers are not read: all but 0 are claims with
    a fault.

    text: None if offsets are tokens. Otherwise they are characters. They are missing,
        with a fault, if the text does not have the tokens.
    """
    tags = row[key]
    names = [_name(tag) for tag in tags]
    spans, _ = read_tags(names, guess_scheme([names]))
    claims = [Claim(*span) for span in spans]
    for i, tag in enumerate(tags):
        if tag in UNKNOWN:
            claims.append(Claim(i, i + 1, None))
        elif isinstance(tag, int) and tag:
            claims.append(Claim(i, i + 1, None, fault=NUMBER))
    return claims if text is None else _in_text(claims, _words(row), text)


def _words(row: dict[str, Any]) -> list[str]:
    words = next((row[k] for k in WORDS_KEYS if isinstance(row.get(k), list)), [])
    words = [
        w.get("text", w.get("surface")) if isinstance(w, dict) else w for w in words
    ]
    return words if all(isinstance(word, str) and word for word in words) else []


def _are_tags(key: str, tags: list[Any]) -> bool:
    known = [tag for tag in tags if tag not in UNKNOWN]
    if not known:
        return key in SURE_KEYS
    if all(isinstance(tag, int) and not isinstance(tag, bool) for tag in known):
        return key != "labels"
    if not all(isinstance(tag, str) for tag in known):
        return False
    if all(TAG.fullmatch(tag) for tag in known):
        return True
    sure = key in SURE_KEYS or key == "tags" and "O" in known
    return sure and all(TAG.fullmatch(t) or BARE_TAG.fullmatch(t) for t in known)


def _name(tag: Any) -> str:
    if not isinstance(tag, str) or tag in UNKNOWN:
        return "O"
    return tag if TAG.fullmatch(tag) else f"I-{tag}"


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

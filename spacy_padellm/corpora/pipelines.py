"""Join the tokens that a pipeline of transformers gives without aggregation:

{"entity": "B-PER", "score": 0.99, "index": 1, "word": "Ada", "start": 0, "end": 3}
"""

from typing import Any

from .tags import TAG, split_tag


def join_tokens(raws: list[Any], text: str) -> list[Any]:
    """Join consecutive tokens to entities, as `aggregation_strategy="simple"` does.

    Tokens are consecutive if at most spaces are between them. Those with the tag O are
    left out. What is not a token stays as it is.
    """
    joined: list[Any] = []
    last = "O"  # the letter of the tag before
    for raw in raws:
        if not _is_token(raw):
            joined.append(raw)
            last = "O"
            continue
        letter, label = _split(raw["entity"])
        entity = {"start": raw.get("start"), "end": raw.get("end"), "label": label}
        before = joined[-1] if joined and last in "BI" else None
        if letter in "IE" and before and _is_next(before, entity, text):
            before["end"] = entity["end"]
        elif letter != "O":
            joined.append(entity)
        last = letter
    return joined


def _is_token(raw: Any) -> bool:
    """Return whether it is a token of a pipeline. Rasa's entities have no `word`."""
    if not isinstance(raw, dict) or "word" not in raw:
        return False
    tag = raw.get("entity")
    if not isinstance(tag, str):
        return False
    return "index" in raw or tag == "O" or tag.startswith(("B-", "I-"))


def _split(tag: str) -> tuple[str, str]:
    return split_tag(tag) if TAG.fullmatch(tag) else ("I", tag)


def _is_next(before: dict[str, Any], entity: dict[str, Any], text: str) -> bool:
    end, start = before["end"], entity["start"]
    if before["label"] != entity["label"] or not isinstance(entity["end"], int):
        return False
    if not isinstance(end, int) or not isinstance(start, int):
        return False
    return 0 <= end <= start and not text[end:start].strip()

"""UniversalNER's conversations: a text, and a question and an answer for each label.

    {"conversations": [
      {"from": "human", "value": "Text: Ada met Bo in Rome."},
      {"from": "gpt", "value": "I've read this text."},
      {"from": "human", "value": "What describes person in the text?"},
      {"from": "gpt", "value": "[\"Ada\", \"Bo\"]"}, ...]}

A file has one conversation per line, or a JSON list.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, Entity, ReadReport
from .json_values import decode, read_json_items

QUESTION = re.compile(r"What describes (.+) in the text\?")


def read_conversations(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per conversation. `labels` are the labels in its questions.

    Answers have no offsets. The k-th mention with the same text is aligned with its
    k-th occurrence, and whole words are preferred. Mentions that are not in the text
    are skipped and reported, and all of the text is then unknown. The label of an
    answer that is not a JSON list is not annotated.
    """
    for line, value in read_json_items(path, report):
        text = _read(value, line, report)
        if text is not None:
            yield report.count(text)


def _read(value: Any, line: int, report: ReadReport) -> AnnotatedText | None:
    try:
        turns = [turn["value"] for turn in value["conversations"]]
        text = turns[0].removeprefix("Text:").strip()
    except (KeyError, TypeError, IndexError, AttributeError):
        report.lose(line, "not a conversation", repr(value)[:60])
        return None
    labels, entities, unknown, unread = [], [], [], []
    if not all(isinstance(turn, str) for turn in turns):
        report.lose(line, "not a conversation", repr(value)[:60])
        return None
    for question, answer in zip(turns[2::2], turns[3::2], strict=False):
        asked = QUESTION.search(question)
        if asked is None:
            report.skip(line, "question not understood", question[:80])
            continue
        mentions = _mentions(answer)
        if mentions is None:
            report.skip(line, "answer is not a JSON list", answer[:80])
            unread.append(asked[1])
            continue
        labels.append(asked[1])
        placed = list(_place(text, mentions, asked[1], line, report))
        entities += filter(None, placed)
        if None in placed and text:
            unknown.append(Entity(0, len(text), asked[1]))
    # a label with another answer that could be read
    halves = [label for label in unread if text and label in labels]
    unknown += [Entity(0, len(text), label) for label in halves]
    return AnnotatedText(
        text,
        tuple(sorted(entities)),
        labels=tuple(dict.fromkeys(labels)),
        document=str(value.get("id", "")),
        line=line,
        unknown=tuple(unknown),
    )


def _mentions(answer: str) -> list | None:
    """Return the JSON list of an answer. None if it is not one, or not safe to read."""
    try:
        mentions, end = decode(answer)
    except json.JSONDecodeError:
        return None
    return mentions if isinstance(mentions, list) and not answer[end:].strip() else None


def _place(
    text: str, mentions: list, label: str, line: int, report: ReadReport
) -> Iterator[Entity | None]:
    """Yield the entity of each mention, or None if it is not in the text."""
    seen: dict[str, int] = {}
    for mention in mentions:
        mention = str(mention).strip()
        k = seen.get(mention, 0)
        seen[mention] = k + 1
        places = occurrences(text, mention)
        if k < len(places):
            yield Entity(places[k], places[k] + len(mention), label)
        else:
            kind = "mention is not in the text"
            report.lose_entity(line, kind, f"{mention!r} {label}")
            yield None


def occurrences(text: str, mention: str) -> list[int]:
    """Return the offsets of `mention` in `text`. Whole words are preferred."""
    if not mention:
        return []
    pattern = re.escape(mention)
    whole_words = [m.start() for m in re.finditer(rf"(?<!\w){pattern}(?!\w)", text)]
    return whole_words or [m.start() for m in re.finditer(pattern, text)]

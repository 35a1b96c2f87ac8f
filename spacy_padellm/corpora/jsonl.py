"""JSON lines, or a JSON list, of {"text", "entities"} and {"tokens", "entities"}.

    {"text": "Ada met Bo", "entities": [[0, 3, "PER"]], "labels": ["PER", "LOC"]}
    {"text": "Ada met Bo", "entities": [{"start": 0, "end": 3, "entity": "PER"}]}
    {"text": "Ada met Bo", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ada met Bo", "label": [[0, 3, "PER"]]}
    {"text": "Ada met Bo", "labels": [[0, 3, "PER"]]}
    {"id": 10, "data": "Ada met Bo", "label": [[0, 3, "PER"]]}
    {"text": "Ada met Bo", "entities": [
      {"start_offset": 0, "end_offset": 3, "label": "PER"}], "relations": []}
    {"text": "Ada met Bo", "entities": [
      {"entity_group": "PER", "word": "Ada", "start": 0, "end": 3}]}
    {"text": "Ada met Bo", "entities": [
      {"entity": "B-PER", "index": 1, "word": "Ada", "start": 0, "end": 3}]}
    {"tokens": ["Ada", "met", "Bo"], "entities": [[0, 1, "PER"]], "named": [...]}
    {"tokens": [{"surface": "Ada"}, ...], "entities": [{"span": [0], "type": "PER"}]}
    {"tokens": ["Ada"], "entities": [{"start": 0, "end": 1, "type": "PER"}]}
    {"sentence": ["Ada"], "ner": [{"index": [0], "type": "PER"}]}

Offsets are characters if there is a text, and tokens otherwise, end exclusive. These
are the formats of Rasa and HWU64, Prodigy, doccano, transformers' pipelines, GUM,
SLURP, SpERT and W2NER.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from .base import FURTHER, AnnotatedText, ReadReport
from .claims import Claim
from .json_entities import all_strings, claims_in, entities_keys
from .json_tags import TagNames, names_in, tags_key
from .json_values import read_json_items
from .mentions import place, place_tokens
from .missing import is_missing
from .prodigy import beside_unknown, is_binary, task_of, why_left_out
from .script import joiner_of

CLASSES = "labels are not those of the entities, read as classes of the text"


def read_jsonl(
    path: Path, report: ReadReport, *, entities_key: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per line or list item.

    entities_key: the key of the entities. By default it is "named", if the line has it,
        or the first of "entities", "spans", "ner", "label", "annotations" and "labels"
        (doccano), and "tags" that is a list with entities, or else an empty list.

    If it is empty, the tags of the tokens are read, if the line has them. Entities that
    only the tags, a further list, or a list with another key have are reported, and
    their places are unknown.
    If "labels" is a list of names, the text was annotated for these labels; but if most
    texts with entities have one with another label, they are classes. Answers of
    Prodigy that were rejected or ignored, or are about other things, are left out and
    reported. Beside the spans of its binary answers, the text is unknown. Lines with
    another structure, and entities that have no place in their text, are skipped and
    reported.
    """
    items = list(read_json_items(path, report))
    names = names_in((value for _, value in items), path)
    sessions: dict[Any, Any] = {}
    texts: list[AnnotatedText] = []
    for line, value in items:
        row = value if isinstance(value, dict) else {}
        start = str(row.get("text", ""))[:60]
        if why := why_left_out(row):
            report.leave_out(line, why, start)
            continue
        if (task := task_of(row)) is not None:
            if sessions.setdefault(task, row.get("_session_id")) != row.get(
                "_session_id"
            ):
                report.leave_out(line, FURTHER, start)
                continue
        if row.get("answer") == "accept":  # Prodigy may omit an empty list of spans
            row.setdefault("spans", [])
        text = read_example(value, line, report, entities_key, names)
        if text is None:
            continue
        if is_binary(row):
            report.leave_out(line, "text beside the spans of a binary answer", start)
            text = beside_unknown(text)
        texts.append(text)
    n_named = sum(text.labels is not None and bool(text.entities) for text in texts)
    are_classes = report.kinds()["repaired", CLASSES] > n_named
    for text in texts:
        yield report.count(replace(text, labels=None) if are_classes else text)


def read_example(
    value: Any,
    line: int,
    report: ReadReport,
    entities_key: str | None = None,
    names: TagNames | None = None,
) -> AnnotatedText | None:
    """Read a JSON object. Reports it and returns None if it has another structure.

    names: what the tags of its file mean. None if there are no other objects.
    """
    if not isinstance(value, dict):
        report.lose(line, "not a JSON object", repr(value)[:60])
        return None
    keys = [entities_key] if entities_key else entities_keys(value)
    key, tags = keys[0], tags_key(value)
    names = names or names_in([value])
    only_tags = tags and key in value and value[key] is None
    if not isinstance(value.get(key), list) and not only_tags:
        found = ", ".join(map(str, value))
        report.lose(line, f"no list of {key}", f"its keys are {found}"[:80])
        return None
    labels = value.get("labels") if "labels" not in (*keys, tags) else None
    details = {
        "document": "" if is_missing(value.get("id")) else str(value["id"]),
        "line": line,
    }
    text = text_in(value)
    if isinstance(text, str):
        claims = claims_in(value, keys, text, names)
        details["labels"] = annotated_labels(labels, claims, line, report)
        return AnnotatedText(text, **place(report, line, text, claims), **details)
    tokens = value.get("tokens", value.get("sentence"))
    if isinstance(tokens, list):
        words = [t.get("surface") if isinstance(t, dict) else t for t in tokens]
        if words and all(words) and all_strings(words):
            claims = claims_in(value, keys, None, names)
            details["labels"] = annotated_labels(labels, claims, line, report)
            placed = place_tokens(report, line, len(words), claims)
            spaces = [bool(joiner_of(words))] * len(words)
            return AnnotatedText.from_words(words, spaces=spaces, **placed, **details)
    report.lose(line, "neither text nor tokens", repr(value)[:60])
    return None


def annotated_labels(
    labels: Any, claims: list[Claim], line: int, report: ReadReport
) -> tuple[str, ...] | None:
    """The labels that a text was annotated for. None if `labels` is something else,
    such as classes of the text: no list of strings, or without a label that the text
    has."""
    if labels is None or labels == []:
        return None
    if all_strings(labels):  # as `place` strips those of entities
        labels = [label.strip() for label in labels]
        claims = [
            claim._replace(label=claim.label.strip())
            for claim in claims
            if isinstance(claim.label, str)
        ]
    if all_strings(labels) and {*_label_strings(claims)} <= {*labels}:
        return tuple(labels)
    report.repair(line, CLASSES, repr(labels)[:60])
    return None


def _label_strings(claims: list[Claim]) -> list[str]:
    return [c.label for c in claims if isinstance(c.label, str) and not c.fault]


def text_in(value: dict[str, Any]) -> Any:
    """Return its text. In doccano's newer exports, its key is "data"."""
    if "text" in value or "tokens" in value or "sentence" in value:
        return value.get("text")
    return value.get("data")


def is_example(value: dict[str, Any]) -> bool:
    """Return whether it has a text or tokens, and a list of entities."""
    has_text = any(key in value for key in ("text", "tokens", "sentence"))
    has_text = has_text or isinstance(value.get("data"), str)
    return has_text and isinstance(value.get(entities_keys(value)[0]), list)

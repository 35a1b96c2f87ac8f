"""JSON lines, or a JSON list, of {"text", "entities"} and {"tokens", "entities"}.

    {"text": "Ada met Bo", "entities": [[0, 3, "PER"]], "labels": ["PER", "LOC"]}
    {"text": "Ada met Bo", "entities": [{"start": 0, "end": 3, "entity": "PER"}]}
    {"text": "Ada met Bo", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"text": "Ada met Bo", "label": [[0, 3, "PER"]]}
    {"text": "Ada met Bo", "labels": [[0, 3, "PER"]]}
    {"text": "Ada met Bo", "entities": [
      {"start_offset": 0, "end_offset": 3, "label": "PER"}], "relations": []}
    {"text": "Ada met Bo", "entities": [
      {"entity_group": "PER", "word": "Ada", "start": 0, "end": 3}]}
    {"tokens": ["Ada", "met", "Bo"], "entities": [[0, 1, "PER"]], "named": [...]}
    {"tokens": [{"surface": "Ada"}, ...], "entities": [{"span": [0], "type": "PER"}]}
    {"tokens": ["Ada"], "entities": [{"start": 0, "end": 1, "type": "PER"}]}
    {"sentence": ["Ada"], "ner": [{"index": [0], "type": "PER"}]}

Offsets are characters if there is a text, and tokens otherwise, end exclusive. These
are the formats of Rasa and HWU64, Prodigy, doccano, transformers' pipelines, GUM,
SLURP, SpERT and W2NER.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .mentions import DISCONTINUOUS, Claim, place, place_tokens
from .prodigy import beside_unknown, is_binary, says_nothing
from .script import joiner_of

OTHER_SHAPE = "entity of another shape"
# GUM's "entities" include nominals and pronouns. Its "named" are the names.
ENTITIES_KEYS = ("named", "entities", "spans", "ner", "label", "annotations")
LABEL_KEYS = ("label", "entity", "type", "entity_group", "labels")
START_KEYS = ("start", "start_offset", "start_char", "begin")
END_KEYS = ("end", "end_offset", "end_char")
# Prodigy's answers for examples that were not accepted
NOT_ACCEPTED = ("reject", "ignore")


def read_jsonl(
    path: Path, report: ReadReport, *, entities_key: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per line or list item.

    entities_key: the key of the entities. By default it is the first of "named",
        "entities", "spans", "ner", "label" and "annotations" that the line has. Without
        one, it is "labels" (doccano), unless that is a list of names.

    If "labels" is a list of names, the text was annotated for these labels. Examples
    that were rejected or ignored in Prodigy are left out and reported. Beside the spans
    of its binary answers, the text is unknown. Its answers about other things, lines
    with another structure, and entities that have no place in their text, are skipped
    and reported.
    """
    for line, value in read_json_items(path, report):
        row = value if isinstance(value, dict) else {}
        answer, start = row.get("answer"), str(row.get("text", ""))[:60]
        if answer in NOT_ACCEPTED:
            report.leave_out(line, f"example with the answer {answer!r}", start)
            continue
        if why := says_nothing(row):
            report.lose(line, why, start)
            continue
        if answer == "accept":  # Prodigy may omit an empty list of spans
            row.setdefault("spans", [])
        text = read_example(value, line, report, entities_key)
        if text is None:
            continue
        if is_binary(row):
            report.leave_out(line, "text beside the spans of a binary answer", start)
            text = beside_unknown(text)
        yield report.count(text)


def read_example(
    value: Any, line: int, report: ReadReport, entities_key: str | None = None
) -> AnnotatedText | None:
    """Read a JSON object. Reports it and returns None if it has another structure."""
    if not isinstance(value, dict):
        report.lose(line, "not a JSON object", repr(value)[:60])
        return None
    key = entities_key or _entities_key(value)
    if not isinstance(value.get(key), list):
        keys = ", ".join(map(str, value))
        report.lose(line, f"no list of {key}", f"its keys are {keys}"[:80])
        return None
    labels = value.get("labels") if key != "labels" else None
    if labels is not None and not _strings(labels):
        report.lose(line, "labels is not a list of strings", repr(labels)[:60])
        return None
    details = {
        "labels": None if labels is None else tuple(labels),
        "document": str(value.get("id", "")),
        "line": line,
    }
    text = value.get("text")
    if isinstance(text, str):
        claims = [c for raw in value[key] for c in claims_of(raw, text)]
        return AnnotatedText(text, **place(report, line, text, claims), **details)
    tokens = value.get("tokens", value.get("sentence"))
    if isinstance(tokens, list):
        words = [t.get("surface") if isinstance(t, dict) else t for t in tokens]
        if words and all(words) and _strings(words):
            claims = [claim for raw in value[key] for claim in claims_of(raw)]
            placed = place_tokens(report, line, len(words), claims)
            spaces = [bool(joiner_of(words))] * len(words)
            return AnnotatedText.from_words(words, spaces=spaces, **placed, **details)
    report.lose(line, "neither text nor tokens", repr(value)[:60])
    return None


def is_example(value: dict[str, Any]) -> bool:
    """Return whether it has a text or tokens, and a list of entities."""
    has_text = any(key in value for key in ("text", "tokens", "sentence"))
    return has_text and isinstance(value.get(_entities_key(value)), list)


def claims_of(raw: Any, text: str | None = None) -> list[Claim]:
    """Return an entity as a claim for each of its labels. text: None if its offsets are
    tokens."""
    if isinstance(raw, list) and len(raw) >= 3:  # GUM adds an identity
        return [Claim(*raw[:3])]
    if not isinstance(raw, dict):
        return [Claim(None, None, None, mention=repr(raw)[:60], fault=OTHER_SHAPE)]
    labels = _first(raw, LABEL_KEYS)
    start, end, fault = _first(raw, START_KEYS), _first(raw, END_KEYS), ""
    span = raw.get("span", raw.get("index"))
    if isinstance(span, list) and span and all(isinstance(i, int) for i in span):
        if text is not None and len(span) == 2:
            start, end = span
        else:
            start, end = min(span), max(span) + 1
            fault = DISCONTINUOUS if end - start != len(set(span)) else ""
    mention = None
    if text is not None:
        mention = raw.get("text")
        # Rasa's value may be a synonym, which the text does not have
        if isinstance(raw.get("value"), str) and raw["value"] in text:
            mention = raw["value"]
    labels = labels if isinstance(labels, list) and labels else [labels]
    return [Claim(start, end, label, mention, fault) for label in labels]


def _entities_key(value: dict[str, Any]) -> str:
    key = next((key for key in ENTITIES_KEYS if key in value), None)
    if key is None:
        labels = value.get("labels")
        is_note = labels and _strings(labels)
        key = "labels" if isinstance(labels, list) and not is_note else "entities"
    return key


def _first(raw: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """Return the value of the first key that there is, or None."""
    return next((raw[key] for key in keys if key in raw), None)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)

"""JSON lines, or a JSON list, of {"text", "entities"} and {"tokens", "entities"}.

    {"text": "Ada met Bo", "entities": [[0, 3, "PER"]], "labels": ["PER", "LOC"]}
    {"text": "Ada met Bo", "entities": [{"start": 0, "end": 3, "entity": "PER"}]}
    {"text": "Ada met Bo", "spans": [{"start": 0, "end": 3, "label": "PER"}]}
    {"tokens": ["Ada", "met", "Bo"], "entities": [[0, 1, "PER"]], "named": [...]}
    {"tokens": [{"surface": "Ada"}, ...], "entities": [{"span": [0], "type": "PER"}]}
    {"tokens": ["Ada"], "entities": [{"start": 0, "end": 1, "type": "PER"}]}
    {"sentence": ["Ada"], "ner": [{"index": [0], "type": "PER"}]}
    {"text": "Ada met Bo", "label": [[0, 3, "PER"]]}

Offsets are characters if there is a text, and tokens otherwise, end exclusive. These
are the formats of Rasa and HWU64, Prodigy, GUM, SLURP, SpERT, W2NER and doccano.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .mentions import checked
from .script import joiner_of

# GUM's "entities" include nominals and pronouns. Its "named" are the names.
ENTITIES_KEYS = ("named", "entities", "spans", "ner", "label")
LABEL_KEYS = ("label", "entity", "type")
# Prodigy's answers for examples that were not accepted
NOT_ACCEPTED = ("reject", "ignore")


def read_jsonl(
    path: Path, report: ReadReport, *, entities_key: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per line or list item.

    entities_key: the key of the entities. By default it is the first of "named",
        "entities", "spans", "ner" and "label" that the line has.

    The key "labels" has the labels that the text was annotated for. Examples that were
    rejected or ignored in Prodigy are left out and reported. Lines with another
    structure, and entities outside of their text, are skipped and reported.
    """
    for line, value in read_json_items(path, report):
        answer = value.get("answer") if isinstance(value, dict) else None
        if answer in NOT_ACCEPTED:
            kind = f"example with the answer {answer!r}"
            report.leave_out(line, kind, str(value.get("text", ""))[:60])
            continue
        if answer == "accept":  # Prodigy may omit an empty list of spans
            value.setdefault("spans", [])
        text = read_example(value, line, report, entities_key)
        if text is not None:
            yield report.count(text)


def read_example(
    value: Any, line: int, report: ReadReport, entities_key: str | None = None
) -> AnnotatedText | None:
    """Read a JSON object. Reports it and returns None if it has another structure."""
    if not isinstance(value, dict):
        report.lose(line, "not a JSON object", repr(value)[:60])
        return None
    key = entities_key or next((k for k in ENTITIES_KEYS if k in value), "entities")
    if not isinstance(value.get(key), list):
        report.lose(line, f"no list of {key}", repr(value)[:60])
        return None
    labels = value.get("labels")
    if labels is not None and not _strings(labels):
        report.lose(line, "labels is not a list of strings", repr(labels)[:60])
        return None
    tokens, text = value.get("tokens", value.get("sentence")), value.get("text")
    details = {
        "labels": None if labels is None else tuple(labels),
        "document": str(value.get("id", "")),
        "line": line,
    }
    if isinstance(text, str):
        entities = []
        for raw in value[key]:
            mention = raw.get("value") if isinstance(raw, dict) else None
            entity = checked(report, line, text, _triple(raw), mention)
            if entity is not None:
                entities.append(entity)
        return AnnotatedText(text, tuple(sorted(entities)), **details)
    if isinstance(tokens, list):
        words = [t.get("surface") if isinstance(t, dict) else t for t in tokens]
        if words and _strings(words) and all(words):
            spans = []
            for raw in value[key]:
                start, end, label = _triple(raw)
                if not isinstance(label, str) or not label:
                    report.skip(line, "entity without a label", repr(raw)[:80])
                elif _inside(start, end, len(words)):
                    spans.append((start, end, label))
                else:
                    kind = "entity outside the text"
                    report.skip(line, kind, f"{raw} of {len(words)} tokens"[:80])
            spaces = [bool(joiner_of(words))] * len(words)
            return AnnotatedText.from_words(words, spans, spaces, **details)
    report.lose(line, "neither text nor tokens", repr(value)[:60])
    return None


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _inside(start: Any, end: Any, size: int) -> bool:
    numbers = isinstance(start, int) and isinstance(end, int)
    return numbers and 0 <= start < end <= size


def _triple(raw: Any) -> tuple[Any, Any, Any]:
    """Return (start, end, label) of an entity, with None for missing values."""
    if isinstance(raw, list) and len(raw) >= 3:  # GUM adds an identity
        return tuple(raw[:3])
    if isinstance(raw, dict):
        label = next((raw[key] for key in LABEL_KEYS if key in raw), None)
        span = raw.get("span", raw.get("index"))
        if isinstance(span, list) and span and all(isinstance(i, int) for i in span):
            return min(span), max(span) + 1, label
        return raw.get("start"), raw.get("end"), label
    return None, None, None

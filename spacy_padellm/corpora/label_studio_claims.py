"""The entities and texts in Label Studio's results."""

from collections.abc import Iterable
from typing import Any

from .claims import Claim, is_there

PARAGRAPHS = "paragraphlabels"  # offsets in one of the paragraphs of a dialogue
SPANS = ("labels", "hypertextlabels", PARAGRAPHS)
OTHER_ANSWER = "region with another answer alone, such as a choice"
NO_PLACE = f"{PARAGRAPHS} have no place in a text"
NO_SPANS = "task that was not annotated with spans"
# keys of JSON-MIN that are no answers
ABOUT = (
    "id",
    "annotator",
    "annotation_id",
    "created_at",
    "updated_at",
    "lead_time",
    "history",
    "agreement",
    "was_cancelled",
)


def claims_of_result(result: Any) -> list[Claim]:
    """Return a result of one of the types in SPANS as a claim for each label."""
    value = result.get("value") if isinstance(result, dict) else None
    if not isinstance(value, dict):
        fault = "result without a value"
        return [Claim(None, None, None, repr(result)[:60], fault)]
    labels = value.get(result.get("type"))
    offsets = value.get("globalOffsets", value)  # hypertext has XPaths beside them
    offsets = offsets if isinstance(offsets, dict) else {}
    start, end, mention = offsets.get("start"), offsets.get("end"), value.get("text")
    labels = labels if isinstance(labels, list) and labels else [labels]
    if result.get("type") == PARAGRAPHS:
        return [Claim(None, None, label, mention, NO_PLACE) for label in labels]
    return [Claim(start, end, label, mention) for label in labels]


def other_regions(results: list[Any]) -> list[Any]:
    """Return the results with offsets that are no spans, in regions that have none.

    An answer for a region has the offsets of its region, and often its id.
    """
    dicts = [r for r in results if isinstance(r, dict)]
    regions = [_region(r) for r in dicts if r.get("type") in SPANS]
    others = [r for r in dicts if r.get("type") not in SPANS]
    return [r for r in others if _has_offsets(r) and _region(r) not in regions]


def claims_of_other(result: dict[str, Any]) -> list[Claim]:
    """Return a result that is no span as a claim that makes its region unknown."""
    [claim] = claims_of_result({**result, "type": ""})
    return [claim._replace(fault=OTHER_ANSWER)]


def _region(result: dict[str, Any]) -> tuple[Any, ...]:
    value = result.get("value")
    value = value if isinstance(value, dict) else {}
    return result.get("to_name"), value.get("start"), value.get("end")


def _has_offsets(result: dict[str, Any]) -> bool:
    return None not in _region(result)[1:]


def answers(task: dict[str, Any], where: str) -> list[Claim]:
    """Return the entities of JSON-MIN, whose key is the name of a control."""
    spans = [
        claim
        for key, values in task.items()
        if key not in ABOUT
        for value in _dicts(values)
        for claim in _span(value)
    ]
    # the export writes the data of a task, its id, and then the answers
    keys = list(task)
    after = keys[keys.index("id") + 1 :] if "id" in task else keys
    others = [key for key in after if key not in (*ABOUT, _text_key(task, None))]
    nothing = any(task[key] == [] for key in others)
    others = [key for key in others if task[key] is not None]
    return [no_spans(where, others)] if others and not spans and not nothing else spans


def _span(value: dict[str, Any]) -> list[Claim]:
    kind = next((kind for kind in SPANS if kind in value), "")
    if not kind and "start" not in value:
        return []
    return claims_of_result({"type": kind, "value": value})


def _dicts(values: Any) -> list[dict[str, Any]]:
    values = values if isinstance(values, list) else []
    return [value for value in values if isinstance(value, dict)]


def no_spans(where: str, others: Iterable[str]) -> Claim:
    """Return a claim that makes the text of a task unknown."""
    what = f"{where} has {', '.join(others)}"
    return Claim(None, None, None, what, NO_SPANS)


def text_of(data: dict[str, Any], name: str | None) -> str | None:
    return data.get(_text_key(data, name))


def _text_key(data: dict[str, Any], name: str | None) -> str | None:
    """Return `name` or "text", if they are texts, or the key of the only string. If
    `name` is something else in the data, such as a dialogue, there is no such text."""
    if name in data and not isinstance(data[name], str):
        return None
    for key in (name, "text"):
        if isinstance(data.get(key), str):
            return key
    strings = [k for k, v in data.items() if isinstance(v, str) and k not in ABOUT]
    return strings[0] if len(strings) == 1 else None


def text_with(data: dict[str, Any], claims: list[Claim]) -> str | None:
    """Return the only string in the data that has all of these entities. A result
    names the control that shows a text, which may have another name than the text."""
    strings = [value for value in data.values() if isinstance(value, str)]
    fitting = [text for text in strings if all(is_there(text, c) for c in claims)]
    return fitting[0] if len(fitting) == 1 else None

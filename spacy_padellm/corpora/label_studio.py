"""Label Studio's exports, JSON and JSON-MIN.

    [{"id": 1, "data": {"text": "Ada left"}, "annotations": [{"result": [
      {"type": "labels", "to_name": "text", "value":
        {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}}]}]}]
    [{"id": 1, "text": "Ada left", "annotation_id": 7, "label": [
      {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}]}]

Offsets are UTF-16 units, end exclusive. The text of an entity, where the export has it,
tells them from characters.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .mentions import Claim, place

LABELS = ("labels", "hypertextlabels")
PARAGRAPHS = "paragraphlabels"  # offsets in one of the paragraphs of a dialogue
NO_PLACE = f"{PARAGRAPHS} have no place in a text"
NO_SPANS = "task that was not annotated with spans"
# keys of JSON-MIN that are no answers
ABOUT = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")


def is_label_studio(task: dict[str, Any]) -> bool:
    """Return whether an item is a task of one of the exports."""
    if isinstance(task.get("data"), dict):
        return "annotations" in task or "completions" in task
    return "annotation_id" in task


def read_label_studio(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per task. `document` is the id of the task.

    Predictions are not read. Of several annotations of a task, the one that is marked
    as ground truth is read, or else the first. The others, skipped tasks, and tasks
    without annotation are left out and reported. If a task has results, but no spans
    that can be read, such as a choice alone, its text is unknown. A task without any
    result is a text without entities.
    """
    for line, task in read_json_items(path, report):
        if not isinstance(task, dict) or not is_label_studio(task):
            report.lose(line, "not a task with annotations", repr(task)[:60])
            continue
        where = f"task {task.get('id', '')}"
        if isinstance(task.get("data"), dict):
            found = _full(task, where, line, report)
        else:
            found = _text(task, None), _answers(task, where)
        if found is None:
            continue
        text, claims = found
        if text is None:
            report.lose(line, "task without one text", where)
            continue
        placed = place(report, line, text, claims)
        document = str(task.get("id", ""))
        yield report.count(AnnotatedText(text, document=document, line=line, **placed))


def _full(
    task: dict[str, Any], where: str, line: int, report: ReadReport
) -> tuple[str | None, list[Claim]] | None:
    """Return the text and the entities of a task. None if it has no annotation."""
    annotations = task.get("annotations", task.get("completions"))
    annotations = annotations if isinstance(annotations, list) else []
    annotations = [a for a in annotations if isinstance(a, dict)]
    done = [a for a in annotations if not a.get("was_cancelled")]
    if not done:
        report.leave_out(line, "task without annotation", where)
        return None
    chosen = next((a for a in done if a.get("ground_truth")), done[0])
    if len(done) > 1:
        kind = "further annotation of a task"
        report.leave_out(line, kind, f"{len(done) - 1} of {where}")
    results = chosen.get("result")
    results = results if isinstance(results, list) else [results]
    kinds = (*LABELS, PARAGRAPHS)
    spans = [r for r in results if not isinstance(r, dict) or r.get("type") in kinds]
    named = {str(r.get("to_name")) for r in spans if isinstance(r, dict)}
    claims = [claim for span in spans for claim in _claims(span)]
    if results and not spans:
        others = dict.fromkeys(str(result.get("type")) for result in results)
        claims = [_no_spans(where, others)]
    return _text(task["data"], named.pop() if len(named) == 1 else None), claims


def _claims(result: Any) -> list[Claim]:
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


def _answers(task: dict[str, Any], where: str) -> list[Claim]:
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
    answers = keys[keys.index("id") + 1 :] if "id" in task else keys
    others = [key for key in answers if key not in (*ABOUT, _text_key(task, None))]
    nothing = any(task[key] == [] for key in others)
    others = [key for key in others if task[key] is not None]
    return [_no_spans(where, others)] if others and not spans and not nothing else spans


def _span(value: dict[str, Any]) -> list[Claim]:
    kind = next((kind for kind in (*LABELS, PARAGRAPHS) if kind in value), "")
    return _claims({"type": kind, "value": value}) if kind or "start" in value else []


def _dicts(values: Any) -> list[dict[str, Any]]:
    values = values if isinstance(values, list) else []
    return [value for value in values if isinstance(value, dict)]


def _no_spans(where: str, others: Iterable[str]) -> Claim:
    """Return a claim that makes the text of a task unknown."""
    what = f"{where} has {', '.join(others)}"
    return Claim(None, None, None, what, NO_SPANS)


def _text(data: dict[str, Any], name: str | None) -> str | None:
    return data.get(_text_key(data, name))


def _text_key(data: dict[str, Any], name: str | None) -> str | None:
    """Return `name` or "text", if they are texts, or the key of the only string."""
    for key in (name, "text"):
        if isinstance(data.get(key), str):
            return key
    strings = [k for k, v in data.items() if isinstance(v, str) and k not in ABOUT]
    return strings[0] if len(strings) == 1 else None

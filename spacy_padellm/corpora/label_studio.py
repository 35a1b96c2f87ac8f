"""Label Studio's exports, JSON and JSON-MIN.

    [{"id": 1, "data": {"text": "Ada left"}, "annotations": [{"result": [
      {"type": "labels", "to_name": "text", "value":
        {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}}]}]}]
    [{"id": 1, "text": "Ada left", "annotation_id": 7, "label": [
      {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}]}]

Offsets are UTF-16 units, end exclusive. The text of an entity, where the export has it,
tells them from characters.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .mentions import Claim, place

LABELS = ("labels", "hypertextlabels")
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
    without annotation or with other results alone are left out and reported. An empty
    list of results says that nothing is there.
    """
    for line, task in read_json_items(path, report):
        if not isinstance(task, dict) or not is_label_studio(task):
            report.lose(line, "not a task with annotations", repr(task)[:60])
            continue
        where = f"task {task.get('id', '')}"
        if isinstance(task.get("data"), dict):
            found = _full(task, where, line, report)
        else:
            found = _text(task, None), _answers(task)
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
    spans = [r for r in results if not isinstance(r, dict) or _is_span(r)]
    if results and not spans:  # such as choices: nobody was asked for spans, perhaps
        report.leave_out(line, "task without spans among its results", where)
        return None
    named = {str(r.get("to_name")) for r in spans if isinstance(r, dict)}
    claims = [claim for span in spans for claim in _claims(span)]
    return _text(task["data"], named.pop() if len(named) == 1 else None), claims


def _is_span(result: dict[str, Any]) -> bool:
    """Return whether a result is a labelled part, if only of a kind that is not read,
    such as "paragraphlabels"."""
    return str(result.get("type")).endswith("labels")


def _claims(result: Any) -> list[Claim]:
    value = result.get("value") if isinstance(result, dict) else None
    if not isinstance(value, dict):
        fault = "result without a value"
        return [Claim(None, None, None, repr(result)[:60], fault)]
    if result.get("type") not in (*LABELS, ""):
        fault = f"result of the type {result['type']!r}"
        return [Claim(None, None, None, value.get("text"), fault)]
    labels = value.get(result.get("type"))
    offsets = value.get("globalOffsets", value)  # hypertext has XPaths beside them
    offsets = offsets if isinstance(offsets, dict) else {}
    start, end, mention = offsets.get("start"), offsets.get("end"), value.get("text")
    labels = labels if isinstance(labels, list) and labels else [labels]
    return [Claim(start, end, label, mention) for label in labels]


def _answers(task: dict[str, Any]) -> list[Claim]:
    """Return the entities of JSON-MIN, whose key is the name of a control."""
    claims = []
    for key, values in task.items():
        for value in values if key not in ABOUT and isinstance(values, list) else ():
            kind = next(
                (k for k in LABELS if isinstance(value, dict) and k in value), ""
            )
            if kind or isinstance(value, dict) and "start" in value:
                claims += _claims({"type": kind, "value": value})
    return claims


def _text(data: dict[str, Any], name: str | None) -> str | None:
    """Return the text that is called `name` or "text", or the only string."""
    for key in (name, "text"):
        if isinstance(data.get(key), str):
            return data[key]
    strings = [v for k, v in data.items() if isinstance(v, str) and k not in ABOUT]
    return strings[0] if len(strings) == 1 else None

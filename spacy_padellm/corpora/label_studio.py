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
from typing import Any, TypeAlias

from .base import FURTHER, AnnotatedText, ReadReport
from .claims import Claim
from .json_values import read_json_items
from .label_studio_claims import (
    SPANS,
    answers,
    claims_of_other,
    claims_of_result,
    no_spans,
    other_regions,
    text_of,
    text_with,
)
from .mentions import place

NO_TEXT = "result for none of the texts of its task"
NOT_ANNOTATED = "task without annotation"
# (text or None, its entities)
Found: TypeAlias = list[tuple[str | None, list[Claim]]]


def is_label_studio(task: dict[str, Any]) -> bool:
    """Return whether an item is a task of one of the exports."""
    if isinstance(task.get("data"), dict):
        return "annotations" in task or "completions" in task
    return "annotation_id" in task


def read_label_studio(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per task, or one for each text that has spans, if several have
    (`to_name`). `document` is the id of the task.

    Predictions are not read. If a task has several annotations, the one marked as
    ground truth is read, or else the first. JSON-MIN has a task for each annotation,
    and the one with the lowest id is read. The others, skipped tasks, and tasks
    without annotation are left out and reported. If a task has results, but no spans
    that can be read, such as a choice alone, its text is unknown. So is a region beside
    the spans that has a choice alone. A task without any result is a text without
    entities.
    """
    items = list(read_json_items(path, report))
    first = _first_annotations(task for _, task in items)
    for line, task in items:
        if not isinstance(task, dict) or not is_label_studio(task):
            report.lose(line, "not a task with annotations", repr(task)[:60])
            continue
        where = f"task {task.get('id', '')}"
        if isinstance(task.get("data"), dict):
            found = _full(task, where, line, report)
        elif task["annotation_id"] is None:
            report.leave_out(line, NOT_ANNOTATED, where)
            continue
        elif "id" in task and task["annotation_id"] != first[_key(task)]:
            report.leave_out(line, FURTHER, f"1 of {where}")
            continue
        else:
            found = [(text_of(task, None), answers(task, where))]
        for text, claims in found:
            if text is None:
                report.lose(line, "task without one text", where)
                continue
            details = {"document": str(task.get("id", "")), "line": line}
            placed = place(report, line, text, claims)
            yield report.count(AnnotatedText(text, **details, **placed))


def _key(task: dict[str, Any]) -> tuple[str, str]:
    """Of a task in JSON-MIN. The texts of two exports may have the same id."""
    return repr(task.get("id")), repr(text_of(task, None))


def _first_annotations(tasks: Iterable[Any]) -> dict[tuple[str, str], Any]:
    """The lowest id of an annotation of each task in JSON-MIN. Label Studio writes the
    newest first."""
    ids: dict[tuple[str, str], Any] = {}
    for task in tasks:
        found = task.get("annotation_id") if isinstance(task, dict) else None
        if found is not None:
            key = _key(task)
            ids[key] = min(ids.get(key, found), found, key=_order)
    return ids


def _order(number: Any) -> tuple[bool, Any]:
    return not isinstance(number, int), number if isinstance(number, int) else ""


def _full(task: dict[str, Any], where: str, line: int, report: ReadReport) -> Found:
    """Return each text of a task that has spans, with its entities, or the only text.
    Returns an empty list if the task has no annotation."""
    annotations = task.get("annotations", task.get("completions"))
    annotations = annotations if isinstance(annotations, list) else []
    annotations = [a for a in annotations if isinstance(a, dict)]
    done = [a for a in annotations if not (a.get("was_cancelled") or a.get("skipped"))]
    if not done:
        report.leave_out(line, NOT_ANNOTATED, where)
        return []
    chosen = next((a for a in done if a.get("ground_truth")), done[0])
    if len(done) > 1:
        report.leave_out(line, FURTHER, f"{len(done) - 1} of {where}")
    results = chosen.get("result")
    results = results if isinstance(results, list) else [results]
    spans = [r for r in results if not isinstance(r, dict) or r.get("type") in SPANS]
    if results and not spans:
        others = dict.fromkeys(str(result.get("type")) for result in results)
        return [(text_of(task["data"], None), [no_spans(where, others)])]
    groups = _by_name(spans + other_regions(results))
    if len(groups) < 2:
        name = next(iter(groups), None)
        claims, data = groups.get(name, []), task["data"]
        fits = None if name is None or name in data else text_with(data, claims)
        return [(fits or text_of(data, name), claims)]
    return _texts(task["data"], groups, where, line, report)


def _by_name(spans: list[Any]) -> dict[str | None, list[Claim]]:
    """Return the entities for each `to_name`, None if a result has none."""
    groups: dict[str | None, list[Claim]] = {}
    for span in spans:
        name = span.get("to_name") if isinstance(span, dict) else None
        name = name if isinstance(name, str) else None
        other = isinstance(span, dict) and span.get("type") not in SPANS
        claims = claims_of_other(span) if other else claims_of_result(span)
        groups.setdefault(name, []).extend(claims)
    return groups


def _texts(
    data: dict[str, Any],
    groups: dict[str | None, list[Claim]],
    where: str,
    line: int,
    report: ReadReport,
) -> Found:
    """Return the texts of a task, each with its own entities. Entities that name no
    text could be in any of them. Those of another object are lost and reported."""
    nameless = groups.pop(None, [])
    if len(groups) > 1:
        nowhere = {"start": None, "end": None, "fault": NO_TEXT}
        nameless = [claim._replace(**nowhere) for claim in nameless]
    found: Found = []
    for name, claims in groups.items():
        text = data.get(name) or text_with(data, claims)
        if isinstance(text, str):
            found.append((text, claims + nameless))
            continue
        for claim in claims:
            what = f"{where}, {name}: {[*claim[:3]]}"
            report.lose_entity(line, NO_TEXT, what[:200])
    return found or [(None, [])]

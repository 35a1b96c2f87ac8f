"""The texts of a BioC document, each with the annotations that belong to it."""

from dataclasses import dataclass, field
from typing import Any

from .base import ReadReport
from .claims import Claim
from .mentions import DISCONTINUOUS

TYPE = "type"


@dataclass(slots=True)
class Part:
    """A passage or a sentence with a text.

    offset: where it begins in its document, as the file has it. annotations: any
    values. lost: the labels of annotations that may belong here, "" if unknown.
    """

    text: str
    offset: Any
    line: int
    annotations: list
    lost: set[str] = field(default_factory=set)


def parts_of(passage: Any, line: int, report: ReadReport) -> list[Part]:
    """Return the passage, or its sentences if it has no text."""
    annotations, sentences = items(passage, "annotations"), items(passage, "sentences")
    if part := _part(passage, line):
        part.annotations = annotations
        for sentence in sentences:
            part.annotations += items(sentence, "annotations")
        return [part]
    parts = []
    for sentence in sentences:
        if part := _part(sentence, line):
            parts.append(part)
        else:
            _lose(sentence, line, report)
    if parts:
        spread(annotations, parts, _line(passage, line), report)
    else:
        _lose(passage, line, report)
    return parts


def _part(value: Any, line: int) -> Part | None:
    """Return a passage or a sentence. None if it has no text."""
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text.strip():
        return None
    annotations = items(value, "annotations")
    return Part(text, value.get("offset"), _line(value, line), annotations)


def _lose(value: Any, line: int, report: ReadReport) -> None:
    """Report a passage or a sentence without a text, unless it is empty."""
    empty = isinstance(value, dict) and not items(value, "annotations")
    if not empty or not isinstance(value.get("text") or "", str):
        report.lose(_line(value, line), "passage without a text", repr(value)[:60])


def spread(annotations: list, parts: list[Part], line: int, report: ReadReport) -> None:
    """Add each annotation to the part that holds its offsets. Without one, or with
    several, it is lost, and may belong to any part."""
    for annotation in annotations:
        claim = claim_of(annotation, 0)
        homes = [part for part in parts if _holds(part, claim)]
        if len(homes) == 1:
            homes[0].annotations.append(annotation)
            continue
        kind = claim.fault or "annotation is in no text of its document"
        what = f"{[*claim[:3]]}: {claim.mention!r}"[:200]
        report.lose_entity(_line(annotation, line), kind, what)
        for part in parts:
            part.lost.add(claim.label if isinstance(claim.label, str) else "")


def _holds(part: Part, claim: Claim) -> bool:
    """Return whether the offsets of a claim are inside of the part. Its mention must be
    there too, at any place. If it is elsewhere, nobody knows which text is meant."""
    if not isinstance(part.offset, int) or claim.start is None:
        return False
    if not part.offset <= claim.start <= claim.end <= part.offset + len(part.text):
        return False
    if claim.fault or not isinstance(claim.mention, str):
        return True
    return " ".join(claim.mention.split()) in " ".join(part.text.split())


def claim_of(annotation: Any, offset: Any) -> Claim:
    """Return an annotation of a text that begins at this offset of its document."""
    try:
        label = annotation["infons"].get(TYPE)
        places = [
            (p["offset"], p["offset"] + p["length"]) for p in annotation["locations"]
        ]
        first = min(start for start, _ in places) - offset
        last = max(end for _, end in places) - offset
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        fault = "annotation without a location"
        return Claim(None, None, None, repr(annotation)[:60], fault)
    mention = annotation.get("text") or None
    return Claim(first, last, label, mention, DISCONTINUOUS if len(places) > 1 else "")


def items(value: Any, key: str) -> list:
    """Return a list of a JSON object. Another value, if not empty, is its only item."""
    inner = value.get(key) if isinstance(value, dict) else None
    return list(inner) if isinstance(inner, list) else [inner] if inner else []


def _line(value: Any, line: int) -> int:
    """Return the line of a value in XML, or else that of its document."""
    own = value.get("line") if isinstance(value, dict) else None
    return own if isinstance(own, int) else line

"""What spaCy's `Doc.to_json` gives, one doc per line or in a list:

    {"text": "Ada left", "ents": [{"start": 0, "end": 3, "label": "PER"}],
     "tokens": [{"id": 0, "start": 0, "end": 3}, ...], "spans": {"sc": [...]}}

Offsets are characters, end exclusive.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .docs import SPANS_KEY, other_groups
from .json_entities import claims_of
from .json_values import read_json_items
from .mentions import place

EDGES = ("start", "end")


def is_doc_json(value: dict[str, Any]) -> bool:
    """Return whether it is a doc without `ents`, such as one with spans alone. Unlike
    those of Prodigy, its tokens have no text, and its spans are no list."""
    if not isinstance(value.get("text"), str) or isinstance(value.get("spans"), list):
        return False
    tokens = value.get("tokens")
    first = tokens[0] if isinstance(tokens, list) and tokens else None
    has_edges = isinstance(first, dict) and first.keys() >= {"id", *EDGES}
    return isinstance(value.get("spans"), dict) or has_edges and "text" not in first


def read_doc_json(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per doc. The entities are its `ents` and its spans "sc".

    An entity may begin and end at any token, also inside of a word such as "cannot".
    Other groups of spans are left out and reported; if a doc has nothing else, their
    tokens are unknown. Docs that have neither are not annotated. They are skipped and
    reported.
    """
    for line, value in read_json_items(path, report):
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str):
            report.lose(line, "no text", repr(value)[:60])
            continue
        groups = value.get("spans")
        groups = groups if isinstance(groups, dict) else {}
        group = groups.get(SPANS_KEY)
        lists = [raw for raw in (value.get("ents"), group) if isinstance(raw, list)]
        if not lists:
            others = f", with the spans {', '.join(groups)}"[:60] if groups else ""
            report.lose(line, "doc without entity annotation", text[:60] + others)
            continue
        claims = [c for raws in lists for raw in raws for c in claims_of(raw, text)]
        others = other_groups(groups)
        if claims:
            for kind in others:
                report.leave_out(line, kind, text[:60])
        else:  # the entities may be in another group
            claims = [
                claim._replace(fault=kind)
                for kind, group in others.items()
                for raw in group
                for claim in claims_of(raw, text)
            ]
        details: dict[str, Any] = {"line": line}
        if tokens := _words(text, value.get("tokens")):
            details["words"], details["spaces"] = tokens
            starts, ends = ({t[key] for t in value["tokens"]} for key in EDGES)
            claims = [
                c._replace(mention=text[c.start : c.end])
                if c.start in starts and c.end in ends
                else c
                for c in claims
            ]
        placed = place(report, line, text, claims)
        yield report.count(AnnotatedText(text, **placed, **details))


def _words(text: str, tokens: Any) -> tuple[tuple[str, ...], tuple[bool, ...]] | None:
    """Return the words and spaces, or None if the tokens do not make up the text."""
    try:
        edges = [(token["start"], token["end"]) for token in tokens]
        words = tuple(text[start:end] for start, end in edges)
    except (TypeError, KeyError):
        return None
    if not edges:
        return None
    starts = [start for start, _ in edges[1:]] + [len(text)]
    spaces = tuple(
        text[end:s] == " " for (_, end), s in zip(edges, starts, strict=True)
    )
    pieces = (word + " " * space for word, space in zip(words, spaces, strict=True))
    return (words, spaces) if all(words) and "".join(pieces) == text else None

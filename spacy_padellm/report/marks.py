"""Render a text with its entities as HTML, with displaCy."""

from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup, escape

from ..corpora.base import Entity
from ..corpora.printed import CONTROL_PICTURES
from .pairs import CORRECT

# Symbols for control characters, because browsers hide or replace those.
PICTURES = {
    code: to for code, to in CONTROL_PICTURES.items() if chr(code) not in "\n\t"
}
# displaCy's template has newlines around the text. A browser shows them as spaces,
# which Chinese does not have. The page's filters and styles use the attributes.
TEMPLATE = (
    '<mark class="entity" data-label="{label}" data-kind="{kind}" '
    'data-cover="{cover}">{text}'
    '<span class="tag"><b>{label}</b>{note}</span></mark>'
)


class Mark(NamedTuple):
    """score: of a prediction. cover: of a gold entity, see `ComparedDoc.covers`."""

    entity: Entity
    kind: str
    score: float | None = None
    cover: str = ""


def layers(marks: Iterable[Mark]) -> list[list[Mark]]:
    """Divide marks into as few lists as it takes for none to overlap in a list. There
    is at least one."""
    found: list[list[Mark]] = [[]]
    for mark in sorted(marks, key=lambda mark: (mark.entity.start, -mark.entity.end)):
        free = (m for m in found if not m or m[-1].entity.end <= mark.entity.start)
        layer = next(free, None)
        if layer is None:
            found.append(layer := [])
        layer.append(mark)
    return found


def render(text: str, marks: Iterable[Mark], direction: str = "ltr") -> Markup:
    """Render a text with its entities, which must not overlap.

    displaCy escapes the text but not the labels, so this function does.
    """
    from spacy import displacy

    ents = [
        {
            "start": mark.entity.start,
            "end": mark.entity.end,
            "label": str(escape(mark.entity.label)),
            "params": {
                "kind": escape(mark.kind),
                "cover": mark.cover,
                "note": _note(mark),
            },
        }
        for mark in marks
    ]
    parsed = {
        "text": text.translate(PICTURES),
        "ents": ents,
        "settings": {"direction": direction},
    }
    options = {"template": TEMPLATE}
    return Markup(
        displacy.render(
            parsed, style="ent", manual=True, jupyter=False, options=options
        )
    )


def _note(mark: Mark) -> Markup:
    """Return the kind of error in words and the score. Not everyone sees colours."""
    notes = [] if mark.kind == CORRECT else [mark.kind]
    notes += [] if mark.score is None else [f"{mark.score:.2f}"]
    return Markup("").join(Markup(" <span>{}</span>").format(note) for note in notes)

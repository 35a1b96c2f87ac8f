"""Convert annotated texts to spaCy docs."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .base import ANNOTATED_LABELS, AnnotatedText, Entity, ReadReport

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

# where spaCy's span components look by default
SPANS_KEY = "sc"
TOKEN_CUT = "token cut at an entity's edge"


def make_doc(
    nlp: "Language",
    text: AnnotatedText,
    report: ReadReport | None = None,
    *,
    spans_key: str | None = None,
) -> "Doc":
    """Convert a text to a gold doc.

    If the text has no words, the tokenizer of `nlp` splits it. Tokens are cut if an
    entity begins or ends inside of them. Spaces at the edges of entities are removed.
    If entities overlap, `doc.ents` gets the longest one, or the first one in a tie. The
    others are reported. Other tokens are outside, so `doc.has_annotation("ENT_IOB")` is
    true even if the doc has no entities. Tokens of unknown parts, and of entities that
    `doc.ents` cannot hold, are missing: nothing is learned from them.

    spans_key: also store all entities, including nested ones, in this group of spans,
        unless the annotation of the whole doc is unknown.
    """
    from spacy.tokens import Doc

    report = report if report is not None else ReadReport(path=None, format="")
    entities = [e for e in (_trimmed(text, e, report) for e in text.entities) if e]
    if text.words is None:
        words, spaces = _words(nlp.make_doc(text.text))
    else:
        words, spaces = list(text.words), list(text.spaces)
    words, spaces, cut = cut_words(words, spaces, entities)
    for word in cut:
        report.repair(text.line, TOKEN_CUT, repr(word))
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    spans = [doc.char_span(start, end, label) for start, end, label in entities]
    kept, lost = part_overlaps(spans)
    for span in lost:
        kind, detail = "entity overlaps a longer one", f"{span.text!r} {span.label_}"
        if spans_key is None:
            report.skip(text.line, kind, detail)
        else:
            kind += f", kept only in doc.spans[{spans_key!r}]"
            report.leave_out(text.line, kind, detail)
    places = [(part.start, part.end) for part in text.unknown]
    places += [(span.start_char, span.end_char) for span in lost]
    missing = _missing(doc, places, kept)
    doc.set_ents(kept, missing=missing, default="outside")
    if spans_key is not None and (spans or not doc or len(missing) < len(doc)):
        doc.spans[spans_key] = spans
    if text.labels is not None:
        doc.user_data[ANNOTATED_LABELS] = text.labels
    return doc


def has_overlaps(text: AnnotatedText) -> bool:
    """Return whether any entities of the text overlap."""
    return any(
        after.start < before.end
        for before, after in zip(text.entities, text.entities[1:], strict=False)
    )


def part_overlaps(spans: Iterable["Span"]) -> tuple[list["Span"], list["Span"]]:
    """Return spans that do not overlap, and the others. Longer spans are preferred, or
    the first one in a tie."""
    kept: list[Span] = []
    lost: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        tokens = range(span.start, span.end)
        if taken.intersection(tokens):
            lost.append(span)
        else:
            kept.append(span)
            taken.update(tokens)
    return kept, lost


def cut_words(
    words: list[str], spaces: list[bool], entities: Iterable[Entity]
) -> tuple[list[str], list[bool], list[str]]:
    """Cut words if an entity begins or ends inside of them. Returns the new words and
    spaces, and the words that were cut."""
    edges = {edge for entity in entities for edge in (entity.start, entity.end)}
    new_words, new_spaces, cut, at = [], [], [], 0
    for word, space in zip(words, spaces, strict=True):
        inner = [i for i in range(1, len(word)) if at + i in edges]
        for start, end in zip([0, *inner], [*inner, len(word)], strict=True):
            new_words.append(word[start:end])
            new_spaces.append(space and end == len(word))
        if inner:
            cut.append(word)
        at += len(word) + space
    return new_words, new_spaces, cut


def _missing(
    doc: "Doc", places: Iterable[tuple[int, int]], kept: Iterable["Span"]
) -> list["Span"]:
    """Return the tokens that touch these characters and belong to no kept entity."""
    unknown = {at for start, end in places for at in range(start, end)}
    if not unknown:
        return []
    taken = {i for span in kept for i in range(span.start, span.end)}
    return [
        doc[token.i : token.i + 1]
        for token in doc
        if token.i not in taken
        and not unknown.isdisjoint(range(token.idx, token.idx + len(token)))
    ]


def _words(doc: "Doc") -> tuple[list[str], list[bool]]:
    return [t.text for t in doc], [bool(t.whitespace_) for t in doc]


def _trimmed(text: AnnotatedText, entity: Entity, report: ReadReport) -> Entity | None:
    mention = text.text[entity.start : entity.end]
    start = entity.start + len(mention) - len(mention.lstrip())
    end = entity.end - len(mention) + len(mention.rstrip())
    if (start, end) == entity[:2] and start < end:
        return entity
    report.repair(text.line, "spaces at an entity's edge left out", repr(mention))
    return Entity(start, end, entity.label) if start < end else None


def other_groups(groups: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups of spans in a file of spaCy's that are not read, each with what
    a report says of it."""
    return {
        f"spans of the group {name!r}"[:60]: spans
        for name, spans in groups.items()
        if name != SPANS_KEY and spans
    }

"""Check entities that have character offsets and the text of the mention."""

from .base import Entity, ReadReport


def checked(
    report: ReadReport,
    line: int,
    text: str,
    entity: tuple[int, int, str],
    mention: str | None = None,
) -> Entity | None:
    """Return the entity, or None if it is invalid. Problems are reported.

    entity: (start, end, label) in characters of `text`, end exclusive.
    mention: the text of the mention. If it is not at the offsets but occurs exactly
        once in `text`, the entity moves there. Otherwise the entity is skipped.
    """
    start, end, label = entity
    what = f"{[start, end, label]} in {text[:60]!r}"
    if not isinstance(label, str) or not label:
        report.skip(line, "entity without a label", what)
        return None
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (start, end))
    inside = whole and 0 <= start < end <= len(text)
    if mention is None or (inside and text[start:end] == mention):
        if not inside:
            report.skip(line, "entity outside the text", what)
        return Entity(start, end, label) if inside else None
    if isinstance(mention, str) and mention and text.count(mention) == 1:
        start = text.index(mention)
        report.repair(line, "entity moved to its mention", f"{what}: {mention!r}")
        return Entity(start, start + len(mention), label)
    report.skip(line, "mention is not at its offsets", f"{what}: {mention!r}")
    return None

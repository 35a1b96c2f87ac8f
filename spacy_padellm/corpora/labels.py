"""Other names for labels, labels left out, labels that a corpus annotates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ..errors import Errors
from .base import AnnotatedText, Entity, ReadReport


def relabel(
    texts: Iterable[AnnotatedText],
    label_map: Mapping[str, str | None],
    report: ReadReport,
    *,
    keep: Iterable[str] | None = None,
) -> Iterator[AnnotatedText]:
    """Texts with `label_map` applied: {"person": "PER", "OTH": None}, where None
    leaves out that label's entities. A label that is not in the map stays.

    keep: of the new labels, those to keep; None keeps all.
    Entities left out are counted in `report.dropped` by their old label.
    """
    wanted = None if keep is None else set(keep)

    def rename(label: str) -> str | None:
        new = label_map.get(label, label)
        return new if wanted is None or new in wanted else None

    for text in texts:
        entities = []
        for entity in text.entities:
            new = rename(entity.label)
            if new is None:
                report.dropped[entity.label] += 1
            else:
                entities.append(Entity(entity.start, entity.end, new))
        labels = text.labels
        if labels is not None:
            renamed = map(rename, labels)
            labels = tuple(dict.fromkeys(name for name in renamed if name))
        yield replace(text, entities=tuple(entities), labels=labels)


def annotated_for(
    texts: Iterable[AnnotatedText], labels: Iterable[str]
) -> Iterator[AnnotatedText]:
    """Texts that say which labels they were annotated for: those of their corpus.

    Needed where corpora with different labels are mixed: a label that a corpus does
    not annotate is unknown in its texts, not absent.
    """
    labels = tuple(labels)
    for text in texts:
        yield replace(text, labels=labels)


def parse_label_map(value: str) -> dict[str, str | None]:
    """`person=PER,OTH=` as {"person": "PER", "OTH": None}. ValueError: no OLD=NEW, or
    OLD twice."""
    pairs: dict[str, str | None] = {}
    for pair in filter(None, value.split(",")):
        old, equals, new = (part.strip() for part in pair.partition("="))
        if not old or not equals or old in pairs:
            raise ValueError(Errors.E206.format(pair=pair))
        pairs[old] = new or None
    return pairs


def parse_labels(value: str) -> list[str] | None:
    """`PER,LOC` as a list; None if there is none."""
    return [name.strip() for name in value.split(",") if name.strip()] or None

"""Rename, drop and mark labels."""

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
    """Yield texts with renamed labels.

    label_map: old label → new label, such as {"person": "PER", "OTH": None}. None drops
        the entities. Other labels do not change.
    keep: the new labels to keep. None keeps all.
    Dropped entities are counted in `report.dropped` by their old label. Where only
    dropped labels are unknown, the text is annotated.
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
        entities = list(dict.fromkeys(entities))  # two labels may become one
        unknown = tuple(
            part._replace(label=new or "")
            for part in text.unknown
            if (new := rename(part.label)) is not None or not part.label
        )
        labels = text.labels
        if labels is not None:
            names = labels if isinstance(labels, dict) else dict.fromkeys(labels)
            kept: dict[str, str | None] = {}
            for label, name in names.items():
                if new := rename(label):
                    kept[new] = kept.get(new) or name
            labels = kept if isinstance(labels, dict) else tuple(kept)
        known = {"entities": tuple(entities), "labels": labels}
        yield replace(text, unknown=unknown, **known)


def annotated_for(
    texts: Iterable[AnnotatedText], labels: Iterable[str]
) -> Iterator[AnnotatedText]:
    """Yield texts that store the labels that they were annotated for.

    You need this if you mix corpora with different labels. If a corpus does not
    annotate a label, its texts may still have such entities. Texts that name labels of
    their own keep these: they were asked for no others.
    """
    labels = tuple(labels)
    for text in texts:
        yield text if text.labels is not None else replace(text, labels=labels)


def parse_label_map(value: str) -> dict[str, str | None]:
    """Parse `person=PER,OTH=` to {"person": "PER", "OTH": None}. Raises ValueError if a
    part is not OLD=NEW, or if OLD occurs twice."""
    pairs: dict[str, str | None] = {}
    for pair in filter(None, value.split(",")):
        old, equals, new = (part.strip() for part in pair.partition("="))
        if not old or not equals or old in pairs:
            raise ValueError(Errors.E206.format(pair=pair))
        pairs[old] = new or None
    return pairs


def parse_labels(value: str) -> list[str] | None:
    """Parse `PER,LOC` to a list. Returns None if it is empty."""
    return [name.strip() for name in value.split(",") if name.strip()] or None

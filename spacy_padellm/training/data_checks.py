"""Gold data that cannot be what the user wants to train on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from ..errors import Errors, Warnings
from ..pipeline.learning import annotated_labels
from ..types import LabelNames


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """What is in a split, "train" or "dev".

    entities: of each label that is asked for. unknown: of each other label.
    """

    name: str
    n_docs: int
    entities: Counter[str]
    unknown: Counter[str]

    @classmethod
    def of(cls, name: str, docs: Iterable[Doc], labels: LabelNames) -> "SplitCounts":
        n_docs, entities, unknown = 0, Counter(), Counter()
        for doc in docs:
            n_docs += 1
            asked = annotated_labels(doc, labels)
            for ent in doc.ents:
                (entities if ent.label_ in asked else unknown)[ent.label_] += 1
        return cls(name, n_docs, entities, unknown)


def check_splits(
    train: SplitCounts,
    dev: SplitCounts,
    labels: LabelNames,
    *,
    skip_unknown_labels: bool,
) -> list[str]:
    """Warnings: of labels without a training example, and of entities left out.

    ValueError: entities of labels that are not asked for, unless these are to be
    skipped (E871); a split with no entity of those that are (E872).
    """
    warnings = []
    if unknown := _unknown([train, dev]):
        if not skip_unknown_labels:
            named = ", ".join(labels) or "none"
            raise ValueError(Errors.E871.format(unknown=unknown, labels=named))
        warnings.append(Warnings.W872.format(unknown=unknown))
    for split in (train, dev):
        if not split.entities:
            raise ValueError(
                Errors.E872.format(
                    split=split.name,
                    n_docs=split.n_docs,
                    labels=", ".join(labels) or "none",
                )
            )
    if empty := [label for label in labels if not train.entities[label]]:
        warnings.append(Warnings.W871.format(labels=", ".join(empty)))
    return warnings


def _unknown(splits: Sequence[SplitCounts]) -> str:
    return "; ".join(
        f"{split.name}: {counted(split.unknown)}" for split in splits if split.unknown
    )


def counted(counts: Counter[str]) -> str:
    """`PART 361, TOOL 120`: the most frequent first."""
    return ", ".join(f"{label} {n:,}" for label, n in counts.most_common())

"""Labels and the names that the model reads for them."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ..errors import Errors
from ..types import LabelNames

# What the model reads for labels that say little by themselves.
KNOWN_NAMES = {
    "PER": "person",
    "PERSON": "person",
    "ORG": "organization",
    "LOC": "location",
    "MISC": "other",
}


def label_names(labels: Sequence[str] | Mapping[str, str]) -> LabelNames:
    """A table label → name from a table or a plain list.

    A label without a name of its own is read as it is written, but for PER, PERSON,
    ORG, LOC and MISC. Raises ValueError naming the labels that are empty, doubled, or
    hold a newline or outer whitespace: prompts are lines.
    """
    if isinstance(labels, str):
        raise ValueError(Errors.E503.format(labels=labels))
    given = list(labels)
    if isinstance(labels, Mapping):
        names = {label: labels[label] for label in given}
    else:
        names = {}
        for label in given:
            name = KNOWN_NAMES.get(label, label)
            names[label] = label if name in names.values() else name
    faulty = [
        part
        for pair in names.items()
        for part in dict.fromkeys(pair)
        if not isinstance(part, str)
        or not part.strip()
        or part != part.strip()
        or len(part.splitlines()) > 1
    ]
    if faulty:
        raise ValueError(Errors.E504.format(labels=", ".join(map(repr, faulty))))
    doubled = _doubled(given) or _doubled(list(names.values()))
    if doubled:
        raise ValueError(Errors.E505.format(labels=", ".join(map(repr, doubled))))
    return names


def _doubled(values: Sequence[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]

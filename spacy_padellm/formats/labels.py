"""The names that the model reads for labels."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ..errors import Errors
from ..types import LabelNames

# Names for common abbreviated labels.
KNOWN_NAMES = {
    "PER": "person",
    "PERSON": "person",
    "ORG": "organization",
    "LOC": "location",
    "MISC": "other",
}


def label_names(labels: Sequence[str] | Mapping[str, str]) -> LabelNames:
    """The name of each label, from a mapping or a list of labels.

    A list gives each label itself as the name, except for KNOWN_NAMES. Raises
    ValueError (E503 to E505) for labels that are empty, duplicate, or contain a
    newline or outer whitespace.
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
    duplicates = _duplicates(given) or _duplicates(list(names.values()))
    if duplicates:
        raise ValueError(Errors.E505.format(labels=", ".join(map(repr, duplicates))))
    return names


def _duplicates(values: Sequence[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]

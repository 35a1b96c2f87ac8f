"""The names that the model reads for labels."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from .errors import Errors
from .types import LabelNames

# Names for common labels, which models know better than abbreviations.
KNOWN_NAMES = {
    "PER": "person",
    "PERSON": "person",
    "ORG": "organization",
    "LOC": "location",
    "MISC": "other",
    # the other labels of OntoNotes, and so of spaCy's English pipelines
    "NORP": "nationality, religious or political group",
    "FAC": "facility",
    "GPE": "country, city or state",
    "PRODUCT": "product",
    "EVENT": "event",
    "WORK_OF_ART": "creative work",
    "LAW": "law",
    "LANGUAGE": "language",
    "DATE": "date",
    "TIME": "time",
    "PERCENT": "percentage",
    "MONEY": "amount of money",
    "QUANTITY": "quantity",
    "ORDINAL": "ordinal number",
    "CARDINAL": "number",
}


def free_name(
    label: str,
    *choices: str | None,
    names: Collection[str | None],
    labels: Collection[str],
) -> str:
    """The first choice that is a name, and that no other label has or is called. If
    there is none, the label itself.

    names: of the other labels. labels: `label` may be one of them.
    """
    for name in choices:
        is_taken = name in names or (name != label and name in labels)
        if name and not is_taken:
            return name
    return label


def complete_names(
    labels: Mapping[str, str | None],
    known: Mapping[str, str] = MappingProxyType({}),
    taken: Collection[str | None] = (),
) -> LabelNames:
    """The labels, each with a name: the one that it has, or else the one in `known`, or
    else the usual one, as far as no other label has it.

    taken: names of labels that are not in `labels`.
    """
    names = {label: name for label, name in labels.items() if name}
    others = {*names.values(), *taken}
    for label in sorted(labels, key=lambda label: label not in known):
        if label not in names:
            choices = known.get(label), KNOWN_NAMES.get(label, label)
            names[label] = free_name(label, *choices, names=others, labels=labels)
            others.add(names[label])
    return {label: names[label] for label in labels}


def label_names(
    labels: Sequence[str] | Mapping[str, str | Mapping[str, str]],
) -> LabelNames:
    """What the model reads for each label, from a mapping or a list of labels.

    A list gives each label its usual name, see `complete_names`. A mapping gives the
    name, or a table with `name`, `description`, or both: the model then reads "name
    (description)".

    Raises ValueError (E503 to E505) for labels that are empty, duplicate, or contain a
    newline, outer whitespace or half of a surrogate pair, and (E512) for a table with
    other keys.
    """
    if isinstance(labels, str):
        raise ValueError(Errors.E503.format(labels=labels))
    given = list(labels)
    if isinstance(labels, Mapping):
        names = {label: _described(label, labels[label]) for label in given}
    else:
        names = complete_names(dict.fromkeys(given))
    faulty = [
        part
        for pair in names.items()
        for part in dict.fromkeys(pair)
        if not _is_line(part)
    ]
    if faulty:
        raise ValueError(Errors.E504.format(labels=", ".join(map(repr, faulty))))
    duplicates = _duplicates(given) or _duplicates(list(names.values()))
    if duplicates:
        raise ValueError(Errors.E505.format(labels=", ".join(map(repr, duplicates))))
    return names


def _is_line(text: object) -> bool:
    """Whether it is one line of text, without outer whitespace and without halves of
    surrogate pairs, which UTF-8 lacks."""
    return (
        isinstance(text, str)
        and text.strip().splitlines() == [text]
        and not any("\ud800" <= letter <= "\udfff" for letter in text)
    )


def _described(label: str, given: str | Mapping[str, str]) -> str:
    """What the model reads for a label with a name, or with a table."""
    if not isinstance(given, Mapping):
        return given
    unknown = sorted(map(str, given.keys() - {"name", "description"}))
    if unknown or not given or not all(isinstance(v, str) for v in given.values()):
        raise ValueError(Errors.E512.format(label=label, table=dict(given)))
    name = given.get("name", KNOWN_NAMES.get(label, label))
    description = given.get("description")
    return name if not description else f"{name} ({description})"


def _duplicates(values: Sequence[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]

"""Find the names of tags that are numbers, beside or in the file of a data set."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import srsly

from .missing import are_words

FILES = ("dataset_info.json", "dataset_infos.json", "label.json", "labels.json")
CARD = "README.md"


def tag_names(path: Path, keys: Sequence[str]) -> list[str]:
    """Return the names of the tags in `path`, by number. [] if they are not found.

    keys: of the tags in each row. These are looked through in this order: "features" in
    the file itself, dataset_info.json and dataset_infos.json of Hugging Face, a table
    of names and numbers in label.json, and the card of the data set, README.md. They
    may be in the folder of the file or in the one above. A source with different names
    for the same key says nothing.
    """
    for value in _sources(path):
        for key in keys:
            found = list(_of(value, key))
            if found and all(one == found[0] for one in found):
                return found[0]
            if found:  # configurations of the data set have other names
                break
        if isinstance(value, dict) and value:
            numbers = list(value.values())
            if sorted(map(str, numbers)) == sorted(map(str, range(len(value)))):
                return sorted(value, key=lambda name: int(value[name]))
        if value and are_words(value):
            return value
    return []


def _sources(path: Path) -> Iterator[Any]:
    yield _json(path)
    for folder in (path.parent, path.resolve().parent.parent):
        for name in FILES:
            yield _json(folder / name)
        yield _front_matter(folder / CARD)


def _of(value: Any, key: str) -> Iterator[list[str]]:
    """Yield the names of each ClassLabel feature `key`, wherever it is."""
    if isinstance(value, list):
        for item in value:
            yield from _of(item, key)
    elif isinstance(value, dict):
        feature = value if value.get("name") == key else value.get(key)
        if names := _names(feature):
            yield names
        else:
            for name, inner in value.items():
                if name != "rows":
                    yield from _of(inner, key)


def _names(feature: Any) -> list[str]:
    """Return the names of a feature: a list, or in a card a table number → name."""
    if not isinstance(feature, dict):
        return []
    names = feature.get("names")
    if isinstance(names, dict):
        numbers = [str(i) for i in range(len(names))]
        by_number = {str(number): str(name) for number, name in names.items()}
        if sorted(by_number) == sorted(numbers):
            return [by_number[number] for number in numbers]
    if names and are_words(names):
        return names
    return next((found for v in feature.values() if (found := _names(v))), [])


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None


def _front_matter(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf8")
    except (OSError, ValueError):
        return None
    before, begin, rest = text.partition("---\n")
    if before.strip() or not begin:
        return None
    try:
        return srsly.yaml_loads(rest.partition("\n---")[0])
    except ValueError:
        return None

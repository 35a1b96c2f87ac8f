"""The train, dev and test files of a folder, and corpora that are many files."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors

SPLITS = ("train", "dev", "test")
# eng.testa and eng.testb are how CoNLL-2003 names its dev and test
WORDS = {
    "train": r"train(ing)?",
    "dev": r"testa|dev(el(opment)?)?|(?<![a-z])val(id(ation)?)?",
    "test": r"(?<!la)(?<!con)test(b|ing)?",
}
PATTERNS = {
    split: re.compile(f"({word})(?![a-z])", re.IGNORECASE)
    for split, word in WORDS.items()
}
# corpora of a file a document, the first kind that a folder has
DOCUMENTS = (".apf.xml", "_gold_conll", ".name")
NO_CORPUS = re.compile(
    r"\..*|(licen[cs]e|readme|index|copying|notice)\b.*|.*\.md", re.I
)
# LDC2006T06 has a document up to four times: the last step of its annotation, the
# adjudicated one, then the two first passes
ACE_STEPS = ("timex2norm", "adj", "fp1", "fp2")


class Part(NamedTuple):
    """Files that make up one split, and the name (no suffix) of what to write."""

    name: str
    files: tuple[Path, ...]


class Folder(NamedTuple):
    """parts: what to convert. missing: splits that are not there, where any is.
    others: files that belong to no split."""

    parts: tuple[Part, ...]
    missing: tuple[str, ...] = ()
    others: tuple[Path, ...] = ()


def split_of(name: str) -> str | None:
    """train, dev or test, as a file's or folder's name says; None if it does not."""
    found = [(match.start(), split) for split, p in PATTERNS.items()
             for match in p.finditer(name)]  # fmt: skip
    return max(found)[1] if found else None


def find_splits(folder: Path) -> Folder:
    """What a folder has to convert: each file with train, dev or test in its name; or
    else all files below folders of such names, as one split each; or else all the
    documents (.apf.xml, _gold_conll, .name) in it, as one part named like the folder.

    ValueError: none of these.
    """
    files = [f for f in sorted(folder.iterdir()) if f.is_file() and is_data(f)]
    named = [(file, split_of(file.name)) for file in files]
    documents = _documents(folder)
    if any(split for _, split in named):
        parts = []
        for split in SPLITS:
            alike = [file for file, its in named if its == split]
            parts += [Part(_name(file, split, alike), (file,)) for file in alike]
        others = tuple(file for file, split in named if split is None)
        return _complete(parts, others)
    inner = [p for p in sorted(folder.rglob("*")) if p.is_dir() and split_of(p.name)]
    parts = []
    for split in SPLITS:
        below: set[Path] = set()
        for path in inner:
            if split_of(path.name) == split:
                below.update(_documents(path) or _data_files(path))
        if below:
            parts.append(Part(split, tuple(sorted(below))))
    if parts:
        return _complete(parts, tuple(files))
    if documents:
        return Folder((Part(folder.resolve().name, documents),))
    raise ValueError(Errors.E213.format(folder=folder))


def is_data(file: Path) -> bool:
    """Whether a file may be part of a corpus: not hidden, no licence or read-me."""
    return NO_CORPUS.fullmatch(file.name) is None


def _complete(parts: list[Part], others: tuple[Path, ...]) -> Folder:
    there = {split_of(part.name) for part in parts}
    missing = tuple(split for split in SPLITS if split not in there)
    return Folder(tuple(parts), missing, others)


def _name(file: Path, split: str, alike: list[Path]) -> str:
    """train, dev or test, or the file's own name where a split has several files."""
    if len(alike) == 1:
        return split
    stem = file.stem if file.suffix and split_of(file.stem) else file.name
    return split if stem == split else stem


def _documents(folder: Path) -> tuple[Path, ...]:
    for suffix in DOCUMENTS:
        files = sorted(f for f in folder.rglob(f"*{suffix}") if f.is_file())
        if files:
            return tuple(final_copies(files))
    return ()


def final_copies(files: Iterable[Path]) -> list[Path]:
    """One file of each ACE document: of the last step of annotation that there is.
    Other files are all kept."""
    best: dict[tuple, Path] = {}
    for file in files:
        step = file.parent.name
        key = (file.parent.parent, file.name) if step in ACE_STEPS else (file,)
        if key not in best or _step(file) < _step(best[key]):
            best[key] = file
    return sorted(best.values())


def _step(file: Path) -> int:
    return ACE_STEPS.index(file.parent.name)


def _data_files(folder: Path) -> list[Path]:
    return [f for f in sorted(folder.rglob("*")) if f.is_file() and is_data(f)]

"""Find the train, dev and test files of a folder, or the documents of a corpus."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors

SPLITS = ("train", "dev", "test")
# CoNLL-2003 calls its dev and test splits eng.testa and eng.testb
WORDS = {
    "train": r"train(ing)?",
    "dev": r"testa|dev(el(opment)?)?|(?<![a-z])val(id(ation)?)?",
    "test": r"(?<!la)(?<!con)test(b|ing)?",
}
PATTERNS = {
    split: re.compile(f"({word})(?![a-z])", re.IGNORECASE)
    for split, word in WORDS.items()
}
# corpora with one file per document; the first suffix that a folder has is used
DOCUMENTS = (".apf.xml", "_gold_conll", ".name", ".ann")
NO_CORPUS = re.compile(
    r"\..*|(licen[cs]e|readme|index|copying|notice)\b.*|.*\.md", re.I
)
# LDC2006T06 has up to four versions of a document: the final annotation, the
# adjudicated one and two first passes
ACE_STEPS = ("timex2norm", "adj", "fp1", "fp2")


class Part(NamedTuple):
    """The files of a split. name: the name of the output file, without suffix."""

    name: str
    files: tuple[Path, ...]


class Folder(NamedTuple):
    """parts: the splits to convert. missing: the splits that the folder lacks, empty if
    it has no splits at all. others: files that do not belong to a split."""

    parts: tuple[Part, ...]
    missing: tuple[str, ...] = ()
    others: tuple[Path, ...] = ()


def split_of(name: str) -> str | None:
    """Return train, dev or test from a file's or folder's name, or None."""
    found = [(match.start(), split) for split, p in PATTERNS.items()
             for match in p.finditer(name)]  # fmt: skip
    return max(found)[1] if found else None


def find_splits(folder: Path) -> Folder:
    """Find the corpus in a folder. These are tried in order:

    - files with train, dev or test in their names, as one part each
    - folders with train, dev or test in their names, as one part per split
    - documents (.apf.xml, _gold_conll, .name, .ann), as one part with the folder's name

    Raises ValueError if there are none.
    """
    files = [f for f in sorted(folder.iterdir()) if f.is_file() and is_data(f)]
    known = set(files)
    files = [
        f for f in files if f.suffix != ".txt" or f.with_suffix(".ann") not in known
    ]
    named = [(file, split_of(file.name)) for file in files]
    documents = _documents(folder)
    if any(split for _, split in named):
        parts = []
        for split in SPLITS:
            found = [file for file, file_split in named if file_split == split]
            parts += [Part(_name(file, split, len(found)), (file,)) for file in found]
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
    """Return False for hidden files, licences, read-mes and the like."""
    return NO_CORPUS.fullmatch(file.name) is None


def _complete(parts: list[Part], others: tuple[Path, ...]) -> Folder:
    existing = {split_of(part.name) for part in parts}
    missing = tuple(split for split in SPLITS if split not in existing)
    return Folder(tuple(parts), missing, others)


def _name(file: Path, split: str, n_files: int) -> str:
    """Return the name of the split, or of the file if the split has several files."""
    if n_files == 1:
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
    """Keep the last annotation step of each ACE document, and all other files."""
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

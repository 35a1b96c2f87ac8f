"""`convert`: convert a corpus to .spacy files for `spacy train`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..corpora.base import ReadReport
from ..corpora.docbin import write_docbin
from ..corpora.gold import (
    Choices,
    divide,
    gold_docs,
    have_overlaps,
    language_of,
    misfits,
    read_for,
)
from ..corpora.labels import parse_label_map, parse_labels
from ..corpora.printed import counted, notes, printable, show
from ..corpora.registry import FORMATS, Corpus, guess_format
from ..corpora.splits import Part, find_splits
from ..errors import Errors, Warnings
from .progress import progress

if TYPE_CHECKING:
    from rich.console import Console

DIVIDED = ("train.spacy", "dev.spacy")  # what --dev-share writes


def convert(
    source: Annotated[
        Path,
        typer.Argument(help="A corpus file, or a folder with train, dev and test."),
    ],
    target: Annotated[
        Path, typer.Argument(help="The .spacy file to write, or a folder.")
    ],
    format: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(FORMATS)}. Guessed by default."),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            help="The language of the tokenizer for texts without tokens. zh splits "
            "all texts into characters. Guessed by default (zh or en)."
        ),
    ] = None,
    label_map: Annotated[
        str, typer.Option(help="person=PER,OTH= renames person and drops OTH.")
    ] = "",
    labels: Annotated[
        str, typer.Option(help="PER,LOC only keeps these labels (after renaming).")
    ] = "",
    mark_labels: Annotated[
        bool,
        typer.Option(
            "--mark-labels",
            help="Store the labels of this corpus in each doc. Use it if you train on "
            "several corpora with different labels.",
        ),
    ] = False,
    detokenise: Annotated[
        bool,
        typer.Option("--detokenise", help="Use English spacing between tokens."),
    ] = False,
    n_sents: Annotated[
        int,
        typer.Option(
            "--n-sents",
            "-n",
            min=1,
            help="Join up to this many consecutive texts of a document to one doc.",
        ),
    ] = 1,
    limit: Annotated[
        int, typer.Option(min=0, help="Only convert the first docs. 0 means all.")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(help="Draw the docs of --limit at random.")
    ] = None,
    dev_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Divide the docs at random: 0.2 writes a fifth of them to dev.spacy "
            "and the others to train.spacy. The target is a folder.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 if anything is skipped.")
    ] = False,
) -> None:
    """Convert a corpus to spaCy's binary format, and report its contents.

    If a file cannot be read, the others are converted and the exit code is 1.
    """
    from rich.console import Console

    console = Console(markup=False, highlight=False, soft_wrap=True)
    choices = Choices(
        parse_label_map(label_map),
        parse_labels(labels),
        mark_labels,
        detokenise,
        limit,
        seed,
        n_sents,
    )
    failed = skipped = False
    divided = dev_share is not None
    work = [job_to_divide(source, target)] if divided else jobs(source, target)
    check_targets(work, DIVIDED if divided else ())
    read = [
        [c for file in files if (c := try_to_read(file, format, lang))]
        for files, _ in work
    ]
    # a dev set without overlaps is scored like its training set
    choices = replace(choices, overlap=any(map(have_overlaps, read)))
    for (files, to), corpora in zip(work, read, strict=True):
        failed = failed or len(corpora) < len(files)
        if corpora:
            how = "given" if format else "guessed"
            console.print(f"Read {printable(describe_files(corpora))}")
            console.print(f"Format: {describe_formats(corpora, how)}")
            for layout in dict.fromkeys(c.report.layout for c in corpora):
                if layout:
                    console.print(f"Layout: {printable(layout)}")
            report = write_gold(corpora, to, choices, lang, console, dev_share)
            skipped = skipped or any(p.action == "skipped" for p in report.problems)
    if failed or strict and skipped:
        raise typer.Exit(1)


def jobs(source: Path, target: Path) -> list[tuple[tuple[Path, ...], Path]]:
    """Return (source files, target file) for each output. A folder has one per split.

    Warns about missing splits, and about files that do not belong to a split. Raises
    ValueError if there is nothing to read, or if the target does not fit.
    """
    if not source.is_dir():
        return [((source,), target_file(source, target))]
    folder = find_splits(source)
    if folder.missing:
        missing = " and no ".join(folder.missing)
        warn(Warnings.W203.format(folder=source, missing=missing))
    if folder.others:
        names = ", ".join(file.name for file in folder.others)
        warn(Warnings.W204.format(folder=source, files=names))
    return targets(source, folder.parts, target)


def job_to_divide(source: Path, target: Path) -> tuple[tuple[Path, ...], Path]:
    """The source's files, and the folder for train.spacy and dev.spacy.

    Raises ValueError if the target is a file (E225), or if the source has splits
    already (E226).
    """
    if target.suffix == ".spacy" or target.is_file():
        raise ValueError(Errors.E225.format(path=target))
    if not source.is_dir():
        return (source,), target
    folder = find_splits(source)
    if folder.missing or len(folder.parts) > 1:
        names = ", ".join(part.name for part in folder.parts)
        raise ValueError(Errors.E226.format(folder=source, names=names))
    [part] = folder.parts
    return part.files, target


def check_targets(
    work: Iterable[tuple[Iterable[Path], Path]], names: Sequence[str]
) -> None:
    """Raise ValueError for a file that would be written over one that is read (E227),
    or over another one of the same run (E229).

    names: of the files in each target; none if the target is a file.
    """
    read = {file.resolve(): file for files, _ in work for file in files}
    written: dict[str, Path] = {}
    for files, to in work:
        first = next(iter(files))
        for file in (to / name for name in names) if names else (to,):
            if file.resolve() in read:
                raise ValueError(Errors.E227.format(path=read[file.resolve()]))
            key = str(file.resolve()).lower()  # some file systems ignore case
            if key in written:
                both = {"first": written[key], "second": first}
                raise ValueError(Errors.E229.format(path=file, **both))
            written[key] = first


def target_file(source: Path, target: Path) -> Path:
    """Return the file to write. In a folder, it is named like `source`. Raises
    ValueError unless its name ends in .spacy, which `spacy train` requires."""
    if target.is_dir():
        return target / f"{source.name.partition('.')[0]}.spacy"
    if target.suffix != ".spacy":
        raise ValueError(Errors.E208.format(path=target))
    return target


def targets(
    source: Path, parts: tuple[Part, ...], target: Path
) -> list[tuple[tuple[Path, ...], Path]]:
    """Return the target of each part: a file in the folder `target`, or `target` if it
    is a .spacy file. Raises ValueError if one file would get several parts."""
    if target.suffix != ".spacy" or target.is_dir():
        return [(part.files, target / f"{part.name}.spacy") for part in parts]
    if len(parts) > 1:
        names = ", ".join(part.name for part in parts)
        raise ValueError(Errors.E212.format(path=target, folder=source, names=names))
    return [(parts[0].files, target)]


def try_to_read(file: Path, format: str | None, lang: str | None) -> Corpus | None:
    """Read a file. Prints the error and returns None if it cannot be read."""
    try:
        return read_for(file, format or guess_format(file), lang)
    except (ValueError, OSError) as error:
        typer.secho(f"✘ {printable(str(error))}", fg="red", err=True)
        return None


def write_gold(
    corpora: list[Corpus],
    target: Path,
    choices: Choices,
    lang: str | None,
    console: "Console",
    dev_share: float | None = None,
) -> ReadReport:
    """Write all corpora to one file, or to the two files of a folder that `dev_share`
    asks for. Prints and returns the report."""
    import spacy

    if lang is None:
        lang = language_of(corpora)
        console.print(f"Language: {lang} (guessed)")
    for warning in misfits(corpora, choices, lang):
        warn(warning)
    bar = partial(progress, title="Converting")
    docs = gold_docs(spacy.blank(lang), corpora, choices, bar)
    if not docs:
        first = corpora[0].report.problems[-1]
        place = {"path": first.path, "line": first.line}
        raise ValueError(Errors.E215.format(**place, kind=first.kind))
    written = {target: docs}
    if dev_share is not None:
        train, dev = divide(docs, dev_share, choices.seed or 0)
        written = dict(
            zip((target / name for name in DIVIDED), (train, dev), strict=True)
        )
    for file, part in written.items():
        write_docbin(part, file)
    report = ReadReport(None, "")
    for corpus in corpora:
        report.add(corpus.report)
    show(report, Counter(ent.label_ for doc in docs for ent in doc.ents), console)
    for file, part in written.items():
        empty = sum(not doc.ents for doc in part)
        size = counted(len(part), "doc")
        console.print(f"Wrote {file}: {size}, {empty:,} without entities")
    for note in notes(docs, report, is_divided=dev_share is not None):
        console.print(note)
    return report


def describe_files(corpora: list[Corpus]) -> str:
    """Describe the files that were read."""
    first = corpora[0].report.path
    return str(first) if len(corpora) == 1 else f"{len(corpora):,} files, {first} first"


def describe_formats(corpora: list[Corpus], how: str) -> str:
    """Describe the formats that were read."""
    names = dict.fromkeys(corpus.format for corpus in corpora)
    return "; ".join(f"{name}, {FORMATS[name].title} ({how})" for name in names)


def warn(message: str) -> None:
    typer.secho(f"⚠ {printable(message)}", fg="yellow", err=True)

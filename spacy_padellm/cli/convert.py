"""`convert`: a public corpus as spaCy docs, ready for `spacy train`."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..corpora.base import ReadReport
from ..corpora.docbin import write_docbin
from ..corpora.gold import UNSPACED, Choices, gold_docs, language_of, misfits
from ..corpora.labels import parse_label_map, parse_labels
from ..corpora.printed import printable, show
from ..corpora.registry import FORMATS, Corpus, guess_format, read
from ..corpora.splits import Part, find_splits
from ..errors import Errors, Warnings
from .progress import progress

if TYPE_CHECKING:
    from rich.console import Console


def convert(
    source: Annotated[
        Path,
        typer.Argument(help="A file of a corpus, or a folder with train, dev, test."),
    ],
    target: Annotated[
        Path, typer.Argument(help="A .spacy file to write, or a folder for it.")
    ],
    format: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(FORMATS)}; guessed if not given."),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            help="Its tokenizer splits texts without tokens; zh splits all texts into "
            "characters. zh or en, by the texts, if not given."
        ),
    ] = None,
    label_map: Annotated[
        str, typer.Option(help="person=PER,OTH= renames, and drops OTH.")
    ] = "",
    labels: Annotated[
        str, typer.Option(help="PER,LOC: keep these labels alone (the new names).")
    ] = "",
    mark_labels: Annotated[
        bool,
        typer.Option(
            "--mark-labels",
            help="Note in each doc which labels this corpus annotates, to train on it "
            "together with corpora that annotate others.",
        ),
    ] = False,
    detokenise: Annotated[
        bool,
        typer.Option("--detokenise", help="English spacing, not a space a token."),
    ] = False,
    limit: Annotated[
        int, typer.Option(min=0, help="At most so many texts, the first; 0 is all.")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(help="With --limit: draw the texts at random.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if anything was skipped.")
    ] = False,
) -> None:
    """Convert a corpus to spaCy's binary format; report what was in it.

    Exits with 1 if any file could not be read; the others are converted.
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
    )
    failed = skipped = False
    for files, to in jobs(source, target):
        corpora = [c for file in files if (c := try_to_read(file, format, lang))]
        failed = failed or len(corpora) < len(files)
        if corpora:
            how = "given" if format else "guessed"
            console.print(f"Read {printable(names(corpora))}")
            console.print(f"Format: {titles(corpora, how)}")
            report = write_gold(corpora, to, choices, lang, console)
            skipped = skipped or any(p.action == "skipped" for p in report.problems)
    if failed or strict and skipped:
        raise typer.Exit(1)


def jobs(source: Path, target: Path) -> list[tuple[tuple[Path, ...], Path]]:
    """Files to read and the one to write from them: one pair for a file, one for each
    split of a folder. Missing splits and files of no split are warned of.

    ValueError: nothing to read, or no place for what there is to write.
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


def target_file(source: Path, target: Path) -> Path:
    """The file to write: in `target`, named like `source`, if that is a folder.
    ValueError: its name does not end in .spacy, which `spacy train` asks for."""
    if target.is_dir():
        return target / f"{source.name.partition('.')[0]}.spacy"
    if target.suffix != ".spacy":
        raise ValueError(Errors.E208.format(path=target))
    return target


def targets(
    source: Path, parts: tuple[Part, ...], target: Path
) -> list[tuple[tuple[Path, ...], Path]]:
    """A file in the folder `target` for each part; `target` itself if that is a .spacy
    file and there is one part. ValueError: there are several."""
    if target.suffix != ".spacy" or target.is_dir():
        return [(part.files, target / f"{part.name}.spacy") for part in parts]
    if len(parts) > 1:
        names = ", ".join(part.name for part in parts)
        raise ValueError(Errors.E212.format(path=target, folder=source, names=names))
    return [(parts[0].files, target)]


def try_to_read(file: Path, format: str | None, lang: str | None) -> Corpus | None:
    """The texts of a file; None, with the error printed, where it cannot be read."""
    try:
        name = format or guess_format(file)
        unspaced = lang in UNSPACED and name in FORMATS and FORMATS[name].joins
        return read(file, name, **({"joiner": ""} if unspaced else {}))
    except (ValueError, OSError) as error:
        typer.secho(f"✘ {printable(str(error))}", fg="red", err=True)
        return None


def write_gold(
    corpora: list[Corpus],
    target: Path,
    choices: Choices,
    lang: str | None,
    console: "Console",
) -> ReadReport:
    """Write the texts of the corpora to one file; the report of all, which is shown."""
    import spacy

    if lang is None:
        lang = language_of(corpora)
        console.print(f"Language: {lang} (guessed)")
    for warning in misfits(corpora, choices, lang):
        warn(warning)
    bar = partial(progress, title="Converting")
    docs = gold_docs(spacy.blank(lang), corpora, choices, bar)
    write_docbin(docs, target)
    report = ReadReport(None, "")
    for corpus in corpora:
        report.add(corpus.report)
    show(report, Counter(ent.label_ for doc in docs for ent in doc.ents), console)
    empty = sum(not doc.ents for doc in docs)
    console.print(f"Wrote {target}: {len(docs):,} docs, {empty:,} without entities")
    return report


def names(corpora: list[Corpus]) -> str:
    """The file that was read, or how many."""
    first = corpora[0].report.path
    return str(first) if len(corpora) == 1 else f"{len(corpora):,} files, {first} first"


def titles(corpora: list[Corpus], how: str) -> str:
    """The formats that were read, in words."""
    names = dict.fromkeys(corpus.format for corpus in corpora)
    return "; ".join(f"{name}, {FORMATS[name].title} ({how})" for name in names)


def warn(message: str) -> None:
    typer.secho(f"⚠ {printable(message)}", fg="yellow", err=True)

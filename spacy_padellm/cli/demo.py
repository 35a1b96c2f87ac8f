"""`demo`: find the entities of a text and print them."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..bases.download import download_base
from ..corpora.printed import CONTROL_PICTURES
from ..errors import Errors
from ..scoring.entity_score import entity_score
from .options import parse_label_names

if TYPE_CHECKING:
    from rich.console import Console
    from spacy.language import Language
    from spacy.tokens import Doc, Span

SENTENCES = (
    "Maria Jensen left the Copenhagen office of Novo Nordisk to lead a Red Cross team "
    "in Nairobi.",
    "On Sunday Kyoto Sanga beat FC Tokyo 2-1, watched by the German scout Lukas Braun.",
    "The Irish novelist Nora Quinn signed copies of Quiet Harbour at a bookshop in "
    "London.",
)
COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")
# Symbols for control characters, so that a text cannot control the terminal.
PICTURES = CONTROL_PICTURES | {code: 0xFFFD for code in range(128, 160)}
KEEP_LINES = {code: to for code, to in PICTURES.items() if chr(code) not in "\n\t"}


def demo(
    text: Annotated[
        list[str] | None, typer.Argument(help="Texts. Default: example sentences.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A trained pipeline: a folder or a package.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="PER=person,ORG=organization or DISH,DRINK. Not with --model."
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, mps, cuda, cuda:N.")] = "auto",
    file: Annotated[
        Path | None, typer.Option(help="A file with a UTF-8 text, or - for stdin.")
    ] = None,
) -> None:
    """Find the entities of each text. Print their labels, scores and offsets."""
    from rich.console import Console

    texts = list(text or [])
    if file is not None:
        texts.append(read_text(file))
    if model is None:
        nlp = blank_pipeline(parse_label_names(labels), device)
    elif labels is None:
        nlp = trained_pipeline(model, device)
    else:
        raise ValueError(Errors.E402.format(model=model))
    console = Console(highlight=False)
    for doc in nlp.pipe(texts or SENTENCES):
        if console.is_terminal:
            show(doc, console)
        else:
            sys.stdout.write(plain(doc))


def blank_pipeline(
    labels: dict[str, str] | list[str] | None, device: str
) -> "Language":
    """Create an English pipeline with the included adapter. Downloads the base."""
    import spacy

    download_base(say=lambda line: typer.echo(line, err=True))
    nlp = spacy.blank("en")
    config = {} if device == "auto" else {"model": {"device": device}}
    if labels is not None:
        config["labels"] = labels
    nlp.add_pipe("padellm_ner", config=config)
    return nlp


def trained_pipeline(model: str, device: str) -> "Language":
    """Load a saved pipeline, with each padellm_ner on `device`."""
    from ..annotate.settings import PipelineSettings

    return PipelineSettings(model, device=device).load()


def read_text(file: Path) -> str:
    """Read a file, or standard input for `-`. Raises ValueError unless it is UTF-8."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(
            Errors.E404.format(path=file, reason=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(Errors.E403.format(path=file, at=error.start)) from error


def rows(doc: "Doc") -> Iterable[tuple[str, str, str, str, str]]:
    """Yield the text, label, score (0 to 1), start and end character of entities."""
    for ent in doc.ents:
        text = ent.text.translate(PICTURES)
        start, end = str(ent.start_char), str(ent.end_char)
        yield text, ent.label_, _score(ent), start, end


def _score(ent: "Span") -> str:
    score = entity_score(ent)
    return "" if score is None else f"{score:.3f}"


def plain(doc: "Doc") -> str:
    """Return the text, and a line of tab-separated columns for each entity."""
    lines = [doc.text, "entity\tlabel\tscore\tstart\tend"]
    lines += ["\t".join(row) for row in rows(doc)]
    return "\n".join(lines) + "\n\n"


def show(doc: "Doc", console: "Console") -> None:
    """Print the text with coloured entities, and a table of them."""
    from rich.table import Table
    from rich.text import Text

    labels = sorted({ent.label_ for ent in doc.ents})
    colour = {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(labels)}
    text = Text(doc.text.translate(KEEP_LINES))
    table = Table("entity", "label", "score", "start", "end")
    for ent, row in zip(doc.ents, rows(doc), strict=True):
        style = f"bold black on {colour[ent.label_]}"
        text.stylize(style, ent.start_char, ent.end_char)
        cells = [Text(cell) for cell in row]
        cells[1].stylize(colour[ent.label_])
        table.add_row(*cells)
    console.print(text, soft_wrap=True)
    if doc.ents:
        console.print(table)
    else:
        console.print("no entities", style="dim")
    console.print()

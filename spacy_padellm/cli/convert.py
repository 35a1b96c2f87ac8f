"""`convert`: a public corpus as spaCy docs, ready for `spacy train`."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..corpora.base import AnnotatedText, ReadReport
from ..corpora.detokenise import detokenise as with_ordinary_spacing
from ..corpora.docbin import write_docbin
from ..corpora.docs import SPANS_KEY, has_overlaps, make_doc
from ..corpora.labels import annotated_for, parse_label_map, parse_labels, relabel
from ..corpora.registry import FORMATS, Corpus, guess_format, read
from ..errors import Errors, Warnings

if TYPE_CHECKING:
    from rich.console import Console
    from spacy.tokens import Doc

SHOWN = 10  # problems of each kind
UNSPACED = {"ja", "th", "zh"}
CHINESE = re.compile("[\u4e00-\u9fff]")


def convert(
    source: Annotated[Path, typer.Argument(help="One file of a corpus.")],
    target: Annotated[
        Path, typer.Argument(help="A .spacy file to write, or a folder for it.")
    ],
    format: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(FORMATS)}; guessed if not given."),
    ] = None,
    lang: Annotated[
        str, typer.Option(help="Its tokenizer splits texts without tokens.")
    ] = "en",
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
    """Convert a corpus to spaCy's binary format; report what was in it."""
    import spacy
    from rich.console import Console

    console = Console(markup=False, highlight=False, soft_wrap=True)
    target = target_file(source, target)
    nlp = spacy.blank(lang)
    renames, keep = parse_label_map(label_map), parse_labels(labels)
    name = format or guess_format(source)
    unspaced = name == "columns" and lang in UNSPACED
    corpus = read(source, name, **({"joiner": ""} if unspaced else {}))
    report = corpus.report
    how = "given" if format else "guessed"
    console.print(f"Format: {name}, {FORMATS[name].title} ({how})")
    for warning in warnings(corpus, renames, keep, lang):
        typer.secho(f"⚠ {warning}", fg="yellow", err=True)
    texts = list(relabel(corpus.texts, renames, report, keep=keep))
    if mark_labels:
        texts = list(annotated_for(texts, keep or labels_of(texts)))
    texts = draw(texts, limit, seed)
    if detokenise:
        hyphens = name == "docred"
        texts = [with_ordinary_spacing(text, hyphens=hyphens) for text in texts]
    key = SPANS_KEY if any(map(has_overlaps, corpus.texts)) else None
    docs = [make_doc(nlp, text, report, spans_key=key) for text in texts]
    write_docbin(docs, target)
    show(report, docs, console)
    empty = sum(not doc.ents for doc in docs)
    console.print(f"Wrote {target}: {len(docs):,} docs, {empty:,} without entities")
    if strict and any(problem.action == "skipped" for problem in report.problems):
        raise typer.Exit(1)


def target_file(source: Path, target: Path) -> Path:
    """The file to write: in `target`, named like `source`, if that is a folder.
    ValueError: its name does not end in .spacy, which `spacy train` asks for."""
    if target.is_dir():
        return target / f"{source.name.partition('.')[0]}.spacy"
    if target.suffix != ".spacy":
        raise ValueError(Errors.E208.format(path=target))
    return target


def draw(
    texts: list[AnnotatedText], limit: int, seed: int | None
) -> list[AnnotatedText]:
    """The first `limit` texts, or with a seed a random choice, in the file's order;
    all of them where `limit` is 0."""
    if not 0 < limit < len(texts):
        return texts
    if seed is None:
        return texts[:limit]
    chosen = sorted(random.Random(seed).sample(range(len(texts)), limit))
    return [texts[i] for i in chosen]


def labels_of(texts: Iterable[AnnotatedText]) -> list[str]:
    return sorted({entity.label for text in texts for entity in text.entities})


def warnings(
    corpus: Corpus,
    renames: dict[str, str | None],
    keep: list[str] | None,
    lang: str,
) -> list[str]:
    """Options that cannot mean what they say, given what is in the corpus."""
    found = labels_of(corpus.texts)
    known = {renames.get(label, label) for label in found}
    absent = [label for label in renames if label not in found]
    absent += [label for label in keep or () if label not in known]
    said = [
        Warnings.W201.format(label=label, labels=", ".join(found)) for label in absent
    ]
    head = "".join(text.text for text in corpus.texts[:200])
    if lang not in UNSPACED and 2 * len(CHINESE.findall(head)) > len(head):
        said.append(Warnings.W202.format(lang=lang))
    return said


def show(report: ReadReport, docs: list["Doc"], console: "Console") -> None:
    """Print what was read and written for each label, then every kind of problem
    with the places of the first of them."""
    from rich.table import Table
    from rich.text import Text

    written = Counter(ent.label_ for doc in docs for ent in doc.ents)
    table = Table("label", "read", "dropped", "written")
    for column in table.columns[1:]:
        column.justify = "right"
    for label in sorted({*report.entities, *written}):
        counts = report.entities[label], report.dropped[label], written[label]
        table.add_row(Text(printable(label)), *(f"{n:,}" for n in counts))
    totals = report.entities.total(), report.dropped.total(), written.total()
    table.add_section()
    table.add_row(f"all, in {report.texts:,} texts", *(f"{n:,}" for n in totals))
    console.print(table)
    for (action, kind), number in report.kinds().items():
        console.print(f"{number:,} {action}: {kind}")
        places = [p for p in report.problems if (p.action, p.kind) == (action, kind)]
        for problem in places[:SHOWN]:
            console.print(f"    {printable(problem.place())}")
        if number > SHOWN:
            console.print(f"    and {number - SHOWN:,} more")


def printable(text: str) -> str:
    """A corpus must not steer the terminal: control characters as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

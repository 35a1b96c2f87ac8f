"""What the command line prints of a corpus that was read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .base import ReadReport
from .docs import TOKEN_CUT

if TYPE_CHECKING:
    from rich.console import Console
    from spacy.tokens import Doc

# Unicode's symbols for the control characters of ASCII.
CONTROL_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
SHOWN = 10  # maximum number of printed problems of each kind


def show(report: ReadReport, written: Counter[str], console: "Console") -> None:
    """Print a table of entities per label, then the problems of each kind."""
    from rich.table import Table
    from rich.text import Text

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


def notes(
    docs: Sequence["Doc"], report: ReadReport, *, is_divided: bool
) -> Iterator[str]:
    """Yield what a user should know of the docs that were written."""
    repeated = len(docs) - len({doc.text for doc in docs})
    if is_divided and repeated:
        yield (
            f"{counted(repeated, 'doc')} with the text of an earlier one: in the same "
            "file as that one."
        )
    if cut := sum(problem.kind == TOKEN_CUT for problem in report.problems):
        yield (
            f"{counted(cut, 'token')} cut at an entity's edge: if the pipeline's "
            "tokenizer does not cut there too, it cannot find the entity exactly, and "
            "`spacy evaluate` counts it as wrong. See docs/corpora.md"
        )
    if unknown := sum(any(token.ent_iob == 0 for token in doc) for doc in docs):
        yield (
            f"{counted(unknown, 'doc')} with tokens without annotation: the file says "
            "nothing about them, or an entity there was skipped. Training learns "
            "nothing from them."
        )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def printable(text: str) -> str:
    """Escape control characters, so that a corpus cannot control the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

"""Print a report for the command line."""

from collections import Counter
from typing import TYPE_CHECKING

from .base import ReadReport

if TYPE_CHECKING:
    from rich.console import Console

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


def printable(text: str) -> str:
    """Escape control characters, so that a corpus cannot control the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)

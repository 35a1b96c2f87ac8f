"""Tables of F in Markdown: a row a system, a column a data set, and their average."""

from collections.abc import Mapping
from statistics import mean


def f_table(
    head: str,
    columns: Mapping[str, str],
    rows: Mapping[str, Mapping[str, float]],
) -> str:
    """Ends with a newline.

    head: of the first column. columns: set → its title. rows: row → set → percent; a
        row may lack sets, and has no average then.
    """
    lines = [
        f"| {head} | " + " | ".join(columns.values()) + " | average |",
        "|---|" + "---:|" * (len(columns) + 1),
    ]
    for row, figures in rows.items():
        known = [figures[name] for name in columns if name in figures]
        cells = [f"{figures[name]:.1f}" if name in figures else "" for name in columns]
        average = f"{mean(known):.2f}" if len(known) == len(columns) else ""
        lines.append(f"| {row} | " + " | ".join(cells) + f" | {average} |")
    return "\n".join(lines) + "\n"


def percents(table: Mapping[str, float], titles: Mapping[str, str]) -> dict[str, float]:
    """A row of figures by a set's title as one by its name."""
    return {name: table[title] for name, title in titles.items() if title in table}

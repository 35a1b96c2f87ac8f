"""Tables of F in Markdown: a row for each system, a column for each data set."""

from collections.abc import Mapping
from statistics import mean

from ..experiments.accuracy import ROWS, Accuracy
from ..experiments.zero_shot import ZeroShotScore
from . import paper


def f_table(
    head: str,
    columns: Mapping[str, str],
    rows: Mapping[str, Mapping[str, float]],
) -> str:
    """A table that ends with a newline.

    head: of the first column. columns: set → its title.
    rows: row → set → percent. A row that lacks sets has no average.
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


def accuracy_page(
    results: Mapping[str, Mapping[str, Accuracy]], titles: Mapping[str, str]
) -> str:
    """F of strings above the paper's figures, and F of spans.

    results: set → system → scores. titles: set → the paper's name for it.
    """
    systems = dict.fromkeys(name for found in results.values() for name in found)
    published = {
        f"{ROWS[system].title}, 7B, published": figures
        for system in systems
        if (figures := _by_name(paper.F1.get(system, {}), titles))
    }
    strings, spans = (
        {
            ROWS[system].title: {
                name: 100 * getattr(found[system], kind)["f"]
                for name, found in results.items()
                if system in found
            }
            for system in systems
        }
        for kind in ("strings", "spans")
    )
    sizes = "".join(
        f"- {titles[name]}: {one.train:,} training texts, {one.test:,} test texts\n"
        for name, found in results.items()
        for one in list(found.values())[:1]
    )
    tables = (
        f_table("F of strings", titles, {**strings, **published}),
        f_table("F of spans", titles, spans),
    )
    return "\n".join((*tables, sizes))


def zero_shot_page(results: Mapping[str, ZeroShotScore], title: str) -> str:
    """F of spans above the published figures.

    results: key of `ZERO_SHOT` → scores. title: of the system that was measured.
    """
    measured = {name: 100 * one.scores["f"] for name, one in results.items()}
    docs = sum(one.docs for one in results.values())
    rows = {f"{title}, {docs:,} sentences": measured, **paper.ZERO_SHOT_F}
    return f_table("span F", paper.ZERO_SHOT_TITLES, rows)


def _by_name(
    figures: Mapping[str, float], titles: Mapping[str, str]
) -> dict[str, float]:
    """Figures by a set's title as figures by its name."""
    return {name: figures[title] for name, title in titles.items() if title in figures}

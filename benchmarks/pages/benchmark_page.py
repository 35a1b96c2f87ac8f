"""The benchmark as a Markdown page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import paper
from .comparisons import share_of_length, speedups, where_others_win
from .measure import Measurement
from .systems import SYSTEMS

TEMPLATE = "page.md.jinja"


def write_page(
    path: Path,
    run: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Measurement]],
    titles: Mapping[str, str],
) -> None:
    """Write the page; the plots are expected beside it, see `plots.py`.

    run: machine, base, passes and sizes, as in `Benchmark.to_dict`.
    results: set → system → what it did. titles: set → its title.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}"
    sets = [
        {
            "name": name,
            "title": titles[name],
            "systems": measured,
            "docs": max(len(done.latencies) for done in measured.values()),
            "speedups": speedups(titles[name], measured),
            "lengths": share_of_length(measured),
            "others": where_others_win(measured),
            "lost": {
                done.title: done.scores["dropped"]
                for done in measured.values()
                if any(done.scores["dropped"].values())
            },
        }
        for name, measured in results.items()
    ]
    names = {name: system.title for name, system in SYSTEMS.items()}
    page = environment.get_template(TEMPLATE).render(
        run=run, sets=sets, names=names, paper=paper
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf8")

"""The page of the command `benchmark`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..measuring.measurement import Measurement
from ..systems.registry import SYSTEMS
from . import paper
from .speedups import share_of_length, speedups, where_others_win
from .templates import write_page


def write_benchmark_page(
    path: Path,
    run: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Measurement]],
    titles: Mapping[str, str],
) -> None:
    """Write the page. It refers to the plots of `draw_bars`, in the same folder.

    run: see `Benchmark.to_dict`. results: set → system → measurement.
    titles: set → its title.
    """
    sets = [
        {
            "name": name,
            "title": titles[name],
            "systems": measured,
            "docs": max(len(done.latencies) for done in measured.values()),
            "speedups": speedups(titles[name], measured),
            "lengths": share_of_length(measured),
            "others": {
                measured[our].title: where_others_win(measured, our)
                for our in ("padellm_batch", "pointer")
                if our in measured
            },
            "dropped": {
                done.title: done.scores["dropped"]
                for done in measured.values()
                if any(done.scores["dropped"].values())
            },
        }
        for name, measured in results.items()
    ]
    names = {name: system.title for name, system in SYSTEMS.items()}
    write_page(path, "benchmark.md.jinja", run=run, sets=sets, names=names, paper=paper)

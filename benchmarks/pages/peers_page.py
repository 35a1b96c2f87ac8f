"""The page of the command `peers`."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from ..experiments.peers import FIRST
from ..systems.vllm.server import KV_CACHE_GB
from .templates import write_page

# for our systems with all documents at once
GOALS = {"padded_over_real": 1.15, "passes_a_batch": 3.3, "share_of_peak": 0.65}


def write_peers_page(path: Path, run: Mapping[str, Any]) -> None:
    """Write the page. run: see `experiments.peers.compare`."""
    systems = run["systems"]
    held = [one["peak_mb"] for one in systems.values() if "peak_mb" in one]
    versions = {one["version"] for one in systems.values() if "version" in one}
    write_page(
        path,
        "peers.md.jinja",
        run=run,
        goals=GOALS,
        first=systems[FIRST],
        ours={systems[name]["title"]: one for name, one in run["ours"].items()},
        peak_gflops=median(run["peak_gflops"]),
        median=median,
        versions=", ".join(sorted(versions)),
        held=max(held, default=0),
        kv_cache_gb=KV_CACHE_GB,
    )

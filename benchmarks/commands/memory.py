"""`memory`: peak memory against the number of documents in a stream."""

from pathlib import Path
from typing import Annotated

import typer

from .options import DEFAULT_WORK, BatchTokens, Cores, Device, Set, Work, numbers


def memory(
    work: Work = DEFAULT_WORK,
    set_name: Set = "conll03",
    device: Device = "cpu",
    cores: Cores = 2,
    docs: Annotated[
        str, typer.Option(help="Numbers of documents, separated by commas.")
    ] = "250,500,1000,2000,4000",
    systems: Annotated[
        str, typer.Option(help="The systems, separated by commas.")
    ] = "padellm_batch,pointer",
    batch_tokens: BatchTokens = 4096,
    output: Annotated[
        Path, typer.Option(help="The folder for memory.json and the plot.")
    ] = Path("metrics/memory"),
) -> None:
    """Measure the peak memory of a stream of documents, in a new process each time.

    Needs the pipelines that `benchmark` trains.
    """
    import srsly

    from ..experiments.memory import MemorySettings, in_new_process
    from ..measuring.statistics import Line
    from ..pages.curves import draw_curves
    from ..systems.registry import get_systems
    from ..workspace import SetFolder

    chosen = get_systems(systems.split(","))
    settings = MemorySettings(SetFolder(work, set_name), device, cores, batch_tokens)
    for system in chosen.values():
        settings.folder.pipeline(system.format)
    sizes = numbers(docs)
    points: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for name, system in chosen.items():
        for size in sizes:
            one = in_new_process(settings, name, size)
            points[name].append(one)
            typer.echo(
                f"{system.title}, {size:5} documents: {one['peak_mb']:6.0f} MB, "
                f"of which {one['loaded_mb']:6.0f} MB before the first"
            )
    peaks = {name: [one["peak_mb"] for one in points[name]] for name in chosen}
    slopes = {
        name: 1000 * Line.through(sizes, peak).slope
        for name, peak in peaks.items()
        if len(sizes) > 1
    }
    output.mkdir(parents=True, exist_ok=True)
    result = {"systems": points, "mb_more_a_thousand_docs": slopes}
    srsly.write_json(output / "memory.json", result)
    draw_curves(
        output / "memory",
        "Peak memory against documents in the stream",
        "documents",
        {"MB": {chosen[name].title: (sizes, peak) for name, peak in peaks.items()}},
    )

"""`annotate`: documents a second of the command of the same name."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Rounds, numbers


def annotate(
    texts: Annotated[Path, typer.Option(help="JSON lines with texts, a thousand say.")],
    pipeline: Annotated[
        str, typer.Option(help="A saved pipeline: a folder or a package. Or: default.")
    ] = "default",
    processes: Annotated[
        str, typer.Option(help="Numbers of processes, separated by commas.")
    ] = "1,2",
    ray: Annotated[
        str, typer.Option(help="Numbers of processes on Ray, with commas. '' is none.")
    ] = "",
    shard_size: Annotated[int, typer.Option(min=1, help="Documents of a shard.")] = 25,
    rounds: Rounds = 3,
    work: Annotated[
        Path, typer.Option(help="A new folder for the output of the runs.")
    ] = Path("training/annotate"),
    output: Annotated[Path, typer.Option(help="The folder for annotate.json.")] = Path(
        "metrics"
    ),
) -> None:
    """Measure how annotating gains from processes, which compute with a thread each.

    The ways take turns. What is compared is documents a second while all processes are
    at work, beside the gain of plain matrix products in as many processes.
    """
    from dataclasses import asdict
    from statistics import median

    import srsly

    from ..experiments.annotate import Way, best_product, compare

    ways = [Way(n) for n in numbers(processes)] + [
        Way(n, ray=True) for n in numbers(ray)
    ]
    runs = compare(ways, rounds, pipeline, texts, work, shard_size)
    products = {n: best_product(n) for n in sorted({way.processes for way in ways})}
    first, alone = ways[0], products[ways[0].processes]
    for way in ways:
        done = runs[way.name]
        gains = [
            one.docs_a_second / other.docs_a_second
            for one, other in zip(done, runs[first.name], strict=True)
        ]
        typer.echo(
            f"{way.name}: {median(one.docs_a_second for one in done):.2f} documents a "
            f"second, {median(gains):.2f} times {first.name} (matrix products: "
            f"{products[way.processes] / alone:.2f} times); at work after "
            f"{median(one.start for one in done):.1f} s, "
            f"{median(one.seconds for one in done):.1f} s in all"
        )
    output.mkdir(parents=True, exist_ok=True)
    srsly.write_json(
        output / "annotate.json",
        {
            "matrix_products": products,
            "runs": {
                name: [asdict(one) for one in done] for name, done in runs.items()
            },
        },
    )

"""`annotate`: annotate a corpus with a pipeline."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ..bases.download import download_base
from ..errors import Errors, Warnings
from .options import Pipe, parse_label_names
from .progress import document_bar, progress

if TYPE_CHECKING:
    from ..annotate.job import Run


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn Ctrl-C into a line and the exit code of shells."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped. Run the same command to go on.", err=True)
        raise typer.Exit(130) from None


@stoppable()
def annotate(
    pipeline: Annotated[
        str,
        typer.Argument(help="A saved pipeline: a folder or a package. Or: default."),
    ],
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="A file, a folder or a pattern in quotes: text, JSON lines, CSV, "
            "Parquet or .spacy, also .gz and .zst. Local, or a URL of fsspec.",
        ),
    ],
    out: Annotated[
        str, typer.Argument(help="A new folder, or the one of a run to go on with.")
    ],
    format: Annotated[
        str, typer.Option(help="Of the output: jsonl, spacy or parquet.")
    ] = "jsonl",
    column: Annotated[
        str, typer.Option(help="The field or column of the texts.")
    ] = "text",
    lines: Annotated[
        bool,
        typer.Option("--lines", help="Each line of a text file is a document."),
    ] = False,
    labels: Annotated[
        str | None,
        typer.Option(
            help="DISH,DRINK or DISH=food,DRINK=drink, or a .json file as `spacy "
            "init labels` writes it, also with descriptions."
        ),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Leave out entities with a lower score.")
    ] = None,
    adapter: Annotated[
        str | None, typer.Option(help="One of the pipeline's adapters, by its name.")
    ] = None,
    spans_key: Annotated[
        str | None, typer.Option(help="The group of doc.spans for the entities.")
    ] = None,
    pipe: Pipe = None,
    device: Annotated[str, typer.Option(help="auto, cpu, mps, cuda, cuda:N.")] = "auto",
    processes: Annotated[
        int,
        typer.Option(
            min=1,
            help="Worker processes. With several GPUs, each takes another one. With "
            "--ray: on each node without a GPU.",
        ),
    ] = 1,
    shard_size: Annotated[
        int, typer.Option(min=1, help="Documents in an output file, at most.")
    ] = 1000,
    errors: Annotated[
        str | None,
        typer.Option(
            help="A .jsonl file for documents that fail. Without it, the first one "
            "ends the run."
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(help="Run on Ray: local, or the address of a cluster."),
    ] = None,
    gpus: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="With --ray: GPUs of a worker, such as 0.5. Default: 1 if there are.",
        ),
    ] = None,
) -> None:
    """Annotate a corpus. If the command is killed, the same command goes on."""
    from ..annotate.inputs import hidden_files
    from ..annotate.job import Request, locked, open_run
    from ..annotate.rows import Layout
    from ..annotate.settings import DEFAULT, PipelineSettings

    if gpus is not None and ray is None:
        raise ValueError(Errors.E438)
    if pipeline == DEFAULT:
        download_base(say=lambda line: typer.echo(line, err=True))
    settings = PipelineSettings(
        pipeline=pipeline,
        labels=parse_label_names(labels),
        threshold=threshold,
        adapter=adapter,
        spans_key=spans_key,
        pipe=pipe,
        device=device,
    )
    layout = Layout(column, lines)
    request = Request(source, out, settings, layout, format, shard_size, errors)

    def bar(files):
        return progress(files, "Reading")

    if hidden := hidden_files(source):
        warning = Warnings.W401.format(number=len(hidden), path=hidden[0])
        typer.secho(f"⚠ {warning}", fg="yellow", err=True)
    with locked(out):
        run = open_run(request, bar, device=None if ray is None else "cpu")
        earlier = run.n_done
        if run.damaged:
            typer.echo(damage(run.damaged), err=True)
        with document_bar(run.plan.total, earlier) as counter:
            if ray is None:
                from ..annotate.processes import run_in_processes

                receipts = run_in_processes(
                    run.job, run.todo, processes, counter.update
                )
            else:
                from ..ray.shards import run_on_ray

                receipts = run_on_ray(
                    run.job, run.todo, ray, processes, gpus, counter.update
                )
            for receipt in receipts:
                run.totals.add(receipt)
        run.close()
    typer.echo(summary(run, out, earlier, errors))


def damage(files: list[str]) -> str:
    """Say which files of the output are written again."""
    others = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    return (
        f"{files[0]}{others}: missing, of another size than when it was finished, or "
        "without a receipt that can be read. Written again."
    )


def summary(run: "Run", out: str, earlier: int, errors: str | None) -> str:
    """Say what was written and what was left out."""
    totals = run.totals
    line = f"Wrote {out}: {totals.docs:,} documents, {totals.entities:,} entities"
    if earlier:
        line += f" ({earlier:,} documents by earlier runs)"
    left_out = [f"{n:,} mentions ({why})" for why, n in sorted(totals.dropped.items())]
    left_out += [
        f"{name} of {n:,} documents (.spacy files cannot hold it)"
        for name, n in sorted(totals.unsaved.items())
    ]
    if totals.failed:
        where = errors or "pass --errors FILE.jsonl to see them"
        left_out.insert(0, f"{totals.failed:,} documents that failed ({where})")
    line += f"\nLeft out: {'; '.join(left_out) or 'nothing'}"
    if totals.blank:
        line += f"\n{totals.blank:,} documents are blank"
    return line

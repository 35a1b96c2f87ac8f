"""`peers`: our engine against the official algorithm, `generate` and vLLM."""

from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.cli.progress import progress

from .options import DEFAULT_WORK, BatchTokens, Cores, Device, Rounds, Set, Work


def peers(
    work: Work = DEFAULT_WORK,
    set_name: Set = "conll03",
    device: Device = "cpu",
    cores: Cores = 2,
    systems: Annotated[
        str | None,
        typer.Option(
            help="The systems to compare with PaDeLLM-Batch, separated by commas; by "
            "default all that can run here."
        ),
    ] = None,
    alone: Annotated[
        int, typer.Option(min=1, help="Documents that are read one at a time.")
    ] = 100,
    docs: Annotated[int, typer.Option(min=1, help="Documents of a round.")] = 200,
    rounds: Rounds = 3,
    dtype: Annotated[
        str, typer.Option(help="All systems compute in float32 or bfloat16.")
    ] = "float32",
    our_dtype: Annotated[
        str | None,
        typer.Option(help="Our engine computes in float32, bfloat16 or int8."),
    ] = None,
    batch_tokens: BatchTokens = 4096,
    vllm: Annotated[Path, typer.Option(help="The environment of vLLM.")] = Path(
        "training/vllm"
    ),
    vllm_eager: Annotated[
        bool, typer.Option("--vllm-eager", help="vLLM compiles nothing.")
    ] = False,
    output: Annotated[
        Path, typer.Option(help="The folder for peers.md and peers.json.")
    ] = Path("metrics/peers"),
) -> None:
    """Compare our engine with the official algorithm, generate, and vLLM.

    Needs the pipelines that `benchmark` trains, and for vLLM the environment that
    scripts/install_vllm.sh makes.
    """
    import srsly

    from ..experiments.peers import PeersSettings, compare
    from ..machine.environment import use_cores
    from ..pages.peers_page import write_peers_page
    from ..workspace import SetFolder

    use_cores(cores)
    settings = PeersSettings(
        folder=SetFolder(work, set_name),
        systems=None if systems is None else systems.split(","),
        alone=alone,
        docs=docs,
        rounds=rounds,
        device=device,
        dtype=dtype,
        our_dtype=our_dtype or dtype,
        batch_tokens=batch_tokens,
        vllm=vllm,
        vllm_eager=vllm_eager,
    )
    run = compare(settings, lambda line: typer.echo(line, err=True), progress)
    output.mkdir(parents=True, exist_ok=True)
    srsly.write_json(output / "peers.json", run)
    page = output / "peers.md"
    write_peers_page(page, run)
    typer.echo(page.read_text(encoding="utf8"))

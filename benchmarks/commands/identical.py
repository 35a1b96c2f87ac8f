"""`identical`: does the packed engine write the same as plain decoding?"""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.cli.progress import progress

from .options import DEFAULT_WORK, BatchTokens, Cores, Device, Set, Work


def identical(
    work: Work = DEFAULT_WORK,
    set_name: Set = "conll03",
    device: Device = "cpu",
    cores: Cores = 2,
    texts: Annotated[
        Path, typer.Option(help="A corpus in any format that `convert` reads.")
    ] = Path("../shared/data/conll03/test.json"),
    docs: Annotated[int, typer.Option(min=1, help="The number of texts.")] = 1000,
    formats: Annotated[
        str, typer.Option(help="padellm, one_step, struct, aug; separated by commas.")
    ] = "padellm",
    batch_tokens: BatchTokens = 4096,
) -> None:
    """Check that the packed engine writes the same as plain decoding, in float32.

    The exit code is 1 if any completion differs. Needs the pipelines that `benchmark`
    trains.
    """
    from ..errors import check_names
    from ..experiments.identical import count_differences
    from ..machine.environment import use_cores
    from ..training.formats import GENERATING
    from ..workspace import SetFolder

    use_cores(cores)
    chosen = formats.split(",")
    check_names("format", chosen, GENERATING)
    folder = SetFolder(work, set_name)
    pipelines = [folder.pipeline(format) for format in chosen]
    compare = partial(
        count_differences,
        texts=texts,
        docs=docs,
        device=device,
        batch_tokens=batch_tokens,
        say=typer.echo,
        progress=progress,
    )
    if sum(compare(pipeline) for pipeline in pipelines):
        raise typer.Exit(1)

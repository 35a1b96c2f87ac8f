"""`merge`: a pipeline's base and adapter as one checkpoint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Errors
from .options import Pipe

if TYPE_CHECKING:
    from spacy.language import Language

    from ..pipeline.padellm_ner import PaDeLLMNER


def merge(
    model: Annotated[
        str, typer.Argument(help="A pipeline with padellm_ner: a folder or a package.")
    ],
    output: Annotated[Path, typer.Argument(help="The folder to write, empty or new.")],
    pipe: Pipe = None,
    adapter: Annotated[
        str | None,
        typer.Option(help="One of its adapters by name; its own if not given."),
    ] = None,
) -> None:
    """Write the base with the adapter in its weights, for engines without adapters."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(Errors.E405.format(path=output))

    import spacy

    from ..adapters.merged import write_checkpoint
    from ..pipeline.find import find_component

    nlp = spacy.load(model)
    ner = find_component(nlp, pipe)
    if adapter is not None:
        ner.active_adapter = adapter
    write_checkpoint(ner.active_lm, output)
    typer.echo(f"Wrote {output}. A component that reads the same with it:\n")
    typer.echo(part_of_config(nlp, ner, output))


def part_of_config(nlp: "Language", ner: "PaDeLLMNER", base: Path) -> str:
    """The component on the checkpoint, as part of a config."""
    from thinc.api import Config

    config = dict(nlp.get_pipe_config(ner.name))
    config |= {"labels": ner.label_data, "adapters": None, "active_adapter": None}
    config["model"] = config["model"] | {
        "base": str(base),
        "revision": None,
        "adapter": None,
    }
    return Config({"components": {ner.name: config}}).to_str()

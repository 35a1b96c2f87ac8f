"""`merge`: merge a pipeline's base and adapter into one checkpoint."""

from dataclasses import asdict
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
    output: Annotated[Path, typer.Argument(help="A new or empty folder to write to.")],
    pipe: Pipe = None,
    adapter: Annotated[
        str | None,
        typer.Option(help="The name of one of its adapters. Default: its own adapter."),
    ] = None,
) -> None:
    """Merge the adapter into the base's weights, for engines without adapters."""
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
    typer.echo(f"Wrote {output}. This component makes the same predictions with it:\n")
    typer.echo(part_of_config(nlp, ner, output))


def part_of_config(nlp: "Language", ner: "PaDeLLMNER", base: Path) -> str:
    """Return the part of a config for the component on the checkpoint."""
    from thinc.api import Config

    from ..pipeline.changeable import changeable_values
    from ..spans.windows import join_tokens_of

    config = dict(nlp.get_pipe_config(ner.name))
    config |= {"labels": ner.label_data, "adapters": None, "active_adapter": None}
    config |= asdict(ner.output)
    config["format"] = config["format"] | changeable_values(ner.format)
    config["model"] = config["model"] | {
        "base": str(base),
        "revision": None,
        "adapter": None,
        "layers": None,  # the checkpoint has no more
    }
    joined = join_tokens_of(ner.windows)
    if joined is not None:  # the adapter's card says it, and is left behind
        config["windows"] = config["windows"] | {"join_tokens": joined}
    return Config({"components": {ner.name: config}}).to_str()

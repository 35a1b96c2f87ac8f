"""`merge`: a pipeline's base and adapter as one checkpoint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Errors

FACTORY = "padellm_ner"

if TYPE_CHECKING:
    from spacy.language import Language

    from ..pipeline.padellm_ner import PaDeLLMNER


def merge(
    model: Annotated[
        str, typer.Argument(help="A pipeline with padellm_ner: a folder or a package.")
    ],
    output: Annotated[Path, typer.Argument(help="The folder to write, empty or new.")],
    pipe: Annotated[
        str | None,
        typer.Option(help="The component, where the pipeline has several."),
    ] = None,
    adapter: Annotated[
        str | None,
        typer.Option(help="One of its adapters by name; its own if not given."),
    ] = None,
) -> None:
    """Write the base with the adapter in its weights, for engines without adapters."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(Errors.E405.format(path=output))

    import spacy

    from ..models.checkpoint import write_checkpoint

    nlp = spacy.load(model)
    ner = find_component(nlp, pipe)
    if adapter is not None:
        ner.active_adapter = adapter
    write_checkpoint(ner.active_lm, output)
    typer.echo(f"Wrote {output}. A component that reads the same with it:\n")
    typer.echo(part_of_config(nlp, ner, output))


def find_component(nlp: "Language", name: str | None) -> "PaDeLLMNER":
    """The padellm_ner of that name, or the only one; ValueError if there is none, or
    several to choose from."""
    found = [
        pipe for pipe in nlp.pipe_names if nlp.get_pipe_meta(pipe).factory == FACTORY
    ]
    if name is None and len(found) == 1:
        return nlp.get_pipe(found[0])
    if name not in found:
        there = ", ".join(found) or "none"
        wanted = "the only one" if name is None else repr(name)
        raise ValueError(Errors.E406.format(wanted=wanted, found=there))
    return nlp.get_pipe(name)


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

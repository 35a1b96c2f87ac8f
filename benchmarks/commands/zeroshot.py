"""`zeroshot`: how well a model finds labels that it was never trained on."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.cli.progress import progress

from .options import Base, Device


def zeroshot(
    data: Annotated[
        Path,
        typer.Option(help="A folder with CrossNER and MIT: crossner_ai/test.* etc."),
    ],
    sets: Annotated[
        str | None, typer.Option(help="Some of the seven sets, separated by commas.")
    ] = None,
    base: Base = DEFAULT_BASE,
    adapter: Annotated[
        str,
        typer.Option(help="A folder, or a shipped adapter: default, english-padellm."),
    ] = "default",
    format: Annotated[
        str, typer.Option(help="The format of the adapter: Pointer or PaDeLLM.")
    ] = "Pointer",
    descriptions: Annotated[
        Path | None,
        typer.Option(help="A JSON table label → description, for labels to describe."),
    ] = None,
    gliner: Annotated[
        str | None,
        typer.Option(help="Score this GLiNER model of the hub, by gliner-spacy."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Drop entities with a lower score.")
    ] = 0.0,
    device: Device = "auto",
    limit: Annotated[
        int,
        typer.Option(min=0, help="Sentences of each set, from the first; 0 is all."),
    ] = 0,
    output: Annotated[
        Path, typer.Option(help="The folder for zero_shot.md and zero_shot.json.")
    ] = Path("metrics"),
) -> None:
    """Score a model on sets that it was not trained on, beside published figures."""
    from dataclasses import asdict

    import srsly

    from ..data.zero_shot_sets import ZERO_SHOT
    from ..errors import check_names
    from ..experiments.zero_shot import FORMATS, ours, score_set
    from ..experiments.zero_shot import gliner as gliner_spacy
    from ..pages.tables import zero_shot_page

    names = list(ZERO_SHOT) if sets is None else sets.split(",")
    check_names("zero-shot set", names, ZERO_SHOT)
    check_names("format", [format], FORMATS)
    described = {} if descriptions is None else srsly.read_json(descriptions)
    known = [label for one in ZERO_SHOT.values() for label in one.labels]
    check_names("zero-shot label", described, dict.fromkeys(known))
    if gliner:
        new = gliner_spacy(gliner)
    else:
        new = ours(
            adapter,
            device,
            base=base,
            format=format,
            descriptions=described,
            threshold=threshold,
        )
    results = {
        name: score_set(new, name, data, limit, partial(progress, title=name))
        for name in names
    }
    ours_title = f"padellm_ner, {base}, {adapter}"
    ours_title += ", with descriptions" * bool(described)
    page = zero_shot_page(results, gliner or ours_title)
    output.mkdir(parents=True, exist_ok=True)
    (output / "zero_shot.md").write_text(page, encoding="utf8")
    srsly.write_json(
        output / "zero_shot.json", {name: asdict(one) for name, one in results.items()}
    )
    typer.echo(page)

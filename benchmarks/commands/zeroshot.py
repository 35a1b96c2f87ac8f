"""`zeroshot`: how well labels are found that were never trained on."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from spacy_padellm.cli.progress import progress


def zeroshot(
    data: Annotated[
        Path,
        typer.Option(help="A folder with CrossNER and MIT: crossner_ai/test.* etc."),
    ],
    sets: Annotated[
        str | None, typer.Option(help="Some of the seven, with commas between.")
    ] = None,
    adapter: Annotated[
        str, typer.Option(help="A folder; default is the shipped adapter.")
    ] = "default",
    gliner: Annotated[
        str | None,
        typer.Option(help="A GLiNER model of the hub, by gliner-spacy, in our place."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Leave out entities with a lower score.")
    ] = 0.0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")] = "auto",
    limit: Annotated[
        int, typer.Option(min=0, help="At most so many sentences of a set; 0 is all.")
    ] = 0,
    output: Annotated[Path, typer.Option(help="For zero_shot.md and .json.")] = Path(
        "metrics"
    ),
) -> None:
    """Score a model on sets that it was not trained on, beside published figures."""
    from dataclasses import asdict

    import srsly

    from spacy_padellm.errors import Errors
    from spacy_padellm.scoring.zero_shot import ZERO_SHOT

    from ..zero_shot import gliner as gliner_spacy
    from ..zero_shot import ours, page, score_set

    names = list(ZERO_SHOT) if sets is None else sets.split(",")
    for name in names:
        if name not in ZERO_SHOT:
            known = ", ".join(ZERO_SHOT)
            raise ValueError(Errors.E924.format(name=name, known=known))
    new = gliner_spacy(gliner) if gliner else ours(adapter, device, threshold=threshold)
    results = {
        name: score_set(new, name, data, limit, partial(progress, title=name))
        for name in names
    }
    text = page(results, gliner or f"padellm_ner, {adapter}")
    output.mkdir(parents=True, exist_ok=True)
    (output / "zero_shot.md").write_text(text, encoding="utf8")
    srsly.write_json(
        output / "zero_shot.json", {name: asdict(one) for name, one in results.items()}
    )
    typer.echo(text)

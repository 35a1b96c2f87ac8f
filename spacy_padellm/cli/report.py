"""`report`: write a page with a pipeline's scores and errors on gold documents."""

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Errors
from .options import Limit
from .progress import progress

if TYPE_CHECKING:
    from spacy.language import Language

    from ..report.page import About


def report(
    model: Annotated[
        str, typer.Argument(help="A pipeline with entities: a folder or a package.")
    ],
    gold: Annotated[
        Path,
        typer.Argument(help="A .spacy file, or any file that `convert` can read."),
    ],
    output: Annotated[Path, typer.Argument(help="The HTML file to write.")],
    limit: Limit = 0,
    spans_key: Annotated[
        str,
        typer.Option(
            help="The group of doc.spans with scores for entities that have no "
            "ent._.score."
        ),
    ] = "sc",
) -> None:
    """Write an HTML page with scores, thresholds, counts and errors."""
    check_packages()
    if output.is_dir():
        raise ValueError(Errors.E444.format(path=output))

    import spacy

    from ..report.compare import compare, score_docs
    from ..report.gold import read_gold
    from ..report.page import write_page
    from ..report.pairs import ERRORS

    nlp = spacy.load(model)
    key = gold_key_of(nlp)
    examples = read_gold(nlp, gold, limit, key)

    def bar(docs, total):
        return progress(docs, "Predicting", total)

    docs = list(compare(nlp, examples, spans_key, bar, gold_key=key))
    about = about_run(nlp, model, gold, skipped=len(examples) - len(docs), gold_key=key)
    write_page(output, about, docs)
    with_errors = sum(doc.n_errors > 0 for doc in docs)
    typer.echo(
        f"Wrote {output}: {len(docs):,} documents, {with_errors:,} with errors, "
        f"F {100 * score_docs(docs).micro.f:.1f}"
    )
    kinds = Counter(pair.kind for doc in docs for pair in doc.pairs)
    typer.echo(", ".join(f"{kind} {kinds[kind]:,}" for kind in ERRORS))


def check_packages() -> None:
    """Raise ValueError (E441) if a package of the extra `report` is missing."""
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise ValueError(Errors.E441.format(packages=" and ".join(missing)))


def gold_key_of(nlp: "Language") -> str | None:
    """Return the group of the first component that allows mentions to overlap."""
    from ..pipeline.language import component_names

    keys = [nlp.get_pipe(name).gold_key for name in component_names(nlp)]
    return next(filter(None, keys), None)


def about_run(
    nlp: "Language", model: str, gold: Path, *, skipped: int, gold_key: str | None
) -> "About":
    from ..report.page import About

    return About(
        model=model,
        pipeline=f"{nlp.lang}_{nlp.meta['name']} {nlp.meta['version']}",
        gold=str(gold),
        skipped=skipped,
        gold_key=gold_key,
        # xx is spaCy's code for any language; HTML uses an empty string
        lang="" if nlp.lang == "xx" else nlp.lang,
        direction=nlp.vocab.writing_system["direction"],
    )

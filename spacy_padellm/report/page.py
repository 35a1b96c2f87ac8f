"""Write the report as a single, self-contained HTML page."""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..scoring.covered import count_covers, covered_share
from ..writing import replace_files
from .compare import ComparedDoc, count_docs, score_docs
from .curve import threshold_curve
from .marks import Mark, layers, render
from .pairs import ERRORS, NOT_JUDGED
from .plots import draw_curve

FOLDER = Path(__file__).parent
# counts of this value or more share a row and a column
COUNT_CAP = 4


@dataclass(frozen=True, slots=True)
class About:
    """The header of the page.

    skipped: the number of gold docs without entity annotation.
    gold_key: the group of `doc.spans` with the mentions; None if they are entities.
    lang: the language code for HTML.
    direction: the direction of the writing, ltr or rtl.
    """

    model: str
    pipeline: str
    gold: str
    skipped: int = 0
    gold_key: str | None = None
    lang: str = "en"
    direction: str = "ltr"


def write_page(path: Path, about: About, docs: Sequence[ComparedDoc]) -> None:
    """Write the page. The docs with the most errors come first."""
    script = (FOLDER / "page.js").read_text(encoding="utf8")
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}"
    environment.filters["covered_share"] = covered_share
    page = environment.get_template("page.html.jinja").render(
        about=about,
        **_scores(docs),
        docs=[_shown(doc, about.direction) for doc in errors_first(docs)],
        cap=COUNT_CAP,
        style=Markup((FOLDER / "page.css").read_text(encoding="utf8")),
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )
    replace_files({path: page})


def errors_first(docs: Sequence[ComparedDoc]) -> list[ComparedDoc]:
    """Sort by descending number of errors, then by position in the corpus."""
    return sorted(docs, key=lambda doc: -doc.n_errors)


def _scores(docs: Sequence[ComparedDoc]) -> dict[str, Any]:
    scores = score_docs(docs)
    covers = count_covers(doc.covers() for doc in docs)
    kinds = Counter(pair.kind for doc in docs for pair in doc.pairs)
    curve = threshold_curve(docs)
    return {
        "scores": scores,
        "kinds": {kind: (kinds[kind], means) for kind, means in ERRORS.items()},
        "n_not_judged": kinds[NOT_JUDGED],
        "with_errors": sum(doc.n_errors > 0 for doc in docs),
        "curve": curve,
        "plot": draw_curve(curve) if curve.points else None,
        "counts": count_docs(docs, list(scores.per_label)),
        "covers": covers,
        "all_covers": sum(covers.values(), Counter()),
    }


def _shown(doc: ComparedDoc, direction: str) -> dict[str, Any]:
    covers = doc.covers()
    gold = [
        Mark(pair.gold, pair.kind, cover=covers[pair.gold])
        for pair in doc.pairs
        if pair.gold
    ]
    predicted = [
        Mark(pair.predicted.entity, pair.kind, pair.predicted.score)
        for pair in doc.pairs
        if pair.predicted
    ]
    return {
        "number": doc.number,
        "n_errors": doc.n_errors,
        "gold": _rendered(doc.gold_text, gold, direction),
        "predicted": _rendered(doc.predicted_text, predicted, direction),
    }


def _rendered(text: str, marks: Sequence[Mark], direction: str) -> Markup:
    """The text once for each layer of marks."""
    return Markup("").join(render(text, layer, direction) for layer in layers(marks))

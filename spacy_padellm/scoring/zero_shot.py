"""The labels of the zero-shot test sets, and their names in the prompt.

They follow UniversalNER's evaluation files (universal-ner/universal-ner,
src/eval/test_data), like the paper's zero-shot table: CrossNER without the label
`misc`, and with spelled-out names. The names for MIT Movie are from GNER (yyDing1/GNER,
README).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..corpora.base import ANNOTATED_LABELS
from ..errors import Errors
from ..types import LabelNames

if TYPE_CHECKING:
    from spacy.tokens import Doc

SPELLED_OUT = {
    "academicjournal": "academic journal",
    "astronomicalobject": "astronomical object",
    "chemicalcompound": "chemical compound",
    "chemicalelement": "chemical element",
    "literarygenre": "literary genre",
    "musicalartist": "musical artist",
    "musicalinstrument": "musical instrument",
    "musicgenre": "music genre",
    "organisation": "organization",
    "politicalparty": "political party",
    "programlang": "program language",
    "Restaurant_Name": "Restaurant Name",
}


@dataclass(frozen=True, slots=True)
class ZeroShotSet:
    """The labels of a test set.

    labels: scored label → name in the prompt, as in the component's `labels`.
    left_out: labels that are annotated but not scored.
    """

    labels: LabelNames
    left_out: tuple[str, ...] = ()


def _spelled_out(labels: str, left_out: tuple[str, ...] = ()) -> ZeroShotSet:
    names = {label: SPELLED_OUT.get(label, label) for label in labels.split()}
    return ZeroShotSet(names, left_out)


ZERO_SHOT = {
    "crossner_ai": _spelled_out(
        "algorithm conference country field location metrics organisation person "
        "product programlang researcher task university",
        left_out=("misc",),
    ),
    "crossner_literature": _spelled_out(
        "award book country event literarygenre location magazine organisation person "
        "poem writer",
        left_out=("misc",),
    ),
    "crossner_music": _spelled_out(
        "album award band country event location musicalartist musicalinstrument "
        "musicgenre organisation person song",
        left_out=("misc",),
    ),
    "crossner_politics": _spelled_out(
        "country election event location organisation person politicalparty politician",
        left_out=("misc",),
    ),
    "crossner_science": _spelled_out(
        "academicjournal astronomicalobject award chemicalcompound chemicalelement "
        "country discipline enzyme event location organisation person protein "
        "scientist theory university",
        left_out=("misc",),
    ),
    "mit_movie": ZeroShotSet(
        {
            "GENRE": "genre",
            "RATING": "rating",
            "REVIEW": "review",
            "PLOT": "plot",
            "SONG": "song",
            "RATINGS_AVERAGE": "average ratings",
            "DIRECTOR": "director",
            "CHARACTER": "character",
            "TRAILER": "trailer",
            "YEAR": "year",
            "ACTOR": "actor",
            "TITLE": "title",
        }
    ),
    "mit_restaurant": _spelled_out(
        "Amenity Cuisine Dish Hours Location Price Rating Restaurant_Name"
    ),
}


def keep_scored(docs: "Iterable[Doc]", zero_shot: ZeroShotSet) -> "Iterator[Doc]":
    """Copy gold docs without the entities whose labels are not scored.

    The tokens of these entities become outside tokens, so predictions there are wrong.
    The copies store the labels that they are annotated for. To filter texts instead of
    docs, use `relabel(texts, dict.fromkeys(zero_shot.left_out), report)`.

    Raises ValueError (E903) for a label that is neither scored nor left out.
    """
    for doc in docs:
        unscored = [ent for ent in doc.ents if ent.label_ not in zero_shot.labels]
        for ent in unscored:
            if ent.label_ not in zero_shot.left_out:
                known = [*zero_shot.labels, *zero_shot.left_out]
                raise ValueError(
                    Errors.E903.format(label=ent.label_, known=", ".join(known))
                )
        copy = doc.copy()
        copy.set_ents(
            [],
            outside=[copy[ent.start : ent.end] for ent in unscored],
            default="unmodified",
        )
        copy.user_data[ANNOTATED_LABELS] = dict(zero_shot.labels)
        yield copy

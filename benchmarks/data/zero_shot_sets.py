"""The scored labels of the zero-shot sets, and the names that the model reads.

This follows the evaluation files of UniversalNER (universal-ner/universal-ner,
src/eval/test_data), as the paper's zero-shot table does: CrossNER has no label `misc`,
and names are spelled out. The names for MIT Movie are those of GNER (yyDing1/GNER,
README).
"""

from dataclasses import dataclass

from spacy_padellm.types import LabelNames

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

    labels: scored label → the name that the model reads.
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

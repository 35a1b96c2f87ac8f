"""The paper's data sets and the project's own corpus, with plain names for labels."""

from dataclasses import dataclass, field

from spacy_padellm.labels import KNOWN_NAMES
from spacy_padellm.types import LabelNames


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set.

    title: its column in the tables of `pages/paper.py`, if the paper uses the set.
    labels: label → the name that the model reads.
    files: split → file name, for splits that have several files.
    """

    title: str
    lang: str
    labels: LabelNames = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


NAMES = ("PER", "ORG", "LOC", "MISC")
SETS = {
    "workshop": DataSet(
        "Workshop", "en", {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
    ),
    "conll03": DataSet("CoNLL03", "en", {name: KNOWN_NAMES[name] for name in NAMES}),
    "genia": DataSet(
        "GENIA",
        "en",
        {
            "protein": "protein",
            "DNA": "DNA",
            "cell_type": "cell type",
            "cell_line": "cell line",
            "RNA": "RNA",
        },
    ),
    "weibo": DataSet(
        "Weibo",
        "zh",
        {
            "PER.NAM": "person",
            "PER.NOM": "person, not by name",
            "ORG.NAM": "organization",
            "ORG.NOM": "organization, not by name",
            "GPE.NAM": "city or country",
            "GPE.NOM": "city or country, not by name",
            "LOC.NAM": "place",
            "LOC.NOM": "place, not by name",
        },
    ),
    "msra": DataSet(
        "MSRA",
        "zh",
        {name: KNOWN_NAMES[name] for name in ("PER", "ORG", "LOC")},
        files={"test": "test.padellm.json"},
    ),
    "resume": DataSet(
        "Resume",
        "zh",
        {
            "TITLE": "job title",
            "ORG": "organization",
            "NAME": "person",
            "EDU": "degree",
            "PRO": "profession",
            "CONT": "country",
            "RACE": "ethnicity",
            "LOC": "location",
        },
    ),
    "youku": DataSet(
        "Youku", "zh", {"TELEVISION": "show", "PER": "person", "MISC": "other"}
    ),
    "ecommerce": DataSet("Ecom", "zh", {"HC": "product", "HP": "brand"}),
}

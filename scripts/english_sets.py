"""The openly licensed English sets of the training mix."""

import random
from dataclasses import replace
from pathlib import Path

from demonyms import DEMONYMS
from mix_part import Part, Runs, annotated, sample, with_runs
from open_labels import OpenSet, ask, capitalised

from spacy_padellm.corpora.base import AnnotatedText, ReadReport
from spacy_padellm.corpora.labels import relabel

NEWS = ("PER", "ORG", "LOC")
CORE = (*NEWS, "MISC")
DOCRED = (*CORE, "TIME", "NUM", "NORP")
WNUT = ("person", "location", "corporation", "group", "product", "creative-work")


def redocred(data: Path, size: int, rng: random.Random, runs: Runs) -> Part:
    """The last 40 documents of test.json are held out. The set labels "German" as a
    place, which no other does: here it is a nationality."""
    dev, dev_problems = annotated(data / "redocred/dev.json", DOCRED)
    test, test_problems = annotated(data / "redocred/test.json", DOCRED)
    dev, test = (list(map(with_nationalities, texts)) for texts in (dev, test))
    titles = list(dict.fromkeys(text.document for text in test))
    held_dev, held_test = set(titles[-40:-20]), set(titles[-20:])
    known = dev + [t for t in test if t.document not in held_dev | held_test]
    return Part(
        "MIT (text: Wikipedia, CC BY-SA)",
        DOCRED,
        with_runs(known, size, rng, runs),
        [text for text in test if text.document in held_test],
        [text for text in test if text.document in held_dev],
        hyphens=True,
        problems=dev_problems + test_problems,
    )


def with_nationalities(text: AnnotatedText) -> AnnotatedText:
    """The text with its demonyms labelled NORP in place of LOC."""
    entities = tuple(
        entity._replace(label="NORP")
        if entity.label == "LOC" and text.text[entity.start : entity.end] in DEMONYMS
        else entity
        for entity in text.entities
    )
    return replace(text, entities=entities)


def wikigold(data: Path, size: int, rng: random.Random) -> Part:
    """The last 20% of the sentences are the test, the 8% before them dev."""
    texts, problems = annotated(data / "wikigold/train.conll", CORE)
    dev_at, test_at = round(0.72 * len(texts)), round(0.80 * len(texts))
    train = texts[:dev_at]
    return Part(
        "CC BY 4.0",
        CORE,
        sample(train, min(size, len(train)), rng),
        texts[test_at:],
        texts[dev_at:test_at],
        problems=problems,
    )


def ewt(data: Path, size: int, rng: random.Random, empty: float, runs: Runs) -> Part:
    texts, problems = annotated(data / "uner_en_ewt/train.iob2", NEWS, {"OTH": None})
    test, more = annotated(data / "uner_en_ewt/test.iob2", NEWS, {"OTH": None})
    train = with_runs(texts, size, rng, runs, empty)
    licence = "CC BY-SA 4.0"
    return Part(licence, NEWS, train, test, real_spaces=True, problems=problems + more)


def btc(data: Path, size: int, rng: random.Random) -> Part:
    texts, problems = annotated(data / "btc/train.conll", NEWS)
    test, more = annotated(data / "btc/test.conll", NEWS)
    train = sample(texts, size, rng)
    return Part("CC BY 4.0", NEWS, train, test, problems=problems + more)


def wnut17(data: Path, size: int, rng: random.Random, empty: float) -> Part:
    texts, problems = annotated(data / "wnut17/train.conll", WNUT)
    test, more = annotated(data / "wnut17/test.conll", WNUT)
    train = sample(texts, size, rng, empty)
    return Part("CC BY 4.0", WNUT, train, test, problems=problems + more)


def open_labels(
    data: Path, chosen: OpenSet, share: float, absent: int, rng: random.Random
) -> Part:
    """Texts with entities, each asked for the labels that it has and for some others,
    at most `absent`."""
    texts, problems = annotated(data / chosen.file, ())
    found = sorted({entity.label for text in texts for entity in text.entities})
    label_map = chosen.label_map(found)
    report = ReadReport(data / chosen.file, "")
    kept = [text for text in relabel(texts, label_map, report) if text.entities]
    labels = tuple(label for label in found if label_map[label])
    train = sample(kept, round(share * chosen.size), rng)
    if chosen.names:
        train = [
            capitalised(text, chosen.names) if rng.random() < 0.5 else text
            for text in train
        ]
    train = [ask(text, labels, rng, absent) for text in train]
    spaces = chosen.real_spaces
    return Part(
        chosen.licence, labels, train, [], real_spaces=spaces, problems=problems
    )

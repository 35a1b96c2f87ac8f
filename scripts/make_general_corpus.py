"""Build the training mix of the shipped English adapter from openly licensed sets.

    python scripts/make_general_corpus.py OUT [DATA]

DATA is a folder of public sets (default ../shared/data). Written are
OUT/train.spacy, OUT/dev.spacy, OUT/open_types.spacy (held out of assets/open-types),
OUT/test/{wikigold,ewt,wnut17,btc,redocred}.spacy and OUT/sources.json, which counts
what came from where. The same seed gives the same
files. Each doc names the labels that its set annotates: a label that is not among
them is unknown in that doc, not absent.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import spacy
from ask_open_types import Asked
from demonyms import DEMONYMS
from open_labels import SETS, OpenSet, ask, capitalised, natural_name
from open_types import read_corpus
from spacy.tokens import Doc

from spacy_padellm.corpora.base import ANNOTATED_LABELS, AnnotatedText, ReadReport
from spacy_padellm.corpora.detokenise import detokenise
from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.labels import annotated_for, relabel
from spacy_padellm.corpora.registry import read
from spacy_padellm.corpora.runs import runs

NEWS = ("PER", "ORG", "LOC")
CORE = (*NEWS, "MISC")
DOCRED = (*CORE, "TIME", "NUM", "NORP")
WNUT = ("person", "location", "corporation", "group", "product", "creative-work")
SPANS_KEY = "padellm_ner"
RUN_WORDS = 80
RUNS = 0.35  # share of the sentences of a set with documents that stand in runs
# What a label may be called. The first name is the usual one; users have others.
NAMES = {
    "PER": ("person", "PER", "PERSON", "people"),
    "ORG": ("organization", "ORG", "ORGANIZATION", "organisation"),
    "LOC": ("location", "LOC", "LOCATION", "place"),
    "MISC": ("other", "MISC", "miscellaneous", "other name"),
    "TIME": ("time", "TIME", "date", "DATE"),
    "NUM": ("number", "NUM", "quantity", "NUMBER"),
    "NORP": ("nationality", "NORP", "NATIONALITY", "demonym"),
    "person": ("person", "PERSON"),
    "location": ("location", "LOCATION"),
    "corporation": ("corporation", "CORPORATION", "company"),
    "group": ("group", "GROUP"),
    "product": ("product", "PRODUCT"),
    "creative-work": ("creative-work", "creative work", "WORK_OF_ART"),
}
HELD_OUT = 20  # every twentieth text of assets/open-types
USUAL_NAMES = 0.6  # share of docs whose labels all go by their usual names
# share of docs in which these are asked
ASKED_SELDOM = {"TIME": 0.4, "NUM": 0.4, "NORP": 0.5}
Texts = list[AnnotatedText]


@dataclass(frozen=True, slots=True)
class Part:
    """What one set gives: texts for train, dev and test, each with its labels."""

    licence: str
    labels: tuple[str, ...]
    train: Texts
    test: Texts
    dev: Sequence[AnnotatedText] = ()
    real_spaces: bool = False  # the set knows its spacing: leave it
    hyphens: bool = False  # the set cuts words at hyphens
    problems: tuple[str, ...] = ()


def annotated(
    path: Path,
    labels: Iterable[str],
    label_map: dict[str, str | None] | None = None,
) -> tuple[Texts, tuple[str, ...]]:
    """The texts of a file, and how much had to be repaired or skipped."""
    corpus = read(path)
    report = corpus.report
    texts = annotated_for(relabel(corpus.texts, label_map or {}, report), labels)
    problems = (
        f"{path.name}: {number} {action}: {kind}"
        for (action, kind), number in report.kinds().items()
    )
    return list(texts), tuple(problems)


def sample(texts: Texts, size: int, rng: random.Random, empty: float = 1.0) -> Texts:
    """`size` texts, at most the share `empty` of them without entities; fewer where
    there are not enough."""
    full = [text for text in texts if text.entities]
    rest = [text for text in texts if not text.entities]
    if empty < 1.0:
        most = min(size, int(len(full) / (1 - empty)))
        without = min(len(rest), int(most * empty))
        full = rng.sample(full, min(len(full), size - without))
        return full + rng.sample(rest, without)
    return rng.sample(texts, min(len(texts), size))


def with_runs(texts: Texts, size: int, rng: random.Random, empty: float = 1.0) -> Texts:
    """`size` texts, about the share RUNS of them runs of 2 to 4 sentences of one
    document, so that longer texts are read as well; no sentence twice. See `sample`.
    """
    lengths = [rng.randint(2, 4) for _ in range(1_000)]
    single = {text.text for text in texts}
    joined = [
        t for t in runs(texts, RUN_WORDS, lengths=lengths) if t.text not in single
    ]
    chosen = rng.sample(joined, min(len(joined), round(RUNS * size)))
    in_runs = "\n".join(text.text for text in chosen)
    left = [text for text in texts if text.text not in in_runs]
    return chosen + sample(left, size - len(chosen), rng, empty)


def redocred(data: Path, size: int, rng: random.Random) -> Part:
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
        with_runs(known, size, rng),
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


def ewt(data: Path, size: int, rng: random.Random) -> Part:
    texts, problems = annotated(data / "uner_en_ewt/train.iob2", NEWS, {"OTH": None})
    test, more = annotated(data / "uner_en_ewt/test.iob2", NEWS, {"OTH": None})
    train = with_runs(texts, size, rng, empty=0.25)
    licence = "CC BY-SA 4.0"
    return Part(licence, NEWS, train, test, real_spaces=True, problems=problems + more)


def btc(data: Path, size: int, rng: random.Random) -> Part:
    texts, problems = annotated(data / "btc/train.conll", NEWS)
    test, more = annotated(data / "btc/test.conll", NEWS)
    train = sample(texts, size, rng)
    return Part("CC BY 4.0", NEWS, train, test, problems=problems + more)


def wnut17(data: Path, size: int, rng: random.Random) -> Part:
    texts, problems = annotated(data / "wnut17/train.conll", WNUT)
    test, more = annotated(data / "wnut17/test.conll", WNUT)
    train = sample(texts, size, rng, empty=0.35)
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


def respace(part: Part, texts: Iterable[AnnotatedText], rng: random.Random) -> Texts:
    """About half of the texts with ordinary spacing, the others spaced out."""
    if part.real_spaces:
        return list(texts)
    return [
        detokenise(text, hyphens=part.hyphens) if rng.random() < 0.5 else text
        for text in texts
    ]


def name_labels(doc: Doc, rng: random.Random) -> Doc:
    """Choose what is asked of a training doc, and under which names."""
    labels = [
        label
        for label in doc.user_data[ANNOTATED_LABELS]
        if rng.random() < ASKED_SELDOM.get(label, 1.0)
    ]
    usual = rng.random() < USUAL_NAMES
    known = {
        label: NAMES.get(label) or (natural_name(label), label) for label in labels
    }
    names = {
        label: known[label][0] if usual else rng.choice(known[label])
        for label in labels
    }
    doc.user_data[ANNOTATED_LABELS] = names
    doc.set_ents([ent for ent in doc.ents if ent.label_ in names], default="outside")
    return doc


def open_types(
    corpus: Path, nlp: spacy.Language, rng: random.Random
) -> tuple[list[Doc], list[Doc]]:
    """The docs to train on, and those that are held out, in the language of `nlp`; none
    without the folder."""
    if not corpus.is_dir():
        return [], []
    asked = Asked(nlp, SPANS_KEY, rng)
    held_out = Asked(nlp, SPANS_KEY, rng, described=0.0, spellings={str: 1})
    train, held = [], []
    for domain in read_corpus(corpus, nlp.lang):
        for number, text in enumerate(domain.texts, start=1):
            if number % HELD_OUT:
                train.append(asked.doc(domain, text))
            else:
                held.append(held_out.doc(domain, text))
    return train, held


def counted(part: Part, train: Texts) -> dict:
    """What sources.json says of a set."""
    labels = Counter(entity.label for text in train for entity in text.entities)
    return {
        "licence": part.licence,
        "labels": part.labels,
        "train": len(train),
        "train_without_entities": sum(not text.entities for text in train),
        "train_entities": dict(sorted(labels.items())),
        "dev": len(part.dev),
        "test": len(part.test),
        "problems": part.problems,
    }


def main(args: argparse.Namespace) -> None:
    parts = {
        "redocred": redocred(args.data, args.redocred, random.Random(args.seed)),
        "wikigold": wikigold(args.data, args.wikigold, random.Random(args.seed + 1)),
        "ewt": ewt(args.data, args.ewt, random.Random(args.seed + 2)),
        "btc": btc(args.data, args.btc, random.Random(args.seed + 3)),
        "wnut17": wnut17(args.data, args.wnut17, random.Random(args.seed + 4)),
    }
    for name, chosen in SETS.items():
        rng = random.Random(f"{args.seed} {name}")
        if (args.data / chosen.file).is_file():
            parts[name] = open_labels(args.data, chosen, args.open, args.absent, rng)
        else:
            print(f"Left out, as it is not there: {args.data / chosen.file}")
    nlp = spacy.blank("en")
    rng = random.Random(args.seed)
    train, dev, sources = [], [], {}
    for name, part in parts.items():
        chosen = respace(part, part.train, rng)
        train += chosen
        report = ReadReport(args.data / name, "dev")
        core = relabel(respace(part, part.dev, rng), {}, report, keep=CORE)
        dev += core
        sources[name] = counted(part, chosen)
        if part.test:
            test = (make_doc(nlp, text) for text in part.test)
            write_docbin(test, args.out / "test" / f"{name}.spacy")
    rng.shuffle(train)
    train = train[: args.limit]
    docs = [name_labels(make_doc(nlp, text), rng) for text in train]
    typed, held_out = open_types(args.open_types, nlp, rng)
    docs += typed
    rng.shuffle(docs)
    written = {
        "train": write_docbin(docs, args.out / "train.spacy"),
        "train_open_types": len(typed),
        "dev": write_docbin((make_doc(nlp, t) for t in dev), args.out / "dev.spacy"),
        "open_types": write_docbin(held_out, args.out / "open_types.spacy"),
    }
    summary = {"seed": args.seed, **written, "sources": sources}
    (args.out / "sources.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary, indent=2))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--redocred", type=int, default=5_000, help="training texts")
    parser.add_argument("--wikigold", type=int, default=1_221)
    parser.add_argument("--ewt", type=int, default=5_500)
    parser.add_argument("--btc", type=int, default=4_500)
    parser.add_argument("--wnut17", type=int, default=2_000)
    parser.add_argument(
        "--open", type=float, default=2.2, help="times the texts with open labels"
    )
    parser.add_argument(
        "--absent", type=int, default=8, help="absent labels asked of such a text"
    )
    parser.add_argument(
        "--open-types",
        type=Path,
        default=Path("assets/open-types"),
        help="our own corpus; another path leaves it out",
    )
    parser.add_argument(
        "--limit", type=int, help="training texts of the public sets, at most"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_args())

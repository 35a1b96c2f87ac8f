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
from pathlib import Path

import spacy
from ask_open_types import DESCRIBED, Asked
from english_sets import CORE, btc, ewt, open_labels, redocred, wikigold, wnut17
from mix_part import Runs, counted, respace
from open_labels import SETS, natural_name
from open_types import read_corpus
from spacy.tokens import Doc

from spacy_padellm.corpora.base import ANNOTATED_LABELS, ReadReport
from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.labels import relabel

SPANS_KEY = "padellm_ner"
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
# What a label means, for texts that are asked with descriptions
DEFINITIONS = {
    "PER": (
        "the name of a human being, real or invented, without titles",
        "a named individual",
        "people by name, not by their role",
    ),
    "ORG": (
        "a company, institution, party, team or other group with a name",
        "a named body of people, such as a firm, a ministry or a club",
        "the name of an organization, not of its product or building",
    ),
    "LOC": (
        "a named place, such as a country, city, river or building",
        "where something is: countries, regions, towns, streets, mountains",
        "the proper name of a place",
    ),
    "MISC": ("any other proper name, such as an event, a work or a nationality",),
    "TIME": ("a date, a time of day or a period", "when something happens"),
    "NUM": ("a number or a quantity, with its unit",),
    "NORP": (
        "a nationality, people, religion or political group, as an adjective too",
    ),
    "person": ("the name of a human being or a fictional character",),
    "location": ("a named place, also a building or a park",),
    "corporation": ("a company by name, also as the maker of a product",),
    "group": ("a band, team or other group that is not a company",),
    "product": ("a thing that is sold or made, by its name",),
    "creative-work": ("a film, song, book, game or series, by its title",),
}
HELD_OUT = 20  # every twentieth text of assets/open-types
# its domains that were written last: full names of events and prizes, and searches
REPEATED = ("encyclopedia_*", "voice_search_*")
USUAL_NAMES = 0.6  # share of docs whose labels all go by their usual names
# share of docs in which these are asked
ASKED_SELDOM = {"TIME": 0.4, "NUM": 0.4, "NORP": 0.5}


def name_labels(doc: Doc, rng: random.Random, described: float = 0.0) -> Doc:
    """Choose what is asked of a training doc, and under which names.

    described: the share of docs whose labels are asked with their definitions.
    """
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
    if described and rng.random() < described:
        for label, name in names.items():
            if label in DEFINITIONS:
                names[label] = f"{name} ({rng.choice(DEFINITIONS[label])})"
    doc.user_data[ANNOTATED_LABELS] = names
    doc.set_ents([ent for ent in doc.ents if ent.label_ in names], default="outside")
    return doc


def open_types(
    corpus: Path,
    nlp: spacy.Language,
    rng: random.Random,
    described: float = DESCRIBED,
    domains: str = "*",
) -> tuple[list[Doc], list[Doc]]:
    """The docs to train on, and those that are held out, in the language of `nlp`; none
    without the folder. described: the share of the first that have definitions.
    domains: a pattern of file names."""
    if not corpus.is_dir():
        return [], []
    asked = Asked(nlp, SPANS_KEY, rng, described)
    held_out = Asked(nlp, SPANS_KEY, rng, described=0.0, spellings={str: 1})
    train, held = [], []
    for domain in read_corpus(corpus, nlp.lang, domains):
        for number, text in enumerate(domain.texts, start=1):
            if number % HELD_OUT:
                train.append(asked.doc(domain, text))
            else:
                held.append(held_out.doc(domain, text))
    return train, held


def main(args: argparse.Namespace) -> None:
    runs = Runs(args.runs, args.run_words, args.run_sentences)
    parts = {
        "redocred": redocred(args.data, args.redocred, random.Random(args.seed), runs),
        "wikigold": wikigold(args.data, args.wikigold, random.Random(args.seed + 1)),
        "ewt": ewt(
            args.data, args.ewt, random.Random(args.seed + 2), args.empty_ewt, runs
        ),
        "btc": btc(args.data, args.btc, random.Random(args.seed + 3)),
        "wnut17": wnut17(
            args.data, args.wnut17, random.Random(args.seed + 4), args.empty_wnut17
        ),
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
    docs = [
        name_labels(make_doc(nlp, text), rng, args.described_sets) for text in train
    ]
    typed, held_out = open_types(args.open_types, nlp, rng, args.described)
    if args.typed is not None:
        typed = rng.sample(typed, min(args.typed, len(typed)))
    for domains in REPEATED * args.repeated:  # each time with other labels
        more, _ = open_types(args.open_types, nlp, rng, args.described, domains)
        typed += more
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
    for name, share in (("ewt", 0.25), ("wnut17", 0.35)):
        parser.add_argument(
            f"--empty-{name}",
            type=float,
            default=share,
            help="the most texts without entities; 1 keeps the share of the set",
        )
    parser.add_argument(
        "--runs",
        type=float,
        default=Runs().share,
        help="share of the texts of redocred and ewt that are runs of sentences",
    )
    parser.add_argument("--run-words", type=int, default=Runs().words)
    parser.add_argument(
        "--run-sentences",
        type=int,
        choices=range(2, 21),
        metavar="2..20",
        default=Runs().sentences,
    )
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
    parser.add_argument("--typed", type=int, help="texts of our own corpus, at most")
    parser.add_argument(
        "--repeated",
        type=int,
        default=0,
        help=f"times that its texts of {', '.join(REPEATED)} come beside these",
    )
    parser.add_argument(
        "--described",
        type=float,
        default=DESCRIBED,
        help="share of its texts that are asked with definitions of their types",
    )
    parser.add_argument(
        "--described-sets",
        type=float,
        default=0.0,
        help="share of the texts of public sets that are asked with definitions",
    )
    parser.add_argument(
        "--limit", type=int, help="training texts of the public sets, at most"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_args())

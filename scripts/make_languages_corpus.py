"""Build the training mix of the adapters for Chinese and for many languages.

    python scripts/make_languages_corpus.py OUT [DATA] --languages en,zh,pt

DATA is a folder with Universal NER's sets (default ../shared/data). Written are
OUT/train.spacy, OUT/dev.spacy, OUT/test/LANGUAGE.spacy for all languages, and
OUT/sources.json. The same seed gives the same files. Texts of assets/open-types are
added in the languages that it has. Docs with other languages than `--languages` are
written for tests alone.
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

import spacy
from english_sets import NEWS
from make_general_corpus import open_types
from mix_part import Runs, annotated, sample, with_runs
from spacy.language import Language
from spacy.tokens import Doc

from spacy_padellm.corpora.base import ANNOTATED_LABELS, AnnotatedText
from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.corpora.docs import make_doc

LICENCE = "CC BY-SA 4.0"
ENGLISH_NAMES = ("person", "organization", "location")
OWN_NAMES = 0.4  # share of the texts whose labels are asked in the text's language
EMPTY = 0.25  # share of texts without entities, at most; in training by default
DEV = 50  # texts of each language


@dataclass(frozen=True, slots=True)
class Treebank:
    """A set of Universal NER. names: of the labels NEWS in its language."""

    folder: str
    names: tuple[str, str, str]


TREEBANKS = {
    "en": Treebank("uner_en_ewt", ENGLISH_NAMES),
    "zh": Treebank("uner_zh_gsdsimp", ("人名", "机构名", "地名")),
    "pt": Treebank("uner_pt_bosque", ("pessoa", "organização", "local")),
    "sv": Treebank("uner_sv_talbanken", ("person", "organisation", "plats")),
    "da": Treebank("uner_da_ddt", ("person", "organisation", "sted")),
    "hr": Treebank("uner_hr_set", ("osoba", "organizacija", "mjesto")),
    "sk": Treebank("uner_sk_snk", ("osoba", "organizácia", "miesto")),
}


def texts_of(data: Path, language: str, split: str) -> list[AnnotatedText]:
    path = data / TREEBANKS[language].folder / f"{split}.iob2"
    texts, _ = annotated(path, NEWS, {"OTH": None})
    return texts


def training_docs(
    args: argparse.Namespace, language: str, nlp: Language, rng: random.Random
) -> list[Doc]:
    """Docs with the names that their labels are asked as."""
    joiner = "" if language == "zh" else " "
    runs = Runs(args.runs, args.run_words, args.run_sentences, joiner)
    texts = texts_of(args.data, language, "train")
    docs = []
    for text in with_runs(texts, args.texts, rng, runs, args.empty):
        own = rng.random() < OWN_NAMES
        names = TREEBANKS[language].names if own else ENGLISH_NAMES
        doc = make_doc(nlp, text)
        doc.user_data[ANNOTATED_LABELS] = dict(zip(NEWS, names, strict=True))
        docs.append(doc)
    return docs


def main(args: argparse.Namespace) -> None:
    train, dev, counts = [], [], {}
    for language, treebank in TREEBANKS.items():
        nlp = spacy.blank(language)
        test = (make_doc(nlp, text) for text in texts_of(args.data, language, "test"))
        write_docbin(test, args.out / "test" / f"{language}.spacy")
        if language not in args.languages:
            continue
        rng = random.Random(f"{args.seed} {language}")
        docs = training_docs(args, language, nlp, rng)
        counts[language] = {"set": treebank.folder, "licence": LICENCE}
        counts[language]["train"] = len(docs)
        texts = texts_of(args.data, language, "dev")
        dev += [make_doc(nlp, text) for text in sample(texts, DEV, rng, EMPTY)]
        if (args.open_types / language).is_dir():
            typed, held = open_types(args.open_types, nlp, rng)
            rng.shuffle(typed)
            chosen = typed[: args.open_texts]
            counts[language]["open_types"] = len(chosen)
            write_docbin(held, args.out / "test" / f"open_{language}.spacy")
            docs += chosen
        train += docs
    random.Random(args.seed).shuffle(train)
    write_docbin(train, args.out / "train.spacy")
    write_docbin(dev, args.out / "dev.spacy")
    summary = {"seed": args.seed, "train": len(train), "languages": counts}
    (args.out / "sources.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary, indent=2))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument(
        "--languages", type=lambda value: value.split(","), default=list(TREEBANKS)
    )
    parser.add_argument("--texts", type=int, default=1_500, help="of a language")
    parser.add_argument(
        "--open-texts", type=int, help="of open types in a language; all by default"
    )
    parser.add_argument(
        "--empty",
        type=float,
        default=EMPTY,
        help="share of training texts without entities, at most",
    )
    parser.add_argument(
        "--runs", type=float, default=0.0, help="share of texts that are runs"
    )
    parser.add_argument("--run-words", type=int, default=80, help="the most in a run")
    parser.add_argument(
        "--run-sentences", type=int, default=4, help="the most in a run"
    )
    parser.add_argument("--open-types", type=Path, default=Path("assets/open-types"))
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main(parse_args())

"""Compare the default adapter with a spaCy pipeline that has OntoNotes labels.

    python scripts/compare_with_spacy.py en_core_web_md test.spacy more.spacy

Both read the same tokens. Only people, organizations and locations are compared,
because other labels differ between OntoNotes and most other sets.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import spacy
from score_adapter import table, without_annotation
from spacy.scorer import Scorer
from spacy.tokens import Doc, DocBin
from spacy.training import Example

ONTONOTES = {"PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC"}
OURS = {"PER": "person", "ORG": "organization", "LOC": "location"}


def relabel(doc: Doc, names: Mapping[str, str]) -> None:
    """Give entities other labels, and remove those that have none."""
    kept = [ent for ent in doc.ents if ent.label_ in names]
    doc.ents = [
        doc.char_span(ent.start_char, ent.end_char, names[ent.label_]) for ent in kept
    ]


def score(nlp: spacy.Language, names: Mapping[str, str], docs: list[Doc]) -> dict:
    """spaCy's span scores, and the seconds that the pipeline took.

    names: the pipeline's labels that count, each with the label of the gold docs.
    """
    begin = time.perf_counter()
    predicted = list(nlp.pipe(without_annotation(doc, nlp) for doc in docs))
    seconds = time.perf_counter() - begin
    for doc in predicted:
        relabel(doc, names)
    examples = [Example(p, doc) for p, doc in zip(predicted, docs, strict=True)]
    scores = Scorer.score_spans(examples, "ents")
    entities = sum(len(doc.ents) for doc in docs)
    return {"docs": len(docs), "entities": entities, "seconds": seconds, **scores}


def main(args: argparse.Namespace) -> None:
    ours = spacy.blank("en")
    ours.add_pipe("padellm_ner", config={"model": {"base": args.base}, "labels": OURS})
    other = spacy.load(args.pipeline)
    other_name = f"{other.meta['lang']}_{other.meta['name']}"
    same = {label: label for label in OURS}
    systems = {"padellm_ner": (ours, same), other_name: (other, ONTONOTES)}
    results = {}
    for file in args.tests:
        docs = list(DocBin().from_disk(file).get_docs(ours.vocab))[: args.limit]
        for doc in docs:
            relabel(doc, same)
        for name, (nlp, names) in systems.items():
            result = results[f"{file.stem}, {name}"] = score(nlp, names, docs)
            print(f"{file.stem}, {name}: {result['seconds']:.1f} s", flush=True)
    print(table(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pipeline", help="a package or folder")
    parser.add_argument("tests", type=Path, nargs="+", help=".spacy files")
    parser.add_argument("--base", default="smollm2-135m-instruct")
    parser.add_argument("--limit", type=int, help="docs of each file")
    main(parser.parse_args())

"""Score a shipped adapter on held-out sets, each with its own labels.

    python scripts/score_adapter.py corpus/english/test metrics/english.json

With --card, the table in the adapter's model card is written anew.
"""

import argparse
import json
import time
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_padellm.bases.weights import DEFAULT_BASE
from spacy_padellm.corpora.base import ANNOTATED_LABELS
from spacy_padellm.labels import KNOWN_NAMES

# Names that the training mix had; its NORP are demonyms alone.
NAMES = {**KNOWN_NAMES, "TIME": "time", "NUM": "number", "NORP": "NORP"}
START, END = "<!-- scores -->\n", "<!-- /scores -->\n"


def score(nlp: spacy.Language, docs: list[Doc], own: dict[str, str]) -> dict:
    """spaCy's span scores of docs that are annotated for the same labels.

    own: labels of the adapter, with their names.
    """
    labels = docs[0].user_data[ANNOTATED_LABELS]
    ner = nlp.get_pipe("padellm_ner")
    ner.labels = {label: own.get(label, NAMES.get(label, label)) for label in labels}
    begin = time.perf_counter()
    predicted = nlp.pipe(without_annotation(doc, nlp) for doc in docs)
    examples = [Example(p, doc) for p, doc in zip(predicted, docs, strict=True)]
    seconds = time.perf_counter() - begin
    scores = ner.score(examples)
    kept = ("ents_p", "ents_r", "ents_f", "ents_per_type")
    return {
        "docs": len(docs),
        "entities": sum(len(doc.ents) for doc in docs),
        "labels": ner.label_data,
        **{key: scores[key] for key in kept},
        "seconds": round(seconds, 1),
    }


def without_annotation(doc: Doc, nlp: spacy.Language) -> Doc:
    """A new doc with the same tokens and spaces."""
    words, spaces = [t.text for t in doc], [bool(t.whitespace_) for t in doc]
    return Doc(nlp.vocab, words=words, spaces=spaces)


def table(results: dict[str, dict]) -> str:
    lines = [
        "| test set | docs | entities | P | R | F | F by label |\n",
        "|---|---:|---:|---:|---:|---:|---|\n",
    ]
    for name, result in results.items():
        p, r, f = (f"{100 * result[f'ents_{m}']:.1f}" for m in "prf")
        by_label = ", ".join(
            f"{label} {100 * value['f']:.1f}"
            for label, value in sorted(result["ents_per_type"].items())
        )
        counts = f"{result['docs']:,} | {result['entities']:,}"
        lines.append(f"| {name} | {counts} | {p} | {r} | {f} | {by_label} |\n")
    return "".join(lines)


def main(args: argparse.Namespace) -> None:
    nlp = spacy.blank("en")
    format = {"@misc": f"spacy_padellm.{args.format}.v1"}
    config = {"model": {"base": args.base, "adapter": args.adapter}, "format": format}
    own = nlp.add_pipe("padellm_ner", config=config).label_data
    results = {}
    for file in sorted(args.tests.glob("*.spacy")):
        if args.sets and file.stem not in args.sets.split(","):
            continue
        docs = list(DocBin().from_disk(file).get_docs(nlp.vocab))
        results[file.stem] = score(nlp, docs[: args.limit], own)
        print(file.stem, f"{100 * results[file.stem]['ents_f']:.2f}", flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=2) + "\n")
    print(table(results))
    if args.card:
        before, _, rest = args.card.read_text().partition(START)
        _, _, after = rest.partition(END)
        args.card.write_text(before + START + table(results) + END + after)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tests", type=Path, help="folder of .spacy files")
    parser.add_argument("out", type=Path, help="JSON file")
    parser.add_argument("--sets", help="files to score, separated by commas")
    parser.add_argument("--base", default=DEFAULT_BASE)
    parser.add_argument("--adapter", default="default")
    parser.add_argument("--format", default="Pointer", help="or PaDeLLM")
    parser.add_argument("--limit", type=int, help="docs of each set, at most")
    parser.add_argument("--card", type=Path, help="model card to write the table into")
    main(parser.parse_args())

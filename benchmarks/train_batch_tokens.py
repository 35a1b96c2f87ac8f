"""Training speed against the size of a microbatch, on the workshop corpus.

    python benchmarks/train_batch_tokens.py

Sizes are measured in turn, in one run; the median of the rounds is printed.
"""

import argparse
import time
from collections import Counter
from pathlib import Path
from statistics import median

import spacy

from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.registry import read
from spacy_padellm.models.loss import accumulate_gradients
from spacy_padellm.pipeline.learning import gold_trees

CORPUS = Path(__file__).parents[1] / "assets" / "workshop" / "train.jsonl"


def main(sizes: list[int], n_docs: int, rounds: int) -> None:
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("padellm_ner", config={"labels": ["PART", "FAULT", "TOOL"]})
    nlp.initialize()
    shim = ner.model.shims[0]
    docs = [make_doc(nlp, text) for text in read(CORPUS).texts[:n_docs]]
    trees = [
        tree
        for doc in docs
        for tree in gold_trees(
            doc,
            ner.label_data,
            format=ner.format,
            windows=ner.windows,
            tokenizer=shim.tokenizer,
            problems=Counter(),
        )
    ]
    tokens = sum(len(tree) for tree in trees)
    accumulate_gradients(shim.lm, trees[:4], sizes[0])  # warm up
    speeds: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            start = time.perf_counter()
            accumulate_gradients(shim.lm, trees, size)
            speeds[size].append(tokens / (time.perf_counter() - start))
    for size in sizes:
        print(f"{size:6} padded tokens: {median(speeds[size]):6.0f} tokens a second")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--docs", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    main(args.sizes, args.docs, args.rounds)

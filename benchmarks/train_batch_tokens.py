"""Training speed against the size of a microbatch and the base's numbers, on the
workshop corpus.

    python benchmarks/train_batch_tokens.py

Sizes are measured in turn, in one run; the median of the rounds is printed.
"""

import argparse
import time
from collections import Counter
from itertools import product
from pathlib import Path
from statistics import median

import spacy

from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.registry import read
from spacy_padellm.models.loss import accumulate_gradients
from spacy_padellm.pipeline.learning import gold_trees
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER

CORPUS = Path(__file__).parents[1] / "assets" / "workshop" / "train.jsonl"


def main(sizes: list[int], dtypes: list[str], n_docs: int, rounds: int) -> None:
    shims = {dtype: new_component(dtype).model.shims[0] for dtype in dtypes}
    ner = new_component(dtypes[0])
    shim = shims[dtypes[0]]
    nlp = spacy.blank("en")
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
    for shim in shims.values():
        accumulate_gradients(shim.lm, trees[:4], sizes[0])  # warm up
    ways = list(product(dtypes, sizes))
    speeds: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for dtype, size in ways:
            start = time.perf_counter()
            accumulate_gradients(shims[dtype].lm, trees, size)
            speeds[dtype, size].append(tokens / (time.perf_counter() - start))
    for (dtype, size), measured in speeds.items():
        speed = median(measured)
        print(f"{dtype}, {size:6} padded tokens: {speed:6.0f} tokens a second")


def new_component(dtype: str) -> PaDeLLMNER:
    nlp = spacy.blank("en")
    config = {"labels": ["PART", "FAULT", "TOOL"], "model": {"dtype": dtype}}
    ner = nlp.add_pipe("padellm_ner", config=config)
    nlp.initialize()
    return ner


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024, 2048])
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--docs", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    main(args.sizes, args.dtypes, args.docs, args.rounds)

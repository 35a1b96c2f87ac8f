"""Training speed for different sizes of a microbatch, on the workshop corpus."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import product
from statistics import median

import spacy

from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.gold import gold_trees
from spacy_padellm.pipeline.padellm_ner import PaDeLLMNER
from spacy_padellm.training.trainer import Trainer

from ..data.workshop import workshop_texts


def training_speeds(
    sizes: Sequence[int], dtypes: Sequence[str], docs: int, rounds: int, base: str
) -> dict[tuple[str, int], float]:
    """The median training speed for each dtype and size, in tokens per second.

    sizes: padded tokens in a microbatch. docs: the number of documents.

    All combinations are measured in alternating rounds.
    """
    components = {dtype: new_component(base, dtype) for dtype in dtypes}
    ner = components[dtypes[0]]
    nlp = spacy.blank("en")
    trees = [
        tree
        for text in workshop_texts()[:docs]
        for tree in gold_trees(
            make_doc(nlp, text),
            ner.label_data,
            format=ner.active_format,
            windows=ner.windows,
            tokenizer=causal_lm_shim(ner.model).tokenizer,
            problems=Counter(),
        )
    ]
    tokens = sum(len(tree) for tree in trees)
    trainers = {
        (dtype, size): Trainer(
            causal_lm_shim(components[dtype].model).lm, batch_tokens=size, key=0
        )
        for dtype, size in product(dtypes, sizes)
    }
    for trainer in trainers.values():
        trainer.accumulate(trees[:4])  # warm up
        trainer.clear()
    speeds: dict[tuple[str, int], list[float]] = {key: [] for key in trainers}
    for _ in range(rounds):
        for key, trainer in trainers.items():
            start = time.perf_counter()
            trainer.accumulate(trees)
            speeds[key].append(tokens / (time.perf_counter() - start))
            trainer.clear()
    return {key: median(measured) for key, measured in speeds.items()}


def new_component(base: str, dtype: str) -> PaDeLLMNER:
    """A component with a new adapter on a base."""
    nlp = spacy.blank("en")
    model = {"base": base, "dtype": dtype}
    config = {"labels": ["PART", "FAULT", "TOOL"], "model": model}
    ner = nlp.add_pipe("padellm_ner", config=config)
    nlp.initialize()
    return ner

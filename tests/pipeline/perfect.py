"""A model that answers perfectly, whatever the format asks it."""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc

from spacy_padellm.formats.base import Format, Query
from spacy_padellm.formats.padellm import PaDeLLM
from spacy_padellm.formats.pointer import Pointer
from spacy_padellm.pipeline.annotate import annotate
from spacy_padellm.pipeline.output import Output
from spacy_padellm.pipeline.predict import predict_docs
from spacy_padellm.spans.normalised import normalise
from spacy_padellm.spans.windows import build_sentence_windows_v1

from ..formats.answering import Answering
from ..formats.oracle import Oracle

LABELS = {"PER": "person", "LOC": "place"}
SURE = 6.0  # log-odds of what is so; the negative of what is not


def spans_of(
    texts: Sequence[str], names: Sequence[tuple[str, str]]
) -> list[dict[str, list[tuple[int, int]]]]:
    """Where the names (string, label) stand in texts that follow each other. A text has
    the next names that it contains."""
    left, found = list(names), []
    for text in texts:
        spans: dict[str, list[tuple[int, int]]] = {label: [] for label in LABELS}
        at = 0
        while left and (start := text.find(left[0][0], at)) >= 0:
            string, label = left.pop(0)
            at = start + len(string)
            spans[label].append((start, at))
        found.append(spans)
    return found


@dataclass
class Pointing:
    """A session that compares labels with tokens. tables: a text's tokens → the
    log-odds [labels, tokens, 3]."""

    tables: dict[tuple[int, ...], np.ndarray]

    def score(self, trees):
        return [self.tables[tuple(tree.ids[tree.keys].tolist())] for tree in trees]


def _table(format: Pointer, query: Query, spans, tokenizer):
    text = format.encode(query, tokenizer).text
    places = np.array(text.encoded.offsets) - text.shift
    log_odds = np.full((len(query.labels), len(places), 3), -SURE, dtype=np.float32)
    for number, label in enumerate(query.labels):
        for start, end in spans[label]:
            inside = np.flatnonzero((places[:, 0] < end) & (places[:, 1] > start))
            log_odds[number, inside[0], 0] = log_odds[number, inside[-1], 1] = SURE
            log_odds[number, inside[1:], 2] = SURE
    return text.encoded.ids, log_odds


def _session(format: Format, queries: Sequence[Query], names, tokenizer):
    spans = spans_of([query.text for query in queries], names)
    if isinstance(format, Pointer):
        pairs = zip(queries, spans, strict=True)
        return Pointing(dict(_table(format, *pair, tokenizer) for pair in pairs))
    if isinstance(format, PaDeLLM):
        answers = {
            (query.text, LABELS[label]): [query.text[slice(*one)] for one in found]
            for query, by_label in zip(queries, spans, strict=True)
            for label, found in by_label.items()
        }
        return Oracle(format.template.name, tokenizer, answers)
    answers = {
        gold.prompt: gold.answer
        for query, found in zip(queries, spans, strict=True)
        for gold in format.gold(query, found, tokenizer)
    }
    return Answering(tokenizer, answers)


def read_perfectly(
    doc: Doc, names: Sequence[tuple[str, str]], format: Format, tokenizer, **output
) -> Doc:
    """Annotate a doc by a model that finds all names (string, label), given in text
    order and in normalised form. output: settings of the component."""
    windows = build_sentence_windows_v1()
    texts = [normalise(doc[w.start : w.end].text).text for w in windows(doc)]
    session = _session(
        format,
        [Query(text, LABELS) for text in texts if text.strip()],
        names,
        tokenizer,
    )

    class Engine:
        def __init__(self):
            self.tokenizer = tokenizer

        @contextmanager
        def session(self, n_texts):
            yield session

    settings = Output(spans_key="padellm_ner", **output)
    [prediction] = predict_docs(
        [doc],
        LABELS,
        engine=Engine(),
        format=format,
        windows=windows,
        batch_tokens=4096,
        output=settings,
    )
    annotate(doc, prediction, output=settings, component="padellm_ner")
    return doc

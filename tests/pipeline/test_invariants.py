"""Whatever a model writes and whatever the settings are: what always holds of a doc."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_padellm.formats.base import EncodedQuery, Extraction, Generative, Query
from spacy_padellm.formats.segments import TextSegments
from spacy_padellm.pipeline.output import Output
from spacy_padellm.types import Mention

LABELS = {"PER": "person", "ORG": "organization", "LOC": "location"}
EVERY_OUTPUT = [
    Output("sc", *chosen, all_occurrences=further, save_trace=further)
    for *chosen, further in product(
        (False, True),  # allow_overlap
        (0.0, 0.3, 1.0),  # threshold
        (False, True),  # deduplicate
        (False, True),  # overwrite_ents
        ("strict", "contract", "expand"),  # alignment_mode
        (False, True),  # all_occurrences and save_trace
    )
]
WORDS = "Oslo Bank of the Lee's e-mail 3.5% x.y 王小明 👩‍🔬".split()
SPACES = (" ", " ", " ", "", "  ", "\n", "\t", "\u00a0")
LOGPROBS = (0.0, -0.1, -1.0, -3.0, -1000.0, -math.inf, math.nan)


@dataclass
class MakesThingsUp(Generative):
    """A format whose answers are anything; the same for the same text and seed.

    written: the extractions so far.
    """

    seed: int = 0
    written: dict[str, Extraction] = field(default_factory=dict)
    name: str = "made up"

    def encode(self, query: Query, tokenizer) -> EncodedQuery:
        return EncodedQuery(query, TextSegments(query.text, tokenizer))

    def extract(self, encoded: Sequence[EncodedQuery], session) -> list[Extraction]:
        queries = [one.query for one in encoded]
        for query in queries:
            self.written[query.text] = self._make_up(query)
        return [self.written[query.text] for query in queries]

    def _make_up(self, query: Query) -> Extraction:
        choose = random.Random(f"{self.seed} {query.text}")
        mentions: list[Mention] = []
        for label in query.labels:
            for index in range(1, choose.choice((0, 1, 1, 2, 4)) + 1):
                text, start = self._string(query.text, mentions, choose)
                logprobs = choose.choice(LOGPROBS), choose.choice(LOGPROBS)
                mentions.append(Mention(label, text, index, *logprobs, start=start))
        counts = {label: choose.randrange(5) for label in query.labels}
        lost = choose.choice(({}, {}, {"malformed": 2, "cut off": 0}, {"cut off": 1}))
        return Extraction(tuple(mentions), counts, lost=lost)

    def _string(
        self, text: str, mentions: Sequence[Mention], choose: random.Random
    ) -> tuple[str, int | None]:
        kind = choose.random()
        if kind < 0.1:
            return choose.choice(("nowhere", "", " \n", "Oslo\x00")), None
        if kind < 0.3 and mentions:
            return choose.choice(mentions).text, None
        start = choose.randrange(len(text))
        end = min(len(text), start + choose.choice((1, 2, 4, 6, 12)))
        is_placed = kind < 0.5 and text[start:end] == text[start:end].strip() != ""
        return text[start:end], start if is_placed else None


texts = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), max_size=8
).map(lambda pairs: "".join(map("".join, pairs)))
batches = st.lists(texts, min_size=8, max_size=8)


def given_ents(nlp, text: str, seed: int) -> Doc:
    """The text as a doc which, for some seeds, has entities and blocked tokens."""
    doc = nlp.make_doc(text)
    choose = random.Random(f"{seed} {text} ents")
    if len(doc) and choose.random() < 0.5:
        start = choose.randrange(len(doc))
        end = choose.randint(start + 1, len(doc))
        label = choose.choice((*LABELS, "GIVEN"))
        blocked = [doc[end : end + 1]] if end < len(doc) else []
        is_free = any(not token.is_space for token in doc[start:end])
        ents = [Span(doc, start, end, label=label)] if is_free else []
        doc.set_ents(ents, blocked=blocked, default="missing")
    return doc


def check(doc: Doc, text: str, before: Doc, output: Output) -> None:
    there = {(ent.start, ent.end, ent.label_) for ent in before.ents}
    ents = {(ent.start, ent.end, ent.label_): ent for ent in doc.ents}
    assert doc.text == text and doc.has_annotation("ENT_IOB", require_complete=True)
    tokens = [i for ent in doc.ents for i in range(ent.start, ent.end)]
    assert len(tokens) == len(set(tokens))
    new = {place: ent for place, ent in ents.items() if place not in there}
    for ent in new.values():
        assert ent.label_ in LABELS
        assert ent.text == text[ent.start_char : ent.end_char] == ent.text.strip() != ""
        assert output.threshold <= ent._.score <= 1
    if not output.overwrite_ents:
        assert there <= set(ents)
        blocked = [token for token in before if token.ent_iob == 3]
        assert all(doc[token.i].ent_iob == 3 for token in blocked)
    group = doc.spans[output.spans_key]
    places = [(span.start, span.end, span.label_) for span in group]
    assert places == sorted(set(places))
    scores = dict(zip(places, group.attrs["scores"], strict=True))
    assert all(output.threshold <= score + 1e-6 for score in scores.values())
    assert set(new) <= set(places)
    assert output.allow_overlap or set(places) <= set(ents)
    for place, ent in new.items():
        assert scores[place] == pytest.approx(ent._.score)


def check_counts(doc: Doc, windows: list[Extraction], before: Doc, output: Output):
    """What was written is an entity or counted, and nothing is counted twice."""
    attrs = doc.spans[output.spans_key].attrs
    written = sum(len(extraction.mentions) for extraction in windows)
    lost = sum((Counter(extraction.lost) for extraction in windows), Counter())
    if not before.ents and not output.all_occurrences:
        counted = sum(attrs["dropped"].values())
        assert written + lost.total() == len(doc.ents) + counted
    assert all(attrs["dropped"].values())
    assert ("trace" in attrs) == output.save_trace
    if output.save_trace:
        mentions = [one for part in attrs["trace"] for one in part["mentions"]]
        assert sum(one["changed"] != "repeated" for one in mentions) == written
        why = Counter(one["dropped"] for one in mentions)
        became = why.pop(None, 0)
        assert why + lost == attrs["dropped"]
        found = {
            (one["start"], one["end"], one["label"])
            for one in mentions
            if one["dropped"] is None
        }
        ents = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
        assert len(found) == became and found <= ents


def run(nlp, batch: list[str], seed: int, outputs: Sequence[Output]) -> None:
    ner = nlp.get_pipe("padellm_ner")
    before = [given_ents(nlp, text, seed) for text in batch]
    for output in outputs:
        ner.output, ner.format = output, MakesThingsUp(seed)
        docs = [given_ents(nlp, text, seed) for text in batch]
        for doc, old in zip(nlp.pipe(docs, batch_size=5), before, strict=True):
            check(doc, old.text, old, output)
            windows = [
                ner.format.written[doc[one.start : one.end].text]
                for one in ner.windows(doc)
                if doc[one.start : one.end].text.strip()
            ]
            check_counts(doc, windows, old, output)


@pytest.fixture(scope="module")
def nlp(make_nlp):
    return make_nlp(
        labels=LABELS,
        windows={"@misc": "spacy_padellm.StridedWindows.v1", "window": 6, "stride": 4},
    )


def test_every_combination_of_settings_is_here():
    assert len(set(EVERY_OUTPUT)) == 2 * 3 * 2 * 2 * 3 * 2


@settings(max_examples=1_000 // 8, suppress_health_check=list(HealthCheck))
@given(batch=batches, seed=st.integers(0, 2**32), part=st.integers(0, 17))
def test_a_thousand_random_docs_with_any_output(nlp, batch, seed, part):
    run(nlp, batch, seed, EVERY_OUTPUT[part::18])


@pytest.mark.slow
@settings(max_examples=10_000 // 8, suppress_health_check=list(HealthCheck))
@given(batch=batches, seed=st.integers(0, 2**32))
def test_ten_thousand_random_docs_with_every_output(nlp, batch, seed):
    run(nlp, batch, seed, EVERY_OUTPUT)

"""The report has the same counts as `spacy evaluate`."""

from collections import Counter

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_padellm.pipeline.annotate import register_score
from spacy_padellm.report.compare import (
    compare,
    compare_doc,
    count_docs,
    score_docs,
    scores_of,
)
from spacy_padellm.report.pairs import CORRECT, NOT_JUDGED

from ..scoring.random_docs import LABELS, documents, flat, words
from .conftest import SPANS_KEY, make_doc

VOCAB = Vocab()


@st.composite
def examples(draw):
    """Docs with predicted tokens that are parts of gold tokens, and with gold tokens
    without annotation."""
    made = []
    for tokens, gold, _ in draw(documents()):
        reference = Doc(VOCAB, words(tokens))
        inside = {i for start, end, _ in gold for i in range(start, end)}
        unknown = [
            reference[i : i + 1]
            for i in range(tokens)
            if i not in inside and draw(st.booleans())
        ]
        ents = [Span(reference, *ent) for ent in gold]
        reference.set_ents(ents, missing=unknown, default="outside")
        pieces, spaces = [], []
        for word in words(tokens):
            split = draw(st.booleans())
            pieces += [word[:2], word[2:]] if split else [word]
            spaces += [False, True] if split else [True]
        predicted = Doc(VOCAB, pieces, spaces)
        found = draw(flat(len(predicted)))
        predicted.set_ents([Span(predicted, *ent) for ent in found])
        made.append(Example(predicted, reference))
    return made


@given(examples())
def test_the_scores_are_those_of_spacy_evaluate(examples):
    theirs = get_ner_prf(examples)
    ours = score_docs(
        compare_doc(i, example, SPANS_KEY)
        for i, example in enumerate(examples)
        if example.reference.has_annotation("ENT_IOB")
    )
    if theirs["ents_f"] is None:
        assert not ours.per_label
        return
    assert list(ours.micro.to_dict().values()) == pytest.approx(
        [theirs[f"ents_{name}"] for name in "prf"]
    )
    # spaCy lists labels of which nothing was judged, too
    for label, row in theirs["ents_per_type"].items():
        found = ours.per_label.get(label)
        expected = found.to_dict() if found else dict.fromkeys("prf", 0.0)
        assert row == pytest.approx(expected)
    assert set(ours.per_label) <= set(theirs["ents_per_type"])


@given(examples())
def test_counts_are_of_what_is_judged(examples):
    docs = [compare_doc(i, eg, SPANS_KEY) for i, eg in enumerate(examples)]
    for label, scores in count_docs(docs, LABELS).items():
        pairs = Counter()
        for doc in docs:
            gold = sum(
                pair.gold is not None and pair.gold.label == label for pair in doc.pairs
            )
            found = [p for p in doc.pairs if p.predicted and p.kind != NOT_JUDGED]
            pairs[gold, sum(p.predicted.entity.label == label for p in found)] += 1
        assert scores.pairs == pairs


def test_what_has_no_gold_annotation_is_not_judged():
    nlp = spacy.blank("en")
    gold = nlp.make_doc("Rome and Ann")
    gold.set_ents([], outside=[gold[:2]], default="missing")
    found = make_doc(nlp, gold.text, [(0, 4, "LOC"), (9, 12, "PER")])
    doc = compare_doc(1, Example(found, gold), SPANS_KEY)
    assert [pair.kind for pair in doc.pairs] == ["made up", NOT_JUDGED]
    assert doc.n_errors == 1


def test_docs_without_annotation_are_left_out_and_the_others_keep_their_numbers():
    nlp = spacy.blank("en")
    gold = [nlp.make_doc("No gold."), make_doc(nlp, "Rome.", [(0, 4, "LOC")])]
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in gold]
    asked = []

    def progress(docs, total):
        asked.append(total)
        return docs

    (doc,) = compare(nlp, examples, SPANS_KEY, progress)
    assert (doc.number, doc.gold_text, doc.n_errors) == (2, "Rome.", 1)
    assert asked == [1]


def nested(nlp, spans, scores=()):
    """A doc with "New York City" in `doc.spans["sc"]`; only the first is an entity."""
    doc = make_doc(nlp, "New York City won.", spans[:1])
    doc.spans["sc"] = SpanGroup(
        doc, spans=[doc.char_span(*span) for span in spans], attrs={"scores": scores}
    )
    return doc


CITY, STATE, TEAM = (0, 13, "LOC"), (0, 8, "LOC"), (0, 13, "ORG")


def test_mentions_that_may_overlap_are_those_of_the_group():
    nlp = spacy.blank("en")
    gold = nested(nlp, [CITY, STATE, TEAM])
    found = nested(nlp, [STATE, CITY, (9, 13, "ORG")], [0.5, 0.75, 0.25])
    (doc,) = compare(nlp, [Example(found, gold)], "none", gold_key="sc")
    kinds = [pair.kind for pair in doc.pairs]
    assert sorted(kinds) == [CORRECT, CORRECT, "wrong boundary"]
    scores = get_prf([Example(found, gold)])
    assert score_docs([doc]).micro.f == pytest.approx(scores)
    assert {pair.predicted.score for pair in doc.pairs} == {0.5, 0.75, 0.25}


def get_prf(examples) -> float:
    """The F of spaCy's scorer of overlapping spans."""
    scores = Scorer.score_spans(
        examples, "spans_sc", getter=lambda doc, _: doc.spans["sc"], allow_overlap=True
    )
    return scores["spans_sc_f"]


def test_mentions_that_cross_or_repeat_are_judged_as_in_spacys_scorer():
    nlp = spacy.blank("en")
    gold, found = (
        nlp.make_doc("Oslo Hospital Trust"),
        nlp.make_doc("Oslo Hospital Trust"),
    )
    spans = [Span(gold, 0, 2, "ORG"), Span(gold, 1, 3, "ORG"), Span(gold, 0, 2, "ORG")]
    gold.set_ents(spans[:1], missing=[gold[2:]])
    gold.spans["sc"] = spans
    found.spans["sc"] = [Span(found, s.start, s.end, "ORG") for s in (*spans, *spans)]
    example = Example(found, gold)
    (doc,) = compare(nlp, [example], "none", gold_key="sc")
    assert [pair.kind for pair in doc.pairs] == [CORRECT, CORRECT]
    assert get_prf([example]) == 1.0


def test_entities_are_compared_where_gold_has_no_group():
    nlp = spacy.blank("en")
    gold = make_doc(nlp, "New York won.", [(0, 8, "LOC")])
    found = make_doc(nlp, "New York won.", [(0, 8, "LOC")])
    found.spans["sc"] = [Span(found, 0, 2, "LOC"), Span(found, 1, 2, "LOC")]
    (doc,) = compare(nlp, [Example(found, gold)], "none", gold_key="sc")
    assert [pair.kind for pair in doc.pairs] == [CORRECT]


def test_a_doc_with_the_group_alone_is_judged():
    nlp = spacy.blank("en")
    gold, found = nlp.make_doc("New York"), nlp.make_doc("New York")
    gold.spans["sc"] = [Span(gold, 0, 2, "LOC")]
    found.spans["sc"] = [Span(found, 0, 2, "LOC"), Span(found, 0, 1, "LOC")]
    (doc,) = compare(nlp, [Example(found, gold)], "none", gold_key="sc")
    assert sorted(pair.kind for pair in doc.pairs) == [CORRECT, "made up"]


def test_scores_are_read_from_the_entities_or_the_group_of_spans():
    nlp = spacy.blank("en")
    register_score()
    doc = make_doc(nlp, "Rome, Ann", [(0, 4, "LOC"), (6, 9, "PER")], [0.25, 0.5])
    assert scores_of(doc, "another") == [None, None]
    assert scores_of(doc, SPANS_KEY) == [0.25, 0.5]
    doc.ents[1]._.score = 0.75
    assert scores_of(doc, SPANS_KEY) == [0.25, 0.75]
    # a span of the group that is no entity, and an entity that is not in the group
    doc.set_ents([Span(doc, 0, 1, "ORG")], default="outside")
    assert scores_of(doc, SPANS_KEY) == [None]


def test_an_entity_is_shown_where_it_was_predicted_and_judged_by_gold_tokens():
    gold = Doc(VOCAB, ["Bonn-based"], [False])
    gold.set_ents([Span(gold, 0, 1, "LOC")])
    found = Doc(VOCAB, ["Bonn", "-based"], [False, False])
    found.set_ents([Span(found, 0, 1, "LOC")])
    (pair,) = compare_doc(1, Example(found, gold), SPANS_KEY).pairs
    assert pair.kind == "correct"
    assert pair.predicted.entity[:2] == (0, 4)
    assert pair.predicted.judged[:2] == (0, 10)


def test_labels_that_a_doc_was_not_annotated_for_are_not_judged():
    gold = Doc(VOCAB, words(3))
    gold.ents = [Span(gold, 0, 1, "LOC")]
    predicted = Doc(VOCAB, words(3))
    predicted.ents = [Span(predicted, 0, 1, "LOC"), Span(predicted, 2, 3, "ORG")]
    gold.user_data["padellm_labels"] = ["LOC"]
    compared = compare_doc(0, Example(predicted, gold), SPANS_KEY)
    kinds = {pair.predicted.entity.label: pair.kind for pair in compared.pairs}
    assert kinds == {"LOC": CORRECT, "ORG": NOT_JUDGED}

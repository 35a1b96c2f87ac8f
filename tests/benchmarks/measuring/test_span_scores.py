"""Exact scores of spans equal those of seqeval, nervaluate and spaCy."""

import math

import pytest
from hypothesis import given
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from benchmarks.measuring.span_scores import score_spans
from spacy_padellm.corpora.base import Entity
from spacy_padellm.scoring.prf import PRF, LabelScores

from ...scoring.random_docs import LABELS, Ents, characters, documents, nested, words

VOCAB = Vocab()


def scored(docs) -> LabelScores:
    """Our scores of the characters of the entities."""
    return score_spans(
        [characters(tokens, gold) for tokens, gold, _ in docs],
        [characters(tokens, predicted) for tokens, _, predicted in docs],
    )


def are_alike(ours: PRF, p: float, r: float, f: float) -> bool:
    return all(map(math.isclose, (ours.p, ours.r, ours.f), (p, r, f)))


def iob2(tokens: int, ents: Ents) -> list[str]:
    tags = ["O"] * tokens
    for start, end, label in ents:
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # its macro mean of no labels
@given(documents())
def test_seqeval_gives_the_same(docs):
    ours = scored(docs)
    report = classification_report(
        [iob2(tokens, gold) for tokens, gold, _ in docs],
        [iob2(tokens, predicted) for tokens, _, predicted in docs],
        mode="strict",
        scheme=IOB2,
        output_dict=True,
        zero_division=0,
    )
    named = {**ours.per_label, "micro avg": ours.micro}
    averages = {"macro avg", "weighted avg"}
    assert set(named) == set(report) - averages
    for name, prf in named.items():
        row = report[name]
        assert are_alike(prf, row["precision"], row["recall"], row["f1-score"])
        assert row["support"] == prf.tp + prf.fn


@given(documents())
def test_nervaluate_gives_the_same(docs):
    """For flat entities. Of nested ones it pairs each prediction with the first gold
    entity that it touches, which then is lost to the one that matches."""
    nervaluate = pytest.importorskip("nervaluate", reason="it needs Python 3.11")

    def dicts(tokens: int, ents: Ents) -> list[dict]:
        # its ends are inclusive
        return [
            {"label": label, "start": start, "end": end - 1}
            for start, end, label in characters(tokens, ents)
        ]

    result = nervaluate.Evaluator(
        [dicts(tokens, gold) for tokens, gold, _ in docs],
        [dicts(tokens, predicted) for tokens, _, predicted in docs],
        tags=LABELS,
        loader="dict",
    ).evaluate()
    ours = scored(docs)
    theirs = {label: rows["strict"] for label, rows in result["entities"].items()}
    assert set(theirs) == set(ours.per_label)
    theirs["micro"] = result["overall"]["strict"]
    for label, prf in {**ours.per_label, "micro": ours.micro}.items():
        row = theirs[label]
        assert are_alike(prf, row.precision, row.recall, row.f1)
        assert (row.correct, row.actual, row.possible) == (
            prf.tp,
            prf.tp + prf.fp,
            prf.tp + prf.fn,
        )


@given(documents(nested))
def test_spacy_gives_the_same_for_nested_spans_too(docs):
    examples = []
    for tokens, gold, predicted in docs:
        sides = []
        for ents in (predicted, gold):
            doc = Doc(VOCAB, words(tokens))
            doc.spans["sc"] = [Span(doc, i, j, label) for i, j, label in ents]
            sides.append(doc)
        examples.append(Example(*sides))
    theirs = Scorer.score_spans(
        examples, "sc", getter=lambda doc, key: doc.spans[key], allow_overlap=True
    )
    ours = scored(docs)
    if theirs["sc_f"] is None:
        assert ours.micro == PRF()
        return
    assert are_alike(ours.micro, theirs["sc_p"], theirs["sc_r"], theirs["sc_f"])
    assert set(theirs["sc_per_type"]) == set(ours.per_label)
    for label, row in theirs["sc_per_type"].items():
        assert are_alike(ours.per_label[label], **row)


@given(documents(nested))
def test_the_counts_are_those_of_looking_for_each_span(docs):
    tp = sum(p in gold for _, gold, predicted in docs for p in predicted)
    fp = sum(p not in gold for _, gold, predicted in docs for p in predicted)
    fn = sum(g not in predicted for _, gold, predicted in docs for g in gold)
    assert scored(docs).micro == PRF(tp, fp, fn)


@pytest.mark.parametrize(
    "predicted, expected",
    [
        ([(0, 5, "LOC")], PRF(tp=1)),
        ([(0, 5, "LOC"), (0, 5, "LOC")], PRF(tp=1)),
        ([(0, 4, "LOC")], PRF(fp=1, fn=1)),
        ([(0, 5, "ORG")], PRF(fp=1, fn=1)),
        ([(0, 5, "ORG"), (0, 5, "LOC"), (2, 7, "LOC")], PRF(tp=1, fp=2)),
        ([], PRF(fn=1)),
    ],
)
def test_start_end_and_label_must_all_be_right(predicted, expected):
    assert score_spans([[Entity(0, 5, "LOC")]], [predicted]).micro == expected


def test_a_right_span_in_another_document_is_wrong():
    spans = [(0, 5, "LOC")]
    assert score_spans([spans, []], [[], spans]).micro == PRF(fp=1, fn=1)


def test_no_documents_score_zero():
    assert score_spans([], []) == LabelScores({})


def test_both_sides_have_the_same_documents():
    with pytest.raises(ValueError, match="E661"):
        score_spans([[]], [])

"""Sets of strings per label, as the paper scores them."""

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.scoring.prf import PRF
from spacy_padellm.scoring.strings import score_strings, strings_by_label

STRINGS = st.lists(st.sampled_from(["Japan", "Korea", "Asian Cup", "日本", ""]))
DOCUMENT = st.dictionaries(st.sampled_from(["LOC", "MISC", "地"]), STRINGS)


def as_the_paper_has_it(gold, predicted) -> dict[str, list[int]]:
    """Count tp, fp and fn per label, one string at a time."""
    counts: dict[str, list[int]] = {}
    for wanted, found in zip(gold, predicted, strict=True):
        for label in set(wanted) | set(found):
            tp_fp_fn = counts.setdefault(label, [0, 0, 0])
            seen = []
            for string in wanted.get(label, []) + found.get(label, []):
                if string in seen:
                    continue
                seen.append(string)
                in_gold = string in wanted.get(label, [])
                in_predicted = string in found.get(label, [])
                tp_fp_fn[0] += in_gold and in_predicted
                tp_fp_fn[1] += in_predicted and not in_gold
                tp_fp_fn[2] += in_gold and not in_predicted
    return counts


@given(st.lists(st.tuples(DOCUMENT, DOCUMENT), max_size=5))
def test_the_counts_are_the_papers(pairs):
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    scores = score_strings(gold, predicted)
    slow = as_the_paper_has_it(gold, predicted)
    assert scores.per_label == {label: PRF(*counts) for label, counts in slow.items()}
    tp, fp, fn = (sum(counts[i] for counts in slow.values()) for i in range(3))
    p = tp / (tp + fp) if tp + fp else 0
    r = tp / (tp + fn) if tp + fn else 0
    assert scores.micro.f == pytest.approx(2 * p * r / (p + r) if p + r else 0)


def test_how_often_a_string_stands_in_a_document_does_not_count():
    scores = score_strings([{"LOC": ["Japan"]}], [{"LOC": ["Japan", "Japan"]}])
    assert scores.micro == PRF(tp=1)
    in_two_documents = score_strings([{"LOC": ["Japan"]}] * 2, [{"LOC": ["Japan"]}] * 2)
    assert in_two_documents.micro == PRF(tp=2)


def test_a_string_under_another_label_is_wrong_and_missed():
    scores = score_strings([{"LOC": ["Japan"]}], [{"ORG": ["Japan"]}])
    assert scores.per_label == {"LOC": PRF(fn=1), "ORG": PRF(fp=1)}


def test_strings_are_compared_as_they_are():
    scores = score_strings(
        [{"PER": ["Zoë", "Ada"]}], [{"PER": ["Zoe\u0308", "ada", "Ada "]}]
    )
    assert scores.micro == PRF(fp=3, fn=2)


def test_no_documents_and_no_mentions_score_zero():
    assert score_strings([], []).micro == PRF()
    assert score_strings([{"LOC": []}], [{}]).per_label == {"LOC": PRF()}


def test_a_string_is_not_taken_for_its_letters():
    with pytest.raises(ValueError, match="E662.*LOC.*'Japan'"):
        score_strings([{"LOC": "Japan"}], [{}])


def test_the_strings_of_a_doc_stand_by_label():
    doc = spacy.blank("en")("Ada met Zoë in Paris and Paris")
    doc.ents = [doc.char_span(*place) for place in [(0, 3, "PER"), (8, 11, "PER")]] + [
        doc.char_span(*place) for place in [(15, 20, "LOC"), (25, 30, "LOC")]
    ]
    strings = {"PER": ["Ada", "Zoë"], "LOC": ["Paris", "Paris"]}
    assert strings_by_label(doc.ents) == strings
    assert strings_by_label([]) == {}

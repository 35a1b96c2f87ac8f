"""Further occurrences of strings that were found, as whole tokens."""

from spacy_padellm.spans.occurrences import other_occurrences
from spacy_padellm.types import LabelledSpan

from .random_docs import make_doc


def others(doc, *spans, **settings):
    found = other_occurrences(doc, spans, **settings)
    return [(c.start, c.end, c.label, c.score) for _, c, _ in found]


def test_every_further_occurrence_has_the_label_and_the_score():
    doc = make_doc(*"Tom wrote : Hi Tom , yours Tom".split())
    found = others(doc, LabelledSpan(0, 1, "PER", 0.9))
    assert found == [(4, 5, "PER", 0.9), (7, 8, "PER", 0.9)]


def test_only_whole_tokens_count():
    doc = make_doc("Tom", "Tomato", "tom", "Tom's")
    assert others(doc, LabelledSpan(0, 1, "PER")) == []


def test_whitespace_between_tokens_may_differ():
    doc = make_doc("Ann", "Lee", "Ann", "\n", "Lee", spaces=[1, 1, 0, 0, 0])
    assert others(doc, LabelledSpan(0, 2, "PER")) == [(2, 5, "PER", 1.0)]


def test_both_unicode_forms_are_one_string():
    doc = make_doc("Jos\u00e9", "Jose\u0301")
    assert others(doc, LabelledSpan(0, 1, "PER")) == [(1, 2, "PER", 1.0)]


def test_invisible_marks_may_differ():
    doc = make_doc("\u200eMaria", "Maria", "Ma\u00adria\u200f", "\u200b", "Marian")
    found = others(doc, LabelledSpan(0, 1, "PER"))
    assert found == [(1, 2, "PER", 1.0), (2, 3, "PER", 1.0)]


def test_a_token_of_invisible_marks_alone_is_none_of_the_others():
    doc = make_doc("\u200b", "\u200b", "\u200e", "a")
    assert others(doc, LabelledSpan(0, 1, "PER")) == [(1, 2, "PER", 1.0)]


def test_longer_strings_come_first():
    doc = make_doc(*"Ann Lee , Ann , Ann Lee , Ann".split())
    spans = LabelledSpan(0, 2, "PER"), LabelledSpan(3, 4, "ORG")
    assert others(doc, *spans) == [(5, 7, "PER", 1.0), (8, 9, "ORG", 1.0)]


def test_of_two_labels_the_one_of_higher_rank_is_taken():
    doc = make_doc(*"Bell Bell Bell".split())
    spans = LabelledSpan(0, 1, "PER", 0.4), LabelledSpan(1, 2, "ORG", 0.8)
    assert others(doc, *spans) == [(2, 3, "ORG", 0.8)]


def test_tokens_that_other_spans_have_are_not_searched():
    doc = make_doc(*"England , Bank of England".split())
    bank = LabelledSpan(2, 5, "ORG")
    assert others(doc, LabelledSpan(0, 1, "LOC"), taken=[bank]) == []


def test_a_part_that_was_found_alone_is_no_obstacle():
    doc = make_doc(*"Ann Lee came , Ann Lee left , and Ann Lee Cook".split())
    whole, part = LabelledSpan(0, 2, "PER", 0.9), LabelledSpan(5, 6, "ORG", 0.8)
    longer = LabelledSpan(10, 12, "ORG")  # Lee Cook
    found = other_occurrences(doc, [whole, part, longer])
    assert [(one.copy.start, one.source, one.inner) for one in found] == [(4, 0, (1,))]


def test_the_same_string_found_again_is_no_part():
    doc = make_doc(*"Ann Lee , Ann Lee".split())
    spans = LabelledSpan(0, 2, "PER"), LabelledSpan(3, 5, "ORG")
    assert others(doc, *spans) == []


def test_a_better_span_with_another_label_stays():
    doc = make_doc(*"Ann said , Ann said".split())
    bad, good = LabelledSpan(0, 2, "ORG", 0.2), LabelledSpan(3, 4, "PER", 0.9)
    assert others(doc, bad, good) == []
    [found] = other_occurrences(doc, [bad, LabelledSpan(3, 4, "ORG", 0.9)])
    assert (found.copy.start, found.copy.end) == (3, 5)

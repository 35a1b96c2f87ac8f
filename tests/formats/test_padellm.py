"""PaDeLLM asks for all counts, then for all mentions, and reads the answers back."""

import math

import pytest

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES

from .oracle import Oracle

TEXT = "Rear tyre, front tyre, tyre lever and a pump; more tyres, more pumps."
LABELS = {"PART": "part", "TOOL": "tool"}
# A count is what is written, and that may be any token.
AS_IN_PAPER = {"count_threshold": None, "among_allowed": False}


@pytest.fixture(params=TEMPLATES)
def ask(request, tiny_tokenizer):
    """Extract from one text; gives the extraction and the oracle that was asked."""

    def ask(answers, *, labels=LABELS, text=TEXT, settings=None, **oracle_settings):
        format = build_padellm_v1(template=request.param, **(settings or {}))
        known = {(text, name): mentions for name, mentions in answers.items()}
        oracle = Oracle(request.param, tiny_tokenizer, known, **oracle_settings)
        (extraction,) = extract_in_session(
            [Query(text, labels)], oracle, tokenizer=tiny_tokenizer, format=format
        )
        return extraction, oracle

    return ask


def found(extraction):
    return [(m.label, m.index, m.text) for m in extraction.mentions]


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_gold_of_a_corpus_comes_back(template, workshop, tiny_tokenizer):
    labels = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
    gold = {
        (row.text, labels[label]): [row.text[slice(*span)] for span in spans]
        for row in workshop
        for label, spans in row.spans.items()
    }
    format = build_padellm_v1(template=template)
    oracle = Oracle(template, tiny_tokenizer, gold)
    queries = [Query(row.text, labels) for row in workshop]
    for query, extraction in zip(
        queries,
        extract_in_session(queries, oracle, tokenizer=tiny_tokenizer, format=format),
        strict=True,
    ):
        expected = [
            (label, index, mention)
            for label, name in labels.items()
            for index, mention in enumerate(gold.get((query.text, name), ()), start=1)
        ]
        assert found(extraction) == expected
        assert extraction.counts == {
            label: len(gold.get((query.text, name), ()))
            for label, name in labels.items()
        }
    assert len(oracle.calls) == 2


def test_two_calls_ask_for_counts_and_then_for_mentions(ask):
    _, oracle = ask({"part": ["Rear tyre", "front tyre"]})
    assert oracle.asked(0) == [("part", None, None), ("tool", None, None)]
    # beside the mentions: is there a further digit?
    assert oracle.asked(1) == [
        ("part", "2", None),
        ("part", "2", "1"),
        ("part", "2", "2"),
    ]
    assert len(oracle.calls) == 2


def test_where_there_is_nothing_one_call_is_all(ask):
    extraction, oracle = ask({})
    assert extraction.mentions == () and extraction.counts == {"PART": 0, "TOOL": 0}
    assert len(oracle.calls) == 1


def test_a_mention_that_occurs_twice_is_two_mentions(ask):
    extraction, _ = ask({"part": ["tyre", "pump", "tyre"]})
    assert found(extraction) == [
        ("PART", 1, "tyre"),
        ("PART", 2, "pump"),
        ("PART", 3, "tyre"),
    ]


def test_a_count_may_have_two_digits(ask):
    mentions = [f"tyre {n}" for n in range(12)]
    extraction, oracle = ask({"part": mentions, "tool": ["pump"]})
    assert extraction.counts == {"PART": 12, "TOOL": 1}
    assert [m.text for m in extraction.mentions] == [*mentions, "pump"]
    # what was asked for a count of 1 is asked no more
    assert oracle.asked(2) == [
        ("part", "12", None),
        *(("part", "12", str(n)) for n in range(1, 13)),
    ]
    assert len(oracle.calls) == 3


def test_a_count_may_be_one_token(ask):
    mentions = [f"tyre {n}" for n in range(12)]
    extraction, oracle = ask(
        {"part": mentions}, counts={"part": ["12"]}, settings=AS_IN_PAPER
    )
    assert extraction.counts["PART"] == 12 and len(extraction.mentions) == 12
    assert len(oracle.calls) == 2


def test_space_before_a_digit_is_no_matter(ask):
    extraction, _ = ask(
        {"part": ["tyre", "pump"]}, counts={"part": [" 2"]}, settings=AS_IN_PAPER
    )
    assert [m.text for m in extraction.mentions] == ["tyre", "pump"]


@pytest.mark.parametrize(
    "answer",
    ["two", "２", "٣", "²", "½", "Ⅳ", "", " ", "-1", "1.5", "<|im_end|>", "1 2"],
)
@pytest.mark.parametrize("settings", [{}, AS_IN_PAPER], ids=["median", "likeliest"])
def test_what_is_not_ascii_digits_is_no_count(ask, answer, settings):
    extraction, oracle = ask(
        {"part": ["tyre"], "tool": ["pump"]},
        counts={"part": [answer]},
        settings=settings,
    )
    assert extraction.counts == {"PART": 0, "TOOL": 1}
    assert found(extraction) == [("TOOL", 1, "pump")]
    assert all(name == "tool" for name, *_ in oracle.asked(1))


def test_zero_ends_a_count(ask):
    extraction, oracle = ask({"part": ["tyre"] * 9}, counts={"part": ["0", "9"]})
    assert extraction.counts["PART"] == 0 and len(oracle.calls) == 1


@pytest.mark.parametrize("written", [["9"], ["1", "2"], ["9", "9", "9", "9"]])
def test_no_more_mentions_are_asked_for_than_the_cap(ask, written):
    extraction, oracle = ask(
        {"part": ["tyre"] * 9}, counts={"part": written}, settings={"max_count": 3}
    )
    assert extraction.counts["PART"] == 3
    assert found(extraction) == [("PART", n, "tyre") for n in (1, 2, 3)]
    assert len(oracle.calls) <= 3
    # the prompts say 3 as well
    assert {count for _, count, index in oracle.asked(-1) if index} == {"3"}


def test_no_more_mentions_are_asked_for_than_the_text_has_tokens(ask, tiny_tokenizer):
    text = "日 ab"
    n_tokens = len(tiny_tokenizer.encode(text, add_special_tokens=False).ids)
    extraction, _ = ask({"part": ["ab"] * 99}, text=text, counts={"part": ["9", "9"]})
    assert n_tokens <= len(extraction.mentions) <= n_tokens + 1


def test_a_mention_is_no_longer_than_the_text_and_the_cap(ask, tiny_tokenizer):
    n_tokens = len(tiny_tokenizer.encode(TEXT, add_special_tokens=False).ids)
    for cap, longest in ((5, 5), (500, n_tokens + 2)):
        _, oracle = ask({"part": ["tyre"]}, settings={"max_mention_tokens": cap})
        most = oracle.calls[1][0][1].max_new_tokens
        assert most == cap if cap == 5 else n_tokens < most <= longest


def test_mentions_carry_the_probability_that_there_are_so_many(ask):
    digits = [0.1, 0.2, 0.4, 0.2, 0.05, 0.02, 0.01, 0.0, 0.0, 0.0]
    extraction, _ = ask(
        {"part": ["tyre", "pump"]}, labels={"PART": "part"}, digits=digits
    )
    for mention in extraction.mentions:
        at_least = sum(digits[mention.index :])
        assert mention.count_logprob == pytest.approx(math.log(at_least))
        assert mention.logprob == pytest.approx(-0.1 * mention.index)
        assert mention.score == pytest.approx(at_least * math.exp(-0.1 * mention.index))


def test_with_two_digits_it_is_the_probability_of_the_digits(ask):
    extraction, _ = ask({"part": ["tyre"] * 12})
    assert {m.count_logprob for m in extraction.mentions} == {-1.0}


def test_each_text_has_its_own_labels(tiny_tokenizer):
    oracle = Oracle(
        "compact", tiny_tokenizer, {("a b", "x"): ["a"], ("b c", "y"): ["c"]}
    )
    queries = [Query("a b", {"X": "x"}), Query("b c", {"Y": "y"}), Query("d", {})]
    one, other, none = extract_in_session(
        queries, oracle, tokenizer=tiny_tokenizer, format=build_padellm_v1()
    )
    assert (found(one), one.counts) == ([("X", 1, "a")], {"X": 1})
    assert (found(other), other.counts) == ([("Y", 1, "c")], {"Y": 1})
    assert (found(none), none.counts) == ([], {})


def test_an_unknown_template_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"E501.*'padelm'.*compact, padellm\.en"):
        build_padellm_v1(template="padelm")


@pytest.mark.parametrize("setting", ["max_count", "max_mention_tokens"])
def test_a_cap_is_one_or_more(setting):
    with pytest.raises(ValueError, match=f"E502.*{setting} is 0"):
        build_padellm_v1(**{setting: 0})

"""OneStep and both autoregressive formats: what they learn, they read back."""

import pytest

from spacy_padellm.formats.autoreg_aug import build_autoreg_aug_v1
from spacy_padellm.formats.autoreg_struct import build_autoreg_struct_v1
from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.one_step import build_one_step_v1
from tests.conftest import GoldText

from .answering import LOGPROB, Answering, answer_gold, answer_string

LABELS = {"PART": "part", "FAULT": "fault", "TOOL": "tool"}
BUILDERS = [build_one_step_v1, build_autoreg_struct_v1, build_autoreg_aug_v1]
ODD = [
    "a [b] (c) | d : e , f",
    "((x : y) , (z : w))",
    "[ bell | part ] and | tool ]",
    " leading, trailing  and   inner spaces ",
    "new\nlines\r\nand\ttabs",
    "日本語の文。 And English (mixed).",
    "👩‍👩‍👧‍👦 emoji é",
    "one",
]


@pytest.fixture(params=BUILDERS, ids=lambda build: build().name)
def format(request):
    return request.param()


def test_the_gold_of_a_corpus_comes_back(format, workshop, any_tokenizer):
    rows = workshop[:150]
    extractions = answer_gold(format, rows, LABELS, any_tokenizer)
    for row, extraction in zip(rows, extractions, strict=True):
        assert sorted(
            (m.label, m.index, m.text) for m in extraction.mentions
        ) == sorted(
            (label, index, row.text[slice(*span)])
            for label, spans in row.spans.items()
            for index, span in enumerate(spans, start=1)
        )
        assert extraction.counts == {
            label: len(row.spans.get(label, ())) for label in LABELS
        }
        assert not extraction.lost


@pytest.mark.parametrize("text", ODD)
def test_a_text_without_mentions_loses_nothing(format, text, tiny_tokenizer):
    (extraction,) = answer_gold(format, [GoldText(text, {})], LABELS, tiny_tokenizer)
    assert extraction.mentions == () and not extraction.lost
    assert extraction.counts == {"PART": 0, "FAULT": 0, "TOOL": 0}


@pytest.mark.parametrize("text", ODD)
def test_any_word_of_an_odd_text_comes_back(format, text, tiny_tokenizer):
    """Unless brackets of the text's own stand where a format's would."""
    for word in ("d", "y", "bell", "inner", "lines", "English", "emoji", "one"):
        start = text.find(word)
        if start < 0:
            continue
        row = GoldText(text, {"TOOL": [(start, start + len(word))]})
        (extraction,) = answer_gold(format, [row], LABELS, tiny_tokenizer)
        assert [(m.label, m.text) for m in extraction.mentions] == [("TOOL", word)]
        assert not extraction.lost


def test_each_asks_in_one_call(format, tiny_tokenizer):
    query = Query("Bell and tyre.", LABELS)
    golds = format.gold(query, {"PART": [(0, 4)]}, tiny_tokenizer)
    session = Answering(tiny_tokenizer, {g.prompt: g.answer for g in golds})
    extract_in_session([query], session, tokenizer=tiny_tokenizer, format=format)
    n_labels = len(LABELS) if format.name == "OneStep" else 1
    assert [[len(row) for row in call] for call in session.asked] == [[n_labels]]


def test_lengths_are_the_generated_tokens_of_each_sequence(format, tiny_tokenizer):
    row = GoldText("Bell and tyre.", {"PART": [(0, 4), (9, 13)]})
    query = Query(row.text, LABELS)
    (extraction,) = answer_gold(format, [row], LABELS, tiny_tokenizer)
    golds = format.gold(query, row.spans, tiny_tokenizer)
    assert extraction.lengths == tuple(len(gold.answer) for gold in golds)


def test_a_mention_has_the_probability_of_its_own_tokens(format, tiny_tokenizer):
    row = GoldText("Bell and tyre.", {"PART": [(0, 4)], "TOOL": [(9, 13)]})
    (extraction,) = answer_gold(format, [row], LABELS, tiny_tokenizer)
    (total,) = {sum(extraction.lengths)}
    for mention in extraction.mentions:
        n_tokens = mention.logprob / LOGPROB
        n_mention = len(tiny_tokenizer.encode(mention.text).ids)
        assert n_mention - 1 <= n_tokens < total
        assert 0 < mention.score < 1


def test_an_answer_that_never_ends_is_cut_and_says_so(format, tiny_tokenizer, workshop):
    """At most so many tokens as the setting says, and as the text could need."""
    build = {build().name: build for build in BUILDERS}[format.name]
    row = next(row for row in workshop if len(row.spans.get("PART", ())) > 1)
    short = build(max_new_tokens=6)
    (extraction,) = answer_gold(short, [row], LABELS, tiny_tokenizer)
    assert extraction.lost["cut off"] >= 1
    assert max(extraction.lengths) == 6
    whole = {row.text[slice(*span)] for spans in row.spans.values() for span in spans}
    assert {mention.text for mention in extraction.mentions} <= whole


def test_a_limit_is_one_or_more(format):
    build = {build().name: build for build in BUILDERS}[format.name]
    with pytest.raises(ValueError, match="E502.*max_new_tokens is 0"):
        build(max_new_tokens=0)


def test_one_step_reads_a_line_a_mention(tiny_tokenizer):
    extraction = answer_string(
        build_one_step_v1(), "\n bell \n\n tyre\n", "x" * 40, {"A": "a"}, tiny_tokenizer
    )
    assert [m.text for m in extraction.mentions] == ["bell", "tyre"]


def test_one_step_writes_a_mention_of_two_lines_in_one(tiny_tokenizer):
    query = Query("Sent to New\nYork and Oslo.", {"LOC": "location"})
    gold = build_one_step_v1().gold(query, {"LOC": [(8, 16), (21, 25)]}, tiny_tokenizer)
    answer = tiny_tokenizer.decode(gold[0].answer)
    assert answer.split("\n")[0].strip() == "New York"
    assert answer.split("\n")[1].strip().startswith("Oslo")


@pytest.mark.parametrize("build", BUILDERS[1:], ids=lambda build: build().name)
def test_a_list_of_names_with_a_long_label_is_written_to_its_end(build, tiny_tokenizer):
    name = "bicycle part (a component or accessory of a bicycle, such as a saddle)"
    words = "bell tyre pump fork stem rim hub chain brake pedal".split()
    text = " ".join(words)
    spans, start = [], 0
    for word in words:
        spans.append((start, start + len(word)))
        start += len(word) + 1
    row = GoldText(text, {"PART": spans})
    (extraction,) = answer_gold(build(), [row], {"PART": name}, tiny_tokenizer)
    assert [mention.text for mention in extraction.mentions] == words
    assert not extraction.lost

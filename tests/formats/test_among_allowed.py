"""A count's first digit is learned and written among digits, a mention's tokens among
those that go on in the text, or end the mention."""

import re

import pytest

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.extraction import extract_in_session
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES

from .oracle import Oracle

TEXT = "Ann (of FIFA) met Ann-Lu in Oslo; 12 of FIFA's men met unhappy Bo."
LABELS = {"PER": "person", "ORG": "organization", "LOC": "place"}
MENTIONS = {"PER": ["Ann", "Ann-Lu", "Bo"], "ORG": ["FIFA", "FIFA's men"]}


def gold_of(template, tokenizer, spans, text=TEXT, labels=LABELS, **settings):
    settings = {"among_allowed": True} | settings
    format = build_padellm_v1(template=template, **settings)
    return format.gold(Query(text, labels), spans, tokenizer)


@pytest.fixture
def spans():
    return {
        label: [re.search(f"{name}(?![-'])", TEXT).span() for name in names]
        for label, names in MENTIONS.items()
    }


def first_digits(tokenizer):
    """What may begin a count: the digits as they stand behind other text."""
    return {tokenizer.encode(f"\n{digit}").ids[-1] for digit in range(10)}


def goes_on(text, written):
    """Whether these letters, less a space before them, stand in the text from where a
    word or a sign begins."""
    starts = [m.start() for m in re.finditer(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]", text)]
    copy = written.removeprefix(b" ")
    return any(text.encode("ascii").startswith(copy, start) for start in starts)


def assert_ways_to_go_on(gold, n_before, tokenizer, text=TEXT):
    """The sets of a mention's tokens, behind `n_before` others of the answer, are what
    trying every token of the vocabulary gives."""
    spelled = tokenizer.spelling.of
    written = b""
    for token, allowed in zip(
        gold.answer[n_before:], gold.allowed[n_before:], strict=True
    ):
        assert token in allowed and tokenizer.eos_id in allowed
        assert len({*allowed}) == len(allowed)
        pieces = {spelled[one] for one in allowed if one != tokenizer.eos_id}
        assert pieces == {
            piece for piece in spelled if piece and goes_on(text, written + piece)
        }
        written += spelled[token]


@pytest.mark.parametrize("template", TEMPLATES)
def test_counts_are_among_digits_and_mentions_among_parts_of_the_text(
    template, any_tokenizer, spans
):
    *mentions, nothing = gold_of(template, any_tokenizer, spans)
    prompts = TEMPLATES[template].prompts(TEXT, any_tokenizer)
    names = [LABELS[label] for label, names in MENTIONS.items() for _ in names]
    places = [(3, 1), (3, 2), (3, 3), (2, 1), (2, 2)]
    for gold, name, (count, index) in zip(mentions, names, places, strict=True):
        prompt = prompts.mention(name, count, index)
        n_before = len(prompt) - len(gold.prompt)
        assert set(gold.allowed[0]) == first_digits(any_tokenizer)
        assert gold.answer[0] in gold.allowed[0]
        # the template's own text is among the whole vocabulary
        assert set(gold.allowed[1:n_before]) == {None}
        assert_ways_to_go_on(gold, n_before, any_tokenizer)
    digits, end = nothing.allowed
    assert set(digits) == first_digits(any_tokenizer) and end is None


@pytest.mark.parametrize("template", TEMPLATES)
def test_mentions_may_be_anything_if_not_only_in_the_text(
    template, any_tokenizer, spans
):
    for gold in gold_of(template, any_tokenizer, spans, only_in_text=False):
        first, *others = gold.allowed
        assert set(first) == first_digits(any_tokenizer)
        assert others == [None] * (len(gold.answer) - 1)


@pytest.mark.parametrize("template", TEMPLATES)
def test_nothing_is_among_less_than_all_as_in_the_paper(template, any_tokenizer, spans):
    whole = gold_of(template, any_tokenizer, spans, among_allowed=False)
    assert [gold.allowed for gold in whole] == [()] * len(whole)
    # nothing else changes
    among = gold_of(template, any_tokenizer, spans)
    for one, other in zip(whole, among, strict=True):
        assert (one.prompt, one.answer) == (other.prompt, other.answer)
        assert (one.weights, one.prefix) == (other.weights, other.prefix)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_mention_inside_of_a_word_is_among_all_tokens(template, any_tokenizer):
    start = TEXT.index("happy")
    spans = {"PER": [(start, start + 5), (0, 3)]}
    inside, copy, *_ = gold_of(template, any_tokenizer, spans)
    assert set(inside.allowed[0]) == first_digits(any_tokenizer)
    assert inside.allowed[1:] == (None,) * (len(inside.answer) - 1)
    assert copy.allowed[-1] is not None


@pytest.mark.parametrize("template", TEMPLATES)
def test_mentions_are_among_all_tokens_if_tokens_do_not_spell_the_text(
    template, tiny_tokenizer, spans, monkeypatch
):
    monkeypatch.setattr(tiny_tokenizer, "spelling", None)
    for gold in gold_of(template, tiny_tokenizer, spans):
        assert set(gold.allowed[0]) == first_digits(tiny_tokenizer)
        assert set(gold.allowed[1:]) == {None}


def letters():
    """Twelve mentions."""
    text = " ".join("abcdefghijkl")
    return text, {"PER": [(2 * i, 2 * i + 1) for i in range(12)]}


def test_further_digits_of_a_count_are_among_all_tokens(any_tokenizer):
    """There may be none."""
    text, spans = letters()
    for gold in gold_of("compact", any_tokenizer, spans, text, {"PER": "person"}):
        assert any_tokenizer.decode(gold.answer[:2]).strip() == "12"
        assert set(gold.allowed[0]) == first_digits(any_tokenizer)
        assert gold.allowed[1] is None


def test_a_count_of_one_token_is_among_all_tokens(split_by_regex):
    text, spans = letters()
    golds = gold_of("padellm.en", split_by_regex, spans, text, {"PER": "person"})
    assert len(golds) == 12
    for gold in golds:
        assert split_by_regex.decode(gold.answer[:1]) == "12"
        assert gold.allowed[0] is None and gold.allowed[-1] is not None


@pytest.mark.parametrize("among_allowed", [True, False])
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_first_digit_and_mentions_are_asked_for_as_they_are_learned(
    template, among_allowed, tiny_tokenizer
):
    text, _ = letters()
    oracle = Oracle(template, tiny_tokenizer, {(text, "person"): list("abcdefghijkl")})
    format = build_padellm_v1(template=template, among_allowed=among_allowed)
    query = Query(text, {"PER": "person"})
    extract_in_session([query], oracle, tokenizer=tiny_tokenizer, format=format)
    (count,), (digit, *mentions) = oracle.calls[0][0], oracle.calls[1][0]
    assert count.among_allowed is among_allowed
    assert set(count.candidates) == first_digits(tiny_tokenizer)
    # a second digit may be none
    assert digit.candidates == count.candidates and not digit.among_allowed
    assert mentions and {branch.among_allowed for branch in mentions} == {among_allowed}
    assert all(branch.constrained and not branch.candidates for branch in mentions)


@pytest.mark.parametrize("value", ["yes", None, 1])
def test_the_setting_is_true_or_false(value):
    with pytest.raises(ValueError, match=f"E806.*among_allowed is {value!r}"):
        build_padellm_v1(among_allowed=value)


def test_counts_are_medians_among_all_tokens_unless_set():
    format = build_padellm_v1()
    assert (format.count_threshold, format.among_allowed) == (0.5, False)
    assert build_padellm_v1(count_threshold=None).count_threshold is None
    assert build_padellm_v1(among_allowed=True).among_allowed is True

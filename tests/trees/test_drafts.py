"""What a mention may be, and that drafts change nothing but the number of passes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.engines.packed import PackedEngine
from spacy_padellm.formats.segments import TextSegments, mention_draft
from spacy_padellm.trees.branch import Branch
from spacy_padellm.trees.drafts import TextDraft

from ..engines.plain import assert_same, fits_at

ODD = [
    "Ann (of FIFA) met Bo.",
    "東京都の人。Tokyo's Übermut",
    "👩‍👩‍👧‍👦 e\u0301 twice  spaced\n\nlines",
    " led by a space",
    "ab ab abc",
]


@pytest.fixture
def draft(any_tokenizer):
    return lambda text: mention_draft(TextSegments(text, any_tokenizer))


@pytest.fixture(params=["tiny_tokenizer", "metaspace", "split_by_regex"])
def any_tokenizer(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("text", ODD)
def test_tokens_spell_the_text(draft, text):
    assert draft(text).text.decode().strip() == text.strip()


@pytest.mark.parametrize("text", ODD)
def test_what_may_follow_is_what_goes_on_in_the_text(draft, text):
    """By trying every token of the vocabulary, along some copies."""
    mention = draft(text)
    spelled = mention.spelling.of
    for copy in (text[:3], text[4:9], text[-4:]):
        state, written = mention.start(), b""
        while True:
            expected = {
                token
                for token, piece in enumerate(spelled)
                if piece and fits_at(mention.text, written + piece, mention.starts)
            }  # fmt: skip
            allowed = mention.allowed(state)
            assert {spelled[t] for t in allowed} == {spelled[t] for t in expected}
            going = [
                token
                for token in expected
                if copy.strip().encode().startswith((written + spelled[token]).strip())
            ]
            if not going:
                break
            state = mention.advance(state, going[0])
            written += spelled[going[0]]


@pytest.mark.parametrize("text", ODD)
def test_what_may_follow_later_comes_after_what_may_follow_now(draft, text):
    mention = draft(text)
    first = mention.allowed(None)
    ahead = mention.ahead(None, 1000)
    assert ahead[: len(first)] == first and len(set(ahead)) == len(ahead)
    for token in first:
        state = mention.advance(None, token)
        assert set(mention.allowed(state)) <= set(ahead)
    assert mention.ahead(None, 1) == first, "what may follow now is never left out"
    few = mention.ahead(None, len(first) + 2)
    assert few == ahead[: len(first) + 2]


def test_a_mention_begins_where_a_word_may(tiny_tokenizer):
    mention = mention_draft(TextSegments("Ann (of) 東京", tiny_tokenizer))
    starts = {mention.text[at:].decode() for at in mention.starts}
    assert starts == {
        "Ann (of) 東京", "(of) 東京", "of) 東京", ") 東京", "東京", "京",
    }  # fmt: skip


def test_all_places_of_a_string_are_proposed(tiny_tokenizer):
    text = TextSegments("ab cd, ab ef, ab cd", tiny_tokenizer)
    mention = mention_draft(text)
    state = mention.start()
    for token in text.part(0, 2):
        state = mention.advance(state, token)
    proposed = [tiny_tokenizer.decode(ids) for ids in mention.propose(state, 3)]
    assert len(proposed) == 2
    assert proposed[0].startswith(" c") and proposed[1].startswith(" e")


def test_a_text_is_proposed_from_where_its_copy_stands():
    draft = TextDraft((5, 6, 7, 8))
    state = draft.start()
    assert draft.propose(state, 2) == [(5, 6)]
    for token in (5, 99, 98, 6):  # marks leave the copy where it is
        state = draft.advance(state, token)
    assert draft.propose(state, 9) == [(7, 8)]
    for token in (7, 8, 8):
        state = draft.advance(state, token)
    assert draft.propose(state, 9) == []


@given(text=st.text(min_size=1, max_size=40))
def test_any_text_can_be_copied_from_its_tokens(text, tiny_tokenizer):
    segments = TextSegments(text, tiny_tokenizer)
    mention = mention_draft(segments)
    if not text.strip() or mention is None:
        return
    at = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    state = mention.start()
    for token in segments.part(at, end):
        assert token in mention.allowed(state)
        state = mention.advance(state, token)
    assert len(mention.text.decode().rstrip().encode()) in state


@pytest.fixture
def branches(workshop, tiny_tokenizer):
    rows = []
    for row in workshop[:60]:
        text = TextSegments(row.text, tiny_tokenizer)
        draft = mention_draft(text)
        rows.append(
            [
                Branch(
                    text.prompt + text.segment(f"{name}:1\n1"),
                    max_new_tokens=9,
                    stop_ids=frozenset((tiny_tokenizer.eos_id,)),
                    draft=draft,
                    constrained=True,
                )
                for name in ("part", "fault")
            ]
        )
    return rows


def complete(engine, branches, size):
    done = []
    for start in range(0, len(branches), size):
        with engine.session(len(branches[start : start + size])) as session:
            done += session.complete(branches[start : start + size])
    return done


@pytest.mark.parametrize("among_allowed", [False, True])
@pytest.mark.parametrize("size", [1, 8])
def test_drafts_change_only_the_number_of_passes(
    engine, plain, branches, size, among_allowed
):
    branches = [
        [replace(branch, among_allowed=among_allowed) for branch in row]
        for row in branches
    ]
    expected = plain.complete(branches)
    passes = {}
    for drafts in (True, False):
        one = PackedEngine(engine.lm, engine.tokenizer, drafts=drafts)
        assert_same(complete(one, branches, size), expected)
        passes[drafts] = one.usage.passes
    assert passes[True] < (0.75 if size == 1 else 1.0) * passes[False]


def test_a_mention_is_in_the_text(engine, branches, workshop):
    for row, done in zip(workshop, complete(engine, branches, 8), strict=False):
        for completion in done:
            assert completion.text.strip() in row.text


def test_a_rejected_draft_is_never_seen(engine, plain, branches, monkeypatch):
    """Where drafts are always wrong, what is written is the same."""
    draft_type = type(branches[0][0].draft)

    def wrong(self, state, n):
        return [(7, 8, 9)[:n], (7, 9)[:n]]

    expected = plain.complete(branches[:20])
    monkeypatch.setattr(draft_type, "propose", wrong)
    monkeypatch.setattr(draft_type, "advance", lenient(draft_type.advance))
    assert_same(complete(engine, branches[:20], 4), expected)


def lenient(advance):
    return lambda self, state, token: advance(self, state, token) or ()


def test_of_texts_that_share_a_row_none_sees_another(engine, plain, branches):
    """Sixty short texts in rows of 128 tokens: the cache has fewer rows than texts."""
    with engine.session(len(branches)) as session:
        done = session.complete(branches)
        assert 1 <= len(session.visible) < len(branches) / 2
    assert_same(done, plain.complete(branches))


def test_the_first_pass_of_a_batch_is_hardly_padded(engine, branches):
    engine = PackedEngine(engine.lm, engine.tokenizer)
    one_token = [[replace(b, max_new_tokens=1) for b in row] for row in branches]
    complete(engine, one_token, 30)
    assert engine.usage.passes == engine.usage.sessions == 2
    assert engine.usage.padded / engine.usage.tokens < 1.08

"""A text in tokens that hold whole characters, and nothing over a cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.formats.segments import TextSegments, encode_in_parts
from spacy_padellm.types import EncodedText

BYTE_LEVEL = ["tiny_tokenizer", "split_by_regex"]
# Of one to four bytes; combining marks, joiners, spaces of three bytes.
ODD = "a Bé1\n\t.京東。한👍🏽👩\u200d👩e\u0301ก็\u3000\xa0\u2028ﬁ\x00"
texts = st.one_of(
    st.text(ODD, max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=15),
)


@st.composite
def cut_texts(draw):
    text = draw(texts)
    return text, draw(st.sets(st.integers(0, len(text)), max_size=5))


@pytest.fixture(scope="session", params=[*BYTE_LEVEL, "metaspace"])
def tokenizer(request):
    return request.getfixturevalue(request.param)


def printed(text, start, end):
    """The characters that are not blank."""
    return {place for place in range(start, end) if not text[place].isspace()}


@given(cut_texts())
def test_offsets_rise_and_cover_all_that_is_not_blank(tokenizer, cut_text):
    text, cuts = cut_text
    offsets = encode_in_parts(text, tokenizer, cuts).offsets
    for (start, end), (next_start, next_end) in pairwise(offsets):
        assert start <= next_start and end <= next_end
    covered = {place for start, end in offsets for place in range(start, end)}
    assert covered >= printed(text, 0, len(text))
    for start, end in offsets:
        assert 0 <= start <= end <= len(text)
        assert text[start:end].strip() == text[start:end]


@given(cut_texts())
def test_a_token_with_a_part_of_a_character_has_no_other(tokenizer, cut_text):
    text, cuts = cut_text
    offsets = encode_in_parts(text, tokenizer, cuts).offsets
    held = [printed(text, start, end) for start, end in offsets]
    for number, one in enumerate(held):
        for other in held[number + 1 :]:
            if one & other:
                assert one == other and len(one) == 1


@given(cut_texts())
def test_no_token_reaches_over_a_cut(tokenizer, cut_text):
    text, cuts = cut_text
    for start, end in encode_in_parts(text, tokenizer, cuts).offsets:
        assert not any(start < cut < end for cut in cuts)


@pytest.mark.parametrize("kind", BYTE_LEVEL)
@given(cut_text=cut_texts())
def test_the_tokens_spell_the_text(tiny_tokenizer, split_by_regex, kind, cut_text):
    text, cuts = cut_text
    tokenizer = {"tiny_tokenizer": tiny_tokenizer, "split_by_regex": split_by_regex}
    encoded = encode_in_parts(text, tokenizer[kind], cuts)
    spelled = b"".join(tokenizer[kind].spelling.of[token] for token in encoded.ids)
    assert spelled == text.encode("utf8")
    assert len(encoded.ids) == len(encoded.offsets)


@pytest.mark.parametrize("kind", BYTE_LEVEL)
def test_a_cut_before_a_word_changes_nothing(request, workshop, kind):
    """The space belongs to its token."""
    tokenizer = request.getfixturevalue(kind)
    for row in workshop[:50]:
        text = " " + row.text
        whole = tokenizer.encode(text, add_special_tokens=False)
        words = {at + 1 for at, character in enumerate(text) if character == " "}
        assert encode_in_parts(text, tokenizer, words).ids == whole.ids


def test_a_cut_within_a_token_splits_it(tokenizer, workshop):
    text = " " + workshop[0].text
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    start, end = max(offsets, key=lambda span: span[1] - span[0])
    cut = end - 1
    borders = {
        edge
        for span in encode_in_parts(text, tokenizer, {cut}).offsets
        for edge in span
    }
    assert start < cut and cut in borders


@pytest.mark.parametrize(("text", "cut"), [("mention", 3), (" mention", 4)])
def test_cuts_are_characters_of_the_text_with_or_without_a_space(
    tiny_tokenizer, text, cut
):
    """A space is put before a text that has none; its offsets count it."""
    assert len(tiny_tokenizer.encode(" mention", add_special_tokens=False).ids) == 1
    segments = TextSegments(text, tiny_tokenizer, cuts={cut})
    assert segments.encoded == encode_in_parts(" mention", tiny_tokenizer, {4})
    assert segments.n_tokens == len(segments.encoded.ids) > 1


@pytest.fixture(scope="module")
def chinese_tokenizer():
    """It joins words."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    joined = ["中国的", "在北京", "北京在", "是不是", "目的地", "的是", "共和国"]
    characters = sorted({*"".join(joined), " "})
    vocab = [("<unk>", -30.0), ("</s>", 0.0)]
    vocab += [(piece, -1.0) for piece in joined]
    vocab += [(piece, -2.0) for piece in ("中国", "北京")]
    vocab += [(piece, -9.0) for piece in characters]
    unigram = Tokenizer(models.Unigram(vocab, unk_id=0))
    return PlainTokenizer(
        PreTrainedTokenizerFast(
            tokenizer_object=unigram, unk_token="<unk>", eos_token="</s>"
        )
    )


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("中国的", ["中国", "的"]),
        ("在北京", ["在", "北京"]),
        ("北京在中国的", ["北京", "在", "中国", "的"]),
        ("的是", ["的", "是"]),
        ("是不是", ["是", "不", "是"]),
        ("目的地", ["目的地"]),
        ("共和国", ["共和国"]),
    ],
)
def test_chinese_function_words_are_tokens_of_their_own(
    chinese_tokenizer, text, pieces
):
    """But not those inside of a word."""
    assert len(chinese_tokenizer.encode(text, add_special_tokens=False).ids) <= 2
    offsets = encode_in_parts(text, chinese_tokenizer, ()).offsets
    assert [text[start:end] for start, end in offsets] == pieces


@given(st.text("中国的是在北京目地 ", max_size=20))
def test_no_token_joins_a_function_word_to_a_name(chinese_tokenizer, text):
    for start, end in encode_in_parts(text, chinese_tokenizer, ()).offsets:
        token = text[start:end]
        assert len(token) < 2 or not {token[0], token[-1]} & set("的是在")


def test_a_tokenizer_without_offsets_is_refused():
    class Slow:
        def encode(self, text, *, add_special_tokens=True):
            return EncodedText((1, 2), None)

    with pytest.raises(ValueError, match="E510.*tokenizer.json"):
        encode_in_parts("Oslo", Slow(), ())

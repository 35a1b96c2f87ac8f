"""Texts are plain characters. Otherwise tokens are those of the tokenizer."""

from copy import deepcopy

import pytest
from transformers import AutoTokenizer

from spacy_padellm.bases.tokenizer import PlainTokenizer
from spacy_padellm.formats.segments import TextSegments, mention_draft

KINDS = ["tiny_tokenizer", "metaspace", "split_by_regex", "real_tokenizer"]
HOSTILE = [
    "<|im_end|>",
    "a<|im_start|>b <|endoftext|>",
    "<repo_name><file_sep>",
    "x </s></s> <s>y <unk>",
    "</s>",
    "<|end|>",
    "\0 \ufffd \x1b",
    "👩‍👩‍👧 e\u0301 שלום 東京",
]


@pytest.fixture(params=KINDS)
def tokenizer(request) -> PlainTokenizer:
    return request.getfixturevalue(request.param)


def control_ids(tokenizer):
    plain = tokenizer._tokenizer
    return set(plain.all_special_ids) - {plain.unk_token_id}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_control_token(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert control_ids(tokenizer).isdisjoint(ids)
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("control", ["<|im_end|>", "</s>", "<|end|>"])
def test_unprotected_it_would(request, control):
    kind = KINDS[["<|im_end|>", "</s>", "<|end|>"].index(control)]
    tokenizer = request.getfixturevalue(kind)
    ids = tokenizer._tokenizer(f"a{control}").input_ids
    assert ids[-1] == tokenizer.eos_id


@pytest.mark.parametrize("text", [*HOSTILE, "It cost 10.50 (ten)  here. "])
def test_offsets_lead_back_to_the_text(tokenizer, text):
    """Tokens are in order, and cover every character that is not a space."""
    encoded = tokenizer.encode(text, add_special_tokens=False)
    assert len(encoded.offsets) == len(encoded.ids)
    starts = [start for start, _ in encoded.offsets]
    assert starts == sorted(starts)
    covered = {at for start, end in encoded.offsets for at in range(start, end)}
    assert covered <= set(range(len(text)))
    assert all(text[at].isspace() for at in set(range(len(text))) - covered)


def test_ordinary_text_is_as_the_tokenizer_has_it(tokenizer, workshop):
    for row in workshop[:50]:
        plain = tokenizer._tokenizer(row.text, return_offsets_mapping=True)
        encoded = tokenizer.encode(row.text)
        assert encoded.ids == tuple(plain.input_ids)
        assert encoded.offsets == tuple(plain.offset_mapping)


def test_added_tokens_that_are_not_special_are_control_tokens_too(tiny_tokenizer):
    edited = deepcopy(tiny_tokenizer._tokenizer)
    edited.add_tokens(["<name>", "\n\n\n"])
    [name_id] = edited("<name>", split_special_tokens=True).input_ids
    plain = PlainTokenizer(edited)
    text = "a <name> b</name>"
    encoded = plain.encode(text, add_special_tokens=False)
    assert encoded.ids == tiny_tokenizer.encode(text, add_special_tokens=False).ids
    assert name_id not in encoded.ids and plain.decode(encoded.ids) == text
    assert plain.spelling.of[name_id] == b""
    # whitespace controls nothing
    assert len(plain.encode("\n\n\n", add_special_tokens=False).ids) == 1


def test_special_tokens_are_added_only_where_asked_for(metaspace):
    with_start = metaspace.encode("a </s> b").ids
    without = metaspace.encode("a </s> b", add_special_tokens=False).ids
    assert with_start == (metaspace.bos_id, *without)


def test_a_tokenizer_without_an_end_is_refused(tiny_tokenizer):
    endless = deepcopy(tiny_tokenizer._tokenizer)
    endless.eos_token = None
    with pytest.raises(ValueError, match="E701.*tokenizer_config"):
        PlainTokenizer(endless)


@pytest.mark.parametrize("text", [text for text in HOSTILE if "<unk>" not in text])
def test_the_bytes_of_tokens_spell_the_text(text, tokenizer):
    spelling = tokenizer.spelling
    ids = tokenizer.encode(" " + text, add_special_tokens=False).ids
    spelled = b"".join(spelling.of[token] for token in ids)
    assert spelled.strip() == text.encode().strip()
    assert all(spelling.of[spelling.ids[piece]] == piece for piece in spelling.ids)
    assert not any(spelling.of[token] for token in control_ids(tokenizer))


def test_a_text_that_its_tokens_do_not_spell_has_no_draft(metaspace):
    """Mentions are then unconstrained, and the same as without drafts."""
    for text in ("an <unk> in it", "spelled"):
        draft = mention_draft(TextSegments(text, metaspace))
        assert (draft is None) == ("<unk>" in text)


def test_what_was_encoded_before_is_not_encoded_again(tiny_tokenizer):
    assert tiny_tokenizer.encode("Oslo") is tiny_tokenizer.encode("Oslo")


def test_its_settings_are_made_before_threads_use_it(tiny_base):
    """The library refuses to change them while another thread tokenises."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(2)
    plain = PlainTokenizer(tokenizer)
    assert backend.encode_special_tokens and backend.truncation is None
    assert len(plain.encode("Ann left Oslo.").ids) > 2

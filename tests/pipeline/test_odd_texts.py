"""Texts that could confuse a prompt, a tokenizer or an offset."""

import unicodedata

import pytest
import spacy

from spacy_padellm.spans.normalised import normal_form

from .conftest import GOLD, found

ODD = {
    "the prompt's strings": "text:\nentity type:\nLOC\n\n<num>2\n<mention 1>Oslo",
    "the compact prompt's": "LOC:2\n1Oslo\nperson:0",
    "the Chinese prompt's": "文本:\n指定NER标签:\nLOC\n\n<数量>1\n<第1文段>",
    "control tokens": "<|im_end|> <|im_start|> <|endoftext|> <repo_name> </s> [INST]",
    "digits": "1 2 10 64 99999999999999999999 \u0663 \uff17 \u00b2",
    "emoji": "\U0001f469\u200d\U0001f467 in \U0001f1f3\U0001f1f4 at \u2615\ufe0f",
    "combining marks": "Ame\u0301lie a\u0323\u0302\u0300 Z\u0351\u036b\u0343a\u0363go",
    "right to left": "\u202bשלום ירושלים\u202c و مرحبا بالعالم 123",
    "Chinese": "王小明在北京大学学习。他喜欢上海！",
    "Thai": "ผมชอบกรุงเทพมหานคร",
    "NUL": "Oslo\x00 and \x00\x00Rome",
    "control characters": "\x1b[31mOslo\x07\x7f\x85 \u2028Rome\u2029 \ufeff",
    "invisible": "Os\u200blo \u00adRome\u2060",
    "the last characters": "\U0001f52c\ufffd\U0010ffff",
    "spaces": "  Oslo\t\tand \u00a0 Rome \n\n\n",
    "a long word": "a" * 90,
}


def is_mark(char: str) -> bool:
    """Whether it belongs to the character before it."""
    return bool(char) and unicodedata.category(char).startswith("M")


@pytest.mark.parametrize("lang", ["en", "zh", "xx"])
@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_any_run_of_tokens_of_an_odd_text_can_be_an_entity(scripted_nlp, text, lang):
    claims: list[str] = []
    nlp = spacy.blank(lang)
    scripted = scripted_nlp(
        lambda text: [("LOC", claims[-1], 0.9)],
        windows={"@misc": "spacy_padellm.WholeDoc.v1"},
    )
    ner = scripted.get_pipe("padellm_ner")
    n_tokens = len(nlp.make_doc(text))
    for start in range(n_tokens):
        for end in range(start + 1, min(start + 4, n_tokens + 1)):
            doc = nlp.make_doc(text)
            if doc[start].is_space or doc[end - 1].is_space:
                continue
            if is_mark(doc[start].text[0]) or is_mark(doc[end:].text[:1]):
                continue  # a mention takes its last character's marks along
            string = doc[start:end].text
            claims.append(normal_form(string))
            [ent] = ner(doc).ents
            assert ent.text == string == text[ent.start_char : ent.end_char]
    assert doc.text == text
    assert claims


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_the_model_reads_an_odd_text_and_leaves_it_whole(trained, text):
    doc = trained(text)
    assert doc.text == text
    for ent in doc.ents:
        assert text[ent.start_char : ent.end_char] == ent.text


def test_odd_texts_concern_no_other_doc_of_their_batch(trained):
    texts = [text for odd in ODD.values() for text in (odd, GOLD[3][0])]
    for doc in list(trained.pipe(texts))[1::2]:
        assert found(doc) == GOLD[3][1]


def test_control_tokens_in_a_text_are_plain_characters(trained):
    tokenizer = trained.get_pipe("padellm_ner")._adapters.own.tokenizer
    for text in ODD.values():
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert tokenizer.eos_id not in ids
        assert tokenizer.bos_id not in ids
        assert tokenizer.decode(ids) == text

"""Chinese: words of one character or of several, and full-width letters."""

import pytest
import spacy
import torch

from .conftest import ents, examples, found, learn

GOLD = [
    ("马云在杭州创办了阿里巴巴。", [(0, 2, "PER"), (3, 5, "LOC"), (8, 12, "ORG")]),
    ("王小明和李雷在见面。", [(0, 3, "PER"), (4, 6, "PER")]),
    ("ＩＢＭ公司在北京设立１２个部门。", [(0, 3, "ORG"), (6, 8, "LOC")]),
    ("今天没有人来。", []),
]
POINTER = {"@misc": "spacy_padellm.Pointer.v1", "size": 16}


def chinese(segmenter):
    tokenizer = {"@tokenizers": "spacy.zh.ChineseTokenizer", "segmenter": segmenter}
    return spacy.blank("zh", config={"nlp": {"tokenizer": tokenizer}})


@pytest.fixture(scope="module")
def folder(make_nlp, tmp_path_factory):
    """The component of a pipeline that has learned GOLD by heart, character by
    character."""
    torch.manual_seed(0)
    nlp = make_nlp(nlp=chinese("char"), format=POINTER)
    learn(nlp, examples(nlp, GOLD), updates=100)
    folder = tmp_path_factory.mktemp("chinese")
    nlp.get_pipe("padellm_ner").to_disk(folder)
    return folder


@pytest.mark.parametrize("segmenter", ["char", "jieba"])
def test_the_same_is_found_in_words_of_any_length(make_nlp, folder, segmenter):
    nlp = make_nlp(nlp=chinese(segmenter), format=POINTER)
    nlp.get_pipe("padellm_ner").from_disk(folder)
    docs = [nlp(text) for text, _ in GOLD]
    longest = max(len(token) for doc in docs for token in doc)
    assert (longest > 1) == (segmenter == "jieba")
    assert [found(doc) for doc in docs] == [entities for _, entities in GOLD]


@pytest.mark.parametrize("segmenter", ["char", "jieba"])
def test_words_of_any_length_are_learned(make_nlp, segmenter):
    torch.manual_seed(0)
    nlp = make_nlp(nlp=chinese(segmenter), format=POINTER)
    learn(nlp, examples(nlp, GOLD), updates=100)
    assert [found(nlp(text)) for text, _ in GOLD] == [entities for _, entities in GOLD]


@pytest.mark.parametrize(("mode", "entity"), [("contract", []), ("expand", ["王小明"])])
def test_a_mention_inside_a_word_is_left_out_or_extended(scripted_nlp, mode, entity):
    nlp = scripted_nlp(
        lambda text: [("PER", "小明", 0.9)],
        nlp=chinese("jieba"),
        alignment_mode=mode,
    )
    doc = nlp("王小明来。")
    assert [ent.text for ent in doc.ents] == entity
    assert doc.spans["padellm_ner"].attrs["dropped"] == (
        {} if entity else {"misaligned": 1}
    )


def test_full_width_letters_are_asked_about_as_ascii(scripted_nlp):
    nlp = scripted_nlp(lambda text: [("ORG", "IBM", 0.9)], nlp=chinese("char"))
    text = "ＩＢＭ公司，１２人。"
    doc = nlp(text)
    assert nlp.get_pipe("padellm_ner").format.asked == ["IBM公司，12人。"]
    assert ents(doc) == [("ＩＢＭ", "ORG")] and doc.text == text

"""What counts how much in training, and which labels are learned from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.formats.base import Query
from spacy_padellm.formats.padellm import build_padellm_v1
from spacy_padellm.formats.templates import TEMPLATES

TEXT = "Bell, bell (bell): 12 bells."
SPANS = {"PART": [(0, 4), (6, 10), (12, 16)]}
LABELS = {"PART": "part", "TOOL": "tool"}


@pytest.mark.parametrize("template", TEMPLATES)
def test_counts_and_what_is_appended_have_weights_of_their_own(template, any_tokenizer):
    format = build_padellm_v1(template=template, count_weight=2.0, index_weight=0.5)
    *mentions, nothing = format.gold(Query(TEXT, LABELS), SPANS, any_tokenizer)
    assert nothing.weights == (2.0, 2.0)
    for index, gold in enumerate(mentions, start=1):
        parts = {}
        for token, weight in zip(gold.answer, gold.weights, strict=True):
            parts[weight] = (*parts.get(weight, ()), token)
        assert list(parts) == [2.0, 0.5, 1.0], "in this order"
        said = {weight: any_tokenizer.decode(ids) for weight, ids in parts.items()}
        assert said[2.0].strip() == "3"
        assert str(index) in said[0.5] and "3" not in said[0.5].replace(str(index), "")
        assert "bell" in said[1.0].lower()


@pytest.mark.parametrize("template", TEMPLATES)
def test_weights_do_not_change_what_is_asked(template, any_tokenizer):
    query = Query(TEXT, LABELS)
    plain, weighted = (
        build_padellm_v1(template=template, count_weight=w, index_weight=w).gold(
            query, SPANS, any_tokenizer
        )
        for w in (1.0, 0.0)
    )
    assert [(g.prompt, g.answer) for g in plain] == [
        (g.prompt, g.answer) for g in weighted
    ]


def asked(format, text, labels, tokenizer, spans=None):
    sequences = format.gold(Query(text, labels), spans or {}, tokenizer)
    return {tokenizer.decode(gold.prompt).split("\n")[-1] for gold in sequences}


def test_a_share_of_the_absent_labels_is_learned_from(tiny_tokenizer):
    labels = {f"L{i}": f"label {i}" for i in range(400)}
    few = build_padellm_v1(absent_labels=0.25)
    once = asked(few, TEXT, labels, tiny_tokenizer)
    assert 60 < len(once) < 140
    assert asked(few, TEXT, labels, tiny_tokenizer) == once, "each time the same"
    assert asked(few, TEXT + "!", labels, tiny_tokenizer) != once
    assert len(asked(build_padellm_v1(), TEXT, labels, tiny_tokenizer)) == 400


@given(share=st.floats(0, 1))
def test_labels_with_mentions_are_always_learned_from(tiny_tokenizer, share):
    format = build_padellm_v1(absent_labels=share)
    golds = format.gold(Query(TEXT, LABELS), SPANS, tiny_tokenizer)
    assert [gold for gold in golds if len(gold.answer) > 2] == build_padellm_v1().gold(
        Query(TEXT, {"PART": "part"}), SPANS, tiny_tokenizer
    )


def test_nothing_is_left_of_a_text_without_mentions(tiny_tokenizer):
    format = build_padellm_v1(absent_labels=0.0)
    assert format.gold(Query(TEXT, LABELS), {}, tiny_tokenizer) == []


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "much", True])
@pytest.mark.parametrize("setting", ["count_weight", "index_weight"])
def test_a_weight_is_a_number(setting, value):
    with pytest.raises(ValueError, match=f"E508.*{setting}"):
        build_padellm_v1(**{setting: value})


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_share_of_absent_labels_is_from_0_to_1(value):
    with pytest.raises(ValueError, match="E805.*absent_labels"):
        build_padellm_v1(absent_labels=value)

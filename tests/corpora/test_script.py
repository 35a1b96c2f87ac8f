"""Chinese texts are detected."""

import pytest

from spacy_padellm.corpora.script import joiner_of, mostly_chinese


@pytest.mark.parametrize(
    "text, chinese",
    [
        ("艾达在罗马", True),
        ("艾达用 iPad", False),
        ("艾达在罗马用 iPad", True),
        ("Ada left 罗马 .", False),
        ("東京に行きました東京東京東京", False),
        ("Ada", False),
        ("", False),
    ],
)
def test_chinese_is_more_than_half_and_without_kana(text, chinese):
    assert mostly_chinese(text.split()) is chinese
    assert joiner_of(list(text)) == ("" if chinese else " ")

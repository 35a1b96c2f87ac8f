"""DocRED documents become one text per sentence."""

import json

import pytest

from .conftest import mentions, problems


def mention(sent, start, end, label="PER") -> dict:
    return {"sent_id": sent, "pos": [start, end], "type": label, "name": "-"}


def document(*vertices) -> str:
    sents = [["Ada", "Byron", "spoke", "."], ["She", "left", "Rome", "."]]
    return json.dumps([{"title": "Ada", "sents": sents, "vertexSet": vertices}])


def test_mentions_go_to_their_sentences(corpus):
    read = corpus(document([mention(0, 0, 2)], [mention(1, 2, 3, "LOC")]))
    assert read.format == "docred"
    assert mentions(read) == [[("Ada Byron", "PER")], [("Rome", "LOC")]]
    assert {text.document for text in read.texts} == {"Ada"}
    assert read.texts[0].text == "Ada Byron spoke ."


def test_a_mention_listed_twice_counts_once(corpus):
    read = corpus(document([mention(0, 0, 2), mention(0, 0, 2)]))
    assert mentions(read)[0] == [("Ada Byron", "PER")]
    assert problems(read) == [(1, "repaired", "entity listed twice")]


@pytest.mark.parametrize("where", [(0, 2, 9), (0, 2, 2), (0, -1, 1), (7, 0, 1)])
def test_a_mention_outside_its_sentence_is_skipped_and_reported(corpus, where):
    read = corpus(document([mention(*where)], [mention(1, 2, 3, "LOC")]))
    assert mentions(read) == [[], [("Rome", "LOC")]]
    assert problems(read) == [(1, "skipped", "entity outside the text")]
    assert "document Ada" in str(read.report.problems[0])


@pytest.mark.parametrize(
    "content", ['[{"vertexSet": []}]', '[{"vertexSet": [', '{"vertexSet": []}']
)
def test_other_json_is_an_error_with_file_and_line(corpus, content):
    with pytest.raises(ValueError, match=r"E204.*docred.json:1"):
        corpus(content, "docred.json", format="docred")


@pytest.mark.parametrize(
    "changed", [{"pos": [0]}, {"pos": None}, {"pos": 3}, {"type": None}]
)
def test_a_malformed_mention_is_lost_alone(corpus, changed):
    read = corpus(document([mention(0, 0, 2) | changed], [mention(1, 2, 3, "LOC")]))
    assert mentions(read) == [[], [("Rome", "LOC")]]
    assert read.texts[0].unknown and not read.texts[1].unknown
    assert [line[:2] for line in problems(read)] == [(1, "skipped")]


@pytest.mark.parametrize("sentence", [None, "0", [0]])
def test_a_mention_of_no_sentence_makes_all_unknown(corpus, sentence):
    broken = mention(0, 0, 2) | {"sent_id": sentence}
    read = corpus(document([broken], [mention(1, 2, 3, "LOC")]))
    assert mentions(read) == [[], [("Rome", "LOC")]]
    assert all(text.unknown for text in read.texts)

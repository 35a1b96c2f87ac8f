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


def without(key: str) -> dict:
    return {k: v for k, v in mention(0, 0, 2).items() if k != key}


POSITION, SENTENCE = "mention without a position", "mention without a sentence"


@pytest.mark.parametrize(
    "malformed, kind",
    [
        ({**mention(0, 0, 2), "pos": [0]}, POSITION),
        ({**mention(0, 0, 2), "pos": [0, 1, 2]}, POSITION),
        ({**mention(0, 0, 2), "pos": None}, POSITION),
        (without("pos"), POSITION),
        (mention(0, "a", 2), "entity outside the text"),
        (without("type"), "entity without a label"),
        (mention(0, 0, 2, None), "entity without a label"),
    ],
)
def test_a_malformed_mention_leaves_its_sentence_unknown(corpus, malformed, kind):
    read = corpus(document([malformed], [mention(1, 2, 3, "LOC")]))
    assert mentions(read) == [[], [("Rome", "LOC")]]
    assert problems(read) == [(1, "skipped", kind)]
    assert "document Ada, sentence 0" in str(read.report.problems[0])
    assert [bool(text.unknown) for text in read.texts] == [True, False]


@pytest.mark.parametrize("sent", [None, "0", True, [0]])
def test_a_mention_without_a_sentence_leaves_all_sentences_unknown(corpus, sent):
    read = corpus(document([mention(sent, 0, 2)], [mention(1, 2, 3, "LOC")]))
    assert mentions(read) == [[], [("Rome", "LOC")]]
    assert problems(read) == [(1, "skipped", SENTENCE)]
    assert all(text.unknown for text in read.texts)


@pytest.mark.parametrize("vertex", [None, 7, "x", [None], [[0, 1]]])
def test_a_vertex_of_other_values_is_one_lost_mention(corpus, vertex):
    read = corpus(document(vertex, [mention(1, 2, 3, "LOC")]))
    assert mentions(read) == [[], [("Rome", "LOC")]]
    assert problems(read) == [(1, "skipped", SENTENCE)]


@pytest.mark.parametrize(
    "other",
    [
        {"vertexSet": []},
        {"sents": [["Ada"]]},
        {"sents": [[""]], "vertexSet": []},
        7,
        None,
    ],
)
def test_other_documents_are_skipped_and_reported(corpus, other):
    good = json.loads(document([mention(0, 0, 2)]))
    read = corpus(json.dumps([*good, other]), format="docred")
    assert mentions(read) == [[("Ada Byron", "PER")], []]
    kind = "not a document with sents and vertexSet"
    assert problems(read) == [(1, "skipped", kind)]


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

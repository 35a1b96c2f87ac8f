"""What is left out of a corpus is unknown in its docs, and never negative."""

import json

import pytest

from spacy_padellm.corpora.base import AnnotatedText, Entity, ReadReport
from spacy_padellm.corpora.detokenise import detokenise
from spacy_padellm.corpora.docbin import write_docbin
from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.gold import Choices, gold_docs
from spacy_padellm.corpora.registry import read
from spacy_padellm.corpora.runs import join

from .conftest import mentions, problems

GOOD = {"text": "Ada left Rome", "entities": [[0, 3, "PER"]]}


def tags(doc) -> list[str]:
    """The tag of each token, "" if it is not annotated."""
    return [token.ent_iob_ for token in doc]


def docs_of(corpus, nlp, **choices):
    return gold_docs(nlp, [corpus], Choices(**choices))


@pytest.mark.parametrize(
    "entities",
    [
        [{"label": "LOC"}],
        [{"from": 9, "to": 13, "label": "LOC"}],
        [[9, 99, "LOC"]],
        [[10, 13, "LOC"]],
        [{"start": 9, "end": 13, "label": "LOC", "text": "Paris"}],
    ],
    ids=["no offsets", "other keys", "outside", "cut", "other mention"],
)
def test_without_a_place_only_the_other_entities_are_annotated(
    corpus, english, entities
):
    example = {"text": "Ada left Rome", "entities": [[0, 3, "PER"], *entities]}
    read = corpus(json.dumps(example) + "\n" + json.dumps(GOOD))
    first, second = docs_of(read, english)
    assert tags(first) == ["B", "", ""]
    assert tags(second) == ["B", "O", "O"]


def test_without_a_label_only_the_place_is_not_annotated(corpus, english):
    example = {"text": "Ada left Rome", "entities": [[0, 3, "PER"], [9, 13, None]]}
    (doc,) = docs_of(corpus(json.dumps(example)), english)
    assert tags(doc) == ["B", "O", ""]


@pytest.mark.parametrize(
    "example",
    [
        {"text": "Ada left", "entities": [{"label": "PER"}]},
        {"text": "Ada left", "entities": [[0, 30, "PER"], [1, 3, "PER"]]},
        {"tokens": ["Ada"], "entities": [[0, 2, "PER"]]},
        ["Ada left", [0, 0, "Bob", "PER"]],
        {"text": "Ada left", "label": {"PER": {"Bob": [[0, 2]]}}},
        {"sentences": [["Ada"]], "ner": [[[0, 1, "PER"]]]},
        [["Ada left", {"entities": [["PER"]]}]],
    ],
)
def test_a_file_of_which_every_entity_is_lost_fails(corpus, example):
    empty = {"text": "Bo left", "entities": []}
    with pytest.raises(ValueError, match=r"E214.*sample.txt:1: none of the \d entit"):
        corpus(json.dumps(example))
    if isinstance(example, dict) and "entities" in example:
        with pytest.raises(ValueError, match=r"E214.*sample.txt:2"):
            corpus("\n".join(map(json.dumps, [empty, example, empty])))


@pytest.mark.parametrize(
    "content",
    [
        "token,tag\nAda,nan\nleft,\n",
        '{"tokens": ["Ada", "left"], "ner_tags": [null, null]}\n' * 2,
    ],
)
def test_a_file_of_which_no_token_is_annotated_fails(corpus, content):
    with pytest.raises(ValueError, match=r"E224.*sample.txt:\d.*no token"):
        corpus(content)


def test_a_file_without_entities_is_a_file(corpus):
    assert mentions(corpus(json.dumps({**GOOD, "entities": []}))) == [[]]


def test_dropped_labels_may_be_anywhere(corpus, english):
    example = {**GOOD, "entities": [*GOOD["entities"], {"label": "LOC"}]}
    for dropped in ({"keep": ["PER"]}, {"renames": {"LOC": None}}):
        (doc,) = docs_of(corpus(json.dumps(example)), english, **dropped)
        assert tags(doc) == ["B", "O", "O"]
    (doc,) = docs_of(corpus(json.dumps(example)), english, renames={"LOC": "GPE"})
    assert tags(doc) == ["B", "", ""]


def test_what_a_crossing_entity_covers_beside_a_longer_one_is_unknown(english):
    spans = [(0, 3, "ORG"), (2, 4, "PER")]
    text = AnnotatedText.from_words("a b c d e".split(), spans)
    assert tags(make_doc(english, text)) == ["B", "I", "I", "", "O"]
    doc = make_doc(english, text, spans_key="sc")
    assert len(doc.spans["sc"]) == 2


def test_an_unknown_doc_has_no_empty_group_of_spans(english):
    text = AnnotatedText("Ada left", unknown=(Entity(0, 8, ""),))
    doc = make_doc(english, text, spans_key="sc")
    assert not doc.has_annotation("ENT_IOB") and "sc" not in doc.spans
    known = make_doc(english, AnnotatedText("Ada left"), spans_key="sc")
    assert len(known.spans["sc"]) == 0


def test_docs_keep_what_is_unknown_in_a_file(tmp_path, english):
    text = AnnotatedText.from_words(
        ["Ada", "left", "Rome"], [(0, 1, "PER")], unknown=[(2, 3, "LOC")]
    )
    path = tmp_path / "train.spacy"
    write_docbin([make_doc(english, text)], path)
    corpus = read(path)
    assert problems(corpus) == [(1, "left out", "tokens without entity annotation")]
    (doc,) = docs_of(corpus, english)
    assert tags(doc) == ["B", "O", ""]


def test_a_file_with_groups_of_spans_alone_is_annotated(tmp_path, english):
    from spacy.tokens import Span

    doc = english.make_doc("Ada left")
    doc.spans["sc"] = [Span(doc, 0, 1, "PER")]
    write_docbin([doc], tmp_path / "train.spacy")
    corpus = read(tmp_path / "train.spacy")
    assert mentions(corpus) == [[("Ada", "PER")]]
    assert corpus.texts[0].unknown == ()


def test_unknown_parts_survive_joining_and_spacing():
    text = AnnotatedText.from_words(["Ada", "left", "."], unknown=[(1, 2, "X")])
    joined = join([text, text])
    assert [joined.text[e.start : e.end] for e in joined.unknown] == ["left"] * 2
    spaced = detokenise(text)
    assert spaced.text == "Ada left."
    assert [spaced.text[e.start : e.end] for e in spaced.unknown] == ["left"]


def test_an_answer_that_is_not_in_the_text_leaves_it_unknown(corpus, english):
    question = {"from": "human", "value": "What describes person in the text?"}
    turns = [{"value": "Text: Ada met Bo"}, {"value": "I've read this text."}]
    turns += [question, {"value": '["Ada", "Cy"]'}]
    (doc,) = docs_of(corpus(json.dumps({"conversations": turns})), english)
    assert tags(doc) == ["B", "", ""]


def test_a_sentence_that_does_not_exist_leaves_all_sentences_unknown(corpus, english):
    mentions = [
        {"pos": [0, 1], "sent_id": 0, "type": "PER"},
        {"pos": [0, 1], "sent_id": 7, "type": "PER"},
    ]
    document = {"title": "a", "sents": [["Ada", "left"], ["So", "did", "Bo"]]}
    read = corpus(json.dumps([{**document, "vertexSet": [mentions]}]))
    assert [tags(doc) for doc in docs_of(read, english)] == [["B", ""], ["", "", ""]]


def test_dygie_leaves_both_sentences_of_a_crossing_entity_unknown(corpus, english):
    ner = [[[0, 0, "PER"]], [[1, 2, "GPE"]]]
    row = {"sentences": [["Ada", "left"], ["Rome", "fell"]], "ner": ner}
    read = corpus(json.dumps(row))
    assert [tags(doc) for doc in docs_of(read, english)] == [["B", ""], ["", ""]]


def test_the_report_counts_the_lost_entities_of_all_files(tmp_path):
    one, two = ReadReport(tmp_path, ""), ReadReport(tmp_path, "")
    two.lose_entity(1, "entity without offsets")
    one.add(two)
    assert (one.lost_entities, len(one.problems)) == (1, 1)

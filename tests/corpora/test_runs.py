"""Sentences are joined into runs."""

from dataclasses import replace
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.base import AnnotatedText, Entity
from spacy_padellm.corpora.runs import join, runs

from .conftest import unhurried


def sentence(words: str, document: str = "d", *spans) -> AnnotatedText:
    return AnnotatedText.from_words(words.split(), spans, document=document)


def test_joined_texts_keep_words_and_entities():
    one = sentence("Ada left .", "d", (0, 1, "PER"))
    two = sentence("Rome is far", "d", (0, 1, "LOC"))
    both = join([one, two])
    assert both.text == "Ada left . Rome is far"
    assert both.token_entities() == [(0, 1, "PER"), (3, 4, "LOC")]
    assert join([one]) == one
    raw = join([one, AnnotatedText("在罗马", (Entity(1, 3, "LOC"),))], joiner="")
    assert raw.text == "Ada left .在罗马" and raw.words is None
    assert raw.text[slice(*raw.entities[1][:2])] == "罗马"


@unhurried
@given(
    sizes=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["a", "b", ""]))),
    max_words=st.integers(1, 12),
    lengths=st.none() | st.lists(st.integers(1, 3), min_size=1),
)
def test_runs_lose_nothing_and_stay_in_their_document(sizes, max_words, lengths):
    texts = [sentence("w " * size, document) for size, document in sizes]
    joined = list(runs(texts, max_words, lengths=lengths))
    assert [w for t in joined for w in t.words] == [w for t in texts for w in t.words]
    singles = [len(text.words) for text in texts]
    for run in joined:
        assert len(run.words) <= max_words or len(run.words) in singles
    assert [d for d, _ in groupby(t.document for t in joined)] == [
        d for d, _ in groupby(t.document for t in texts)
    ]


def test_runs_are_as_long_as_asked():
    texts = [sentence("one two")] * 7
    sizes = [len(run.words) // 2 for run in runs(texts, 100, lengths=[2, 3])]
    assert sizes == [2, 3, 2]
    assert [len(run.words) for run in runs(texts, 5)] == [4, 4, 4, 2]
    apart = [sentence("one", "a"), sentence("two", "b"), sentence("two", "")]
    assert len(list(runs(apart))) == 3
    unknown = [sentence("one", ""), sentence("two", "")]
    assert [run.text for run in runs(unknown)] == ["one two"]
    assert len(list(runs(unknown, max_chars=6))) == 2
    assert len(list(runs(unknown, max_chars=7))) == 1


def test_texts_that_were_annotated_for_other_labels_are_not_joined():
    one = replace(sentence("one"), labels=("PER",))
    assert len(list(runs([one, one, sentence("two")]))) == 2


def test_empty_texts_are_left_out():
    joined = join([sentence("one"), AnnotatedText.from_words([]), sentence("two")])
    assert joined == sentence("one two")

"""JSON prompts and answers are read back, and everything else is rejected."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.formats.base import Extraction, Query
from spacy_padellm.llm.messages import (
    read_answer,
    read_prompt,
    write_answer,
    write_prompt,
)
from spacy_padellm.types import Mention

strings = st.text(max_size=20)
logprobs = st.floats(min_value=-700, max_value=0)
mentions = st.builds(
    Mention,
    label=strings,
    text=strings,
    index=st.integers(1, 100),
    logprob=logprobs,
    count_logprob=logprobs,
    start=st.none() | st.integers(0, 1000),
)


@given(strings, st.dictionaries(strings, strings))
def test_a_prompt_is_read_as_it_was_written(text, labels):
    assert read_prompt(write_prompt(Query(text, labels))) == Query(text, labels)


@given(st.lists(mentions), st.dictionaries(strings, st.integers(0, 9)))
def test_an_answer_is_read_as_it_was_written(found, counts):
    written = Extraction(tuple(found), counts, lost={"malformed": 1})
    read = read_answer(write_answer(written))
    assert (read.counts, read.lost) == (counts, {"malformed": 1})
    for one, other in zip(read.mentions, found, strict=True):
        assert one.logprob == pytest.approx(other.logprob)
        assert one.score == pytest.approx(other.score)
        place = (one.label, one.text, one.index, one.start)
        assert place == (other.label, other.text, other.index, other.start)


def test_people_can_read_both():
    prompt = write_prompt(Query("Zoë left.", {"PER": "person"}))
    assert prompt == '{"text": "Zoë left.", "labels": {"PER": "person"}}'
    found = Mention("PER", "Zoë", 1, math.log(0.5), math.log(0.25))
    answer = json.loads(write_answer(Extraction((found,), {"PER": 1})))
    assert answer == {
        "mentions": [
            {
                "label": "PER",
                "text": "Zoë",
                "index": 1,
                "probability": pytest.approx(0.5),
                "count_probability": pytest.approx(0.25),
            }
        ],
        "counts": {"PER": 1},
    }


@pytest.mark.parametrize("logprob", [math.nan, -math.inf, -800.0])
def test_numbers_that_json_does_not_have_come_through(logprob):
    written = write_answer(Extraction((Mention("PER", "Ann", 1, logprob),), {}))
    assert "NaN" not in written and "Infinity" not in written
    [read] = read_answer(written).mentions
    assert math.isnan(read.logprob) == math.isnan(logprob)
    assert read.score == 0


@pytest.mark.parametrize(
    "prompt", ["", "Find all names in: Ann left.", "[]", "3", '{"text": 1}', "null"]
)
def test_a_prompt_of_another_task_is_refused(prompt):
    with pytest.raises(ValueError, match="E841.*spacy_padellm.NER.v1"):
        read_prompt(prompt)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "PER: Ann, Bob",
        "[]",
        "null",
        "{}",
        '{"mentions": 1, "counts": {}}',
        '{"mentions": ["Ann"], "counts": {}}',
        '{"mentions": [{"label": "PER", "text": "Ann"}], "counts": {}}',
        "x" * 1000,
    ],
)
def test_an_answer_of_another_model_is_refused(answer):
    with pytest.raises(ValueError, match="E842.*ParallelDecoder") as refused:
        read_answer(answer)
    assert len(str(refused.value)) < 400

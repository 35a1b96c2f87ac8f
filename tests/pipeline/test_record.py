"""A record of a training, replayed without a model."""

import pytest
import spacy
from spacy.training import Example

from spacy_padellm.pipeline.record import Replay, TrainingRecord


@pytest.fixture
def batches():
    nlp = spacy.blank("en")

    def example(text, *ents):
        return Example.from_dict(nlp.make_doc(text), {"entities": list(ents)})

    return [
        [example("Ann left.", (0, 3, "PER"))],
        [example("No one."), example("Oslo", (0, 4, "LOC"))],
    ]


@pytest.fixture
def record(batches):
    record = TrainingRecord()
    for number, batch in enumerate(batches):
        record.add_update(batch, 0.1 + number)
        record.add_scores({"ents_f": 1 / 3, "ents_per_type": {"PER": None}})
    return record


def test_a_replay_gives_what_was_recorded_and_ends_with_the_record(record, batches):
    replay = Replay(TrainingRecord(**record.to_dict()), "folder")
    for number, batch in enumerate(batches):
        assert replay.update(batch) == 0.1 + number
        assert replay.scores() == {"ents_f": 1 / 3, "ents_per_type": {"PER": None}}
    assert replay.end() == record


def test_other_batches_are_refused_at_the_end(record, batches):
    replay = Replay(record, "folder")
    for batch in reversed(batches):
        replay.update(batch)
        replay.scores()
    with pytest.raises(ValueError, match="E884.*folder.*its texts, or their order"):
        replay.end()


def test_more_steps_than_were_recorded_are_refused(record, batches):
    replay = Replay(record, "folder")
    for batch in batches:
        replay.update(batch)
        replay.scores()
    with pytest.raises(ValueError, match="E884"):
        replay.update(batches[0])
    with pytest.raises(ValueError, match="E884"):
        replay.scores()

"""A record of a training, replayed without a model."""

import pytest
import spacy
from spacy.training import Example

from spacy_padellm.pipeline.record import Replay, TrainingRecord, texts_digest


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
    with pytest.raises(ValueError, match="E646.*folder.*its texts, or their order"):
        replay.end()


def test_more_steps_than_were_recorded_are_refused(record, batches):
    replay = Replay(record, "folder")
    for batch in batches:
        replay.update(batch)
        replay.scores()
    with pytest.raises(ValueError, match="E646"):
        replay.update(batches[0])
    with pytest.raises(ValueError, match="E646"):
        replay.scores()


def changed(how):
    nlp = spacy.blank("en")
    gold = {"entities": [(0, 3, "PER")]}
    example = Example.from_dict(nlp.make_doc("Ann left."), gold)
    how(example.reference)
    return texts_digest("", [example])


def test_all_that_a_text_teaches_is_recorded():
    def add_spans(doc):
        doc.spans["sc"] = [doc[0:2]]

    def forget(doc):
        doc.set_ents(doc.ents, missing=[doc[2:3]], default="unmodified")

    ways = [
        lambda doc: None,
        lambda doc: doc.user_data.update(padellm_labels=["PER"]),
        lambda doc: doc.user_data.update(padellm_labels={"PER": "person"}),
        lambda doc: doc.user_data.update(padellm_labels={"PER": "singer"}),
        add_spans,
        forget,
    ]
    digests = [changed(way) for way in ways]
    assert len(set(digests)) == len(ways) and changed(ways[-1]) == digests[-1]

"""A learning rate that stays 0 teaches nothing, and somebody has to say so."""

import pytest
import spacy
from thinc.api import Adam, warmup_linear

from .conftest import examples


def warnings(caplog):
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if "W875" in message]


def train(nlp, optimizer, steps):
    """As `spacy train` does."""
    for _ in range(steps):
        nlp.update(examples(nlp), sgd=optimizer)
        optimizer.step_schedules()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (5, 0),  # it is 0 at the first step and at the last, for one step each
        (7, 1),
        (9, 1),  # once
    ],
)
def test_steps_after_the_schedule_ended(make_nlp, caplog, steps, expected):
    nlp = make_nlp()
    nlp.initialize(lambda: examples(nlp))
    train(nlp, Adam(warmup_linear(0.001, 2, 4)), steps)
    assert len(warnings(caplog)) == expected


def test_a_trained_pipeline_goes_on_with_a_schedule_at_0(make_nlp, caplog, tmp_path):
    nlp = make_nlp()
    nlp.initialize(lambda: examples(nlp))
    nlp.config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": 2,
        "initial_rate": 0.001,
        "total_steps": 9,
    }
    nlp.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    before = nlp.to_bytes()
    optimizer = nlp.resume_training()
    for _ in range(3):  # of a script
        nlp.update(examples(nlp), sgd=optimizer)
    assert nlp.to_bytes() == before
    [message] = warnings(caplog)
    assert "padellm_ner" in message and "`learn_rate`" in message

    optimizer.learn_rate = 0.001
    nlp.update(examples(nlp), sgd=optimizer)
    assert nlp.to_bytes() != before


def test_gradients_that_add_up_are_no_steps(make_nlp, caplog):
    nlp = make_nlp()
    nlp.initialize(lambda: examples(nlp))
    optimizer = Adam(warmup_linear(0.001, 2, 4))
    for _ in range(3):
        nlp.update(examples(nlp), sgd=False)
    nlp.update(examples(nlp), sgd=optimizer)
    assert warnings(caplog) == []
    nlp.update(examples(nlp), sgd=optimizer)
    assert len(warnings(caplog)) == 1


def test_the_next_training_begins_at_0_too(make_nlp, caplog):
    nlp = make_nlp()
    for _ in range(2):
        nlp.initialize(lambda: examples(nlp))
        train(nlp, Adam(warmup_linear(0.001, 2, 4)), 5)
    assert warnings(caplog) == []

"""A `spacy train` that is killed, anywhere, ends as one that is not."""

import json
import signal
import time

import pytest
import spacy
import torch

from spacy_padellm.pipeline.checkpoints import build_checkpoints_v1
from spacy_padellm.training.checkpoint import FILE

from .conftest import RESUME, same

LABELS = """
[initialize.components.padellm_ner]

[initialize.components.padellm_ner.labels]
@readers = "spacy_padellm.Labels.v1"
path = "PATH"
"""
MODELS = ("model-last", "model-best")


@pytest.fixture(scope="module")
def whole(training):
    """A training that was not interrupted."""
    done = training()
    done.run()
    return done


def test_a_checkpoint_changes_nothing(training, whole):
    without = training()
    without.run({"training.before_update.path": None})
    assert not without.checkpoints.exists()
    assert all(same(without.weights(name), whole.weights(name)) for name in MODELS)


def test_where_nothing_is_trained_there_are_no_checkpoints(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("padellm_ner", config={"labels": ["LOC"], "model": {"adapter": None}})
    nlp.config["training"]["frozen_components"] = ["padellm_ner"]
    save = build_checkpoints_v1(path=str(tmp_path / "checkpoint"), every=1)
    for step in (0, 1):
        save(nlp, {"step": step})
    assert not (tmp_path / "checkpoint").exists()


# Kills the process in the middle of an optimizer step, when it writes a checkpoint, and
# when it replaces the best pipeline.
KILLED = """
import os, signal
import {module} as module
real, calls = module.{name}, []
def killed(*args, **options):
    calls.append(None)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)
module.{name} = killed
"""


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        ("torch.optim", "Adam.step", 5),
        ("spacy_padellm.training.checkpoint", "replace_files", 2),
        ("shutil", "rmtree", 2),
    ],
)
def test_it_goes_on_after_kill_9_and_ends_the_same(
    training, whole, capfd, module, name, call
):
    killed = training()
    holder, _, attribute = name.rpartition(".")
    code = KILLED.format(
        module=f"{module}", name=name, call=call, holder=holder, attribute=attribute
    )
    process = killed.start(code=code)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert (killed.checkpoints / FILE).is_file()
    capfd.readouterr()
    killed.run(RESUME)
    said = "".join(capfd.readouterr())
    assert "Replaying 3 steps" in said and "Going on from step 3" in said
    for model in MODELS:
        assert same(killed.weights(model), whole.weights(model)), model
        assert performance(killed, model) == performance(whole, model)


def performance(training, model):
    meta = json.loads((training.output / model / "meta.json").read_text())
    return meta["performance"]


def test_a_process_that_is_killed_from_outside_goes_on(training, whole):
    """At any moment: as soon as the first checkpoint is there."""
    killed = training()
    process = killed.start()
    until = time.monotonic() + 120
    while not (killed.checkpoints / FILE).is_file() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.001)
    process.kill()
    process.communicate()
    killed.run(RESUME)
    assert all(same(killed.weights(name), whole.weights(name)) for name in MODELS)


def test_resuming_what_is_done_gives_the_same(training, whole):
    before = {name: whole.weights(name) for name in MODELS}
    whole.run(RESUME)
    assert all(same(whole.weights(name), before[name]) for name in MODELS)


def test_the_best_pipeline_before_the_checkpoint_is_saved_again(training, monkeypatch):
    """spaCy empties the output folder; nothing that comes later is better."""
    changes = {"initial_rate": "0.0", "max_steps": "8", "every": "6"}
    first = training(**changes)
    scores = iter([1.0, 0.5, 0.4, 0.3, 0.2])
    monkeypatch.setattr(
        "spacy.pipeline.ner.get_ner_prf", lambda *_, **__: {"ents_f": next(scores)}
    )
    first.run()
    best = first.weights("model-best")
    scores = iter([0.3, 0.2])
    first.run(RESUME)
    assert same(first.weights("model-best"), best)


def test_resuming_nothing_starts_and_says_so(training, whole, capsys):
    new = training()
    new.run(RESUME)
    assert "No checkpoint in" in capsys.readouterr().out
    assert same(new.weights(), whole.weights())


def test_a_training_may_go_on_for_longer(training, whole):
    longer = training()
    longer.run()
    longer.run({**RESUME, "training.max_steps": 9})
    assert not same(longer.weights(), whole.weights())


@pytest.mark.parametrize(
    ("change", "what"),
    [({"training.seed": 1}, "config"), ({"training.dropout": 0.2}, "config")],
)
def test_the_checkpoint_of_another_training_is_refused(training, whole, change, what):
    with pytest.raises(ValueError, match=f"E646.*its {what}"):
        whole.run({**RESUME, **change})


@pytest.mark.parametrize(
    ("setting", "value"), [("max_steps", 2), ("max_epochs", 1), ("patience", 1)]
)
def test_a_training_that_may_end_before_its_checkpoint_is_refused(
    training, whole, setting, value
):
    """It would save what the longer training has learned as its last step."""
    with pytest.raises(ValueError, match=f"E649.* step 6, .*by its {setting}"):
        whole.run({**RESUME, f"training.{setting}": value})


@pytest.mark.parametrize(
    ("setting", "value"), [("max_steps", 6), ("max_epochs", 90), ("patience", 1600)]
)
def test_a_training_may_end_otherwise_after_its_checkpoint(training, setting, value):
    first = training()
    first.run()
    first.run({**RESUME, f"training.{setting}": value})


def test_other_labels_are_refused(training, tmp_path):
    names = {"PERSON": "person", "LOC": "location"}
    first = training()
    for name in ("place", "location"):
        (tmp_path / f"{name}.json").write_text(json.dumps({**names, "LOC": name}))
    with first.config.open("a") as file:
        file.write(LABELS.replace("PATH", str(tmp_path / "place.json")))
    first.run()
    other = {"initialize.components.padellm_ner.labels.path": "location.json"}
    other = {key: str(tmp_path / name) for key, name in other.items()}
    with pytest.raises(ValueError, match="E646.*its labels, or their names"):
        first.run({**RESUME, **other})


def test_other_texts_are_refused(training, whole, tmp_path):
    import spacy
    from spacy.tokens import DocBin

    from ..pipeline.conftest import GOLD, examples

    other = [*GOLD, ("Who is Ann Khan?", GOLD[0][1][:0])]
    docs = [one.reference for one in examples(spacy.blank("en"), other)]
    DocBin(docs=docs).to_disk(tmp_path / "other.spacy")
    with pytest.raises(ValueError, match="E646.*its texts"):
        whole.run({**RESUME, "corpora.train.path": str(tmp_path / "other.spacy")})


def test_a_damaged_checkpoint_is_named(training, whole):
    damaged = training()
    damaged.checkpoints.mkdir()
    data = (whole.checkpoints / FILE).read_bytes()
    (damaged.checkpoints / FILE).write_bytes(data[:-1000])
    with pytest.raises(ValueError, match="E645.*checkpoint.pt"):
        damaged.run(RESUME)


def test_a_checkpoint_runs_no_code(training, tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path / "evil").touch, ()

    given = training()
    given.checkpoints.mkdir()
    torch.save(Evil(), given.checkpoints / FILE)
    with pytest.raises(ValueError, match="E645"):
        given.run(RESUME)
    assert not (tmp_path / "evil").exists()


def test_scores_of_a_component_that_comes_later_cannot_be_resumed(whole):
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler")
    nlp.add_pipe("padellm_ner", config={"labels": ["LOC"]})
    nlp.add_pipe("sentencizer")
    path = str(whole.checkpoints)
    resume = build_checkpoints_v1(path=path, every=1, resume=True)
    with pytest.raises(ValueError, match="E646"):  # its config is another one
        resume(nlp, {"step": 0})
    nlp.add_pipe("entity_ruler", name="later")
    with pytest.raises(ValueError, match="E650.* later writes .* after padellm_ner"):
        resume(nlp, {"step": 0})


def test_a_component_that_annotates_in_training_is_refused(training):
    with pytest.raises(ValueError, match="E642.*padellm_ner"):
        training().run({"training.annotating_components": ["padellm_ner"]})

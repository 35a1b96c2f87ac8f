"""A run that is interrupted, anywhere, ends with the tensors of one that is not."""

import pytest
import torch

from spacy_padellm.training import checkpoint
from spacy_padellm.training.trainer import Trainer

from .conftest import same, train, weights

ADAPTERS = ("adapter-last", "adapter-best")


@pytest.fixture(scope="module")
def whole(prepared, tmp_path_factory):
    """The output of an uninterrupted run."""
    output = tmp_path_factory.mktemp("whole")
    assert train(prepared, output) == 0
    return output


@pytest.fixture
def interrupt(monkeypatch):
    """A function that has an exception raised in the middle of a step."""

    def interrupt(at: int, error: BaseException) -> None:
        def fail(*args):
            raise error

        def step(self, number):
            if number == at:
                with monkeypatch.context() as patched:
                    patched.setattr(self.optimizer, "step", fail)
                    return original(self, number)
            return original(self, number)

        original = Trainer.step
        monkeypatch.setattr(Trainer, "step", step)

    return interrupt


@pytest.mark.parametrize(
    ("at", "save_every"), [(1, "3"), (2, "1"), (3, "2"), (4, "3"), (5, "1")]
)
def test_resuming_gives_the_same_tensors_to_the_last_bit(
    prepared, whole, tmp_path, interrupt, monkeypatch, capsys, at, save_every
):
    options = "--save-every", save_every
    with monkeypatch.context():
        interrupt(at, KeyboardInterrupt())
        assert train(prepared, tmp_path, *options) == 130
    said = capsys.readouterr().err
    assert said.startswith("✘ Interrupted.") and "--resume goes on" in said
    monkeypatch.undo()
    assert train(prepared, tmp_path, *options, "--resume") == 0
    assert "Going on after" in capsys.readouterr().out
    for name in ADAPTERS:
        assert same(weights(tmp_path / name), weights(whole / name))


def test_an_adapter_is_there_as_soon_as_a_checkpoint_is(
    prepared, tmp_path, interrupt, make_nlp
):
    interrupt(1, KeyboardInterrupt())
    assert train(prepared, tmp_path) == 130
    for name in ADAPTERS:
        make_nlp(model={"adapter": str(tmp_path / name)})("Oslo")


def test_without_resume_an_earlier_run_is_not_overwritten(
    prepared, tmp_path, whole, capsys
):
    before = (whole / "checkpoint.pt").read_bytes()
    assert train(prepared, whole) == 1
    assert f"[E882] {whole} has the checkpoint" in capsys.readouterr().err
    assert (whole / "checkpoint.pt").read_bytes() == before


def test_resuming_what_is_done_changes_nothing(prepared, whole, capsys):
    before = {name: weights(whole / name) for name in ADAPTERS}
    assert train(prepared, whole, "--resume") == 0
    assert "Going on after 6 of 6 steps" in capsys.readouterr().out
    assert all(same(weights(whole / name), before[name]) for name in ADAPTERS)


def test_resuming_nothing_starts_and_says_so(prepared, whole, tmp_path, capsys):
    assert train(prepared, tmp_path, "--resume") == 0
    assert f"No checkpoint in {tmp_path}" in capsys.readouterr().out
    assert same(weights(tmp_path / ADAPTERS[0]), weights(whole / ADAPTERS[0]))


def test_a_disk_that_is_full_leaves_the_last_checkpoint(
    prepared, whole, tmp_path, monkeypatch, capsys
):
    full, saved = 2, []
    real = checkpoint.os.fsync

    def fsync(number):
        saved.append(number)
        if len(saved) > full:
            raise OSError(28, "No space left on device")
        real(number)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.os, "fsync", fsync)
        assert train(prepared, tmp_path, "--save-every", "1") == 1
    said = capsys.readouterr().err
    assert "No space left on device" in said and "--resume goes on" in said
    assert train(prepared, tmp_path, "--resume") == 0
    assert "Going on after 2 of 6" in capsys.readouterr().out
    assert same(weights(tmp_path / ADAPTERS[0]), weights(whole / ADAPTERS[0]))


def test_a_damaged_checkpoint_is_named(prepared, whole, tmp_path, capsys):
    file = tmp_path / "checkpoint.pt"
    file.write_bytes((whole / "checkpoint.pt").read_bytes()[:-1000])
    assert train(prepared, tmp_path, "--resume") == 1
    assert f"[E883] The checkpoint {file} cannot be read" in capsys.readouterr().err


def test_a_checkpoint_runs_no_code(prepared, tmp_path, capsys):
    class Evil:
        def __reduce__(self):
            return (tmp_path / "evil").touch, ()

    torch.save(Evil(), tmp_path / "checkpoint.pt")
    assert train(prepared, tmp_path, "--resume") == 1
    assert "[E883]" in capsys.readouterr().err
    assert not (tmp_path / "evil").exists()


def test_the_checkpoint_of_another_training_is_refused(
    prepared_folder, whole, tmp_path, capsys
):
    other = prepared_folder({"training.seed": 1})
    assert train(other, whole, "--resume") == 1
    said = capsys.readouterr().err
    assert "[E884]" in said and "prepared data" in said


def test_patience_ends_a_run_and_a_resumed_one_too(prepared_folder, tmp_path, capsys):
    changes = {"training.patience": 2, "training.eval_frequency": 1}
    changes |= {"training.max_steps": 50}
    changes |= {"training.optimizer.learn_rate.initial_rate": 0.0}
    folder = prepared_folder(changes)
    assert train(folder, tmp_path) == 0
    assert "after 3 steps" in capsys.readouterr().out
    assert train(folder, tmp_path, "--resume") == 0
    assert "after 3 steps" in capsys.readouterr().out

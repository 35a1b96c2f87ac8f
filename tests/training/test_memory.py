"""Where the memory does not suffice, smaller microbatches do; or the text is named."""

import numpy as np
import pytest
import torch

from spacy_padellm.training import dev_set, microbatches, trainer
from spacy_padellm.training.microbatches import DoesNotFit, Microbatches

from .conftest import distance, train

# The longest tree of the corpus has more tokens than this, others have fewer.
SMALL = 40


@pytest.fixture
def small_memory(monkeypatch):
    """A function that lets no microbatch of more padded tokens pass. It fails as late
    as can be, with all gradients taken. Returns the sizes of those that passed."""

    def limit(
        most: int, name: str = "accumulate_gradients", module=trainer
    ) -> list[int]:
        real, sizes = getattr(module, name), []

        def limited(lm, trees, *settings):
            result = real(lm, trees, *settings)
            padded = len(trees) * max(map(len, trees))
            if padded > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
            sizes.append(padded)
            return result

        monkeypatch.setattr(module, name, limited)
        return sizes

    return limit


@pytest.fixture(scope="module")
def folder(prepared_folder):
    """Without dropout, which would fall on other rows in other microbatches."""
    changes = {"training.dropout": 0.0, "training.batcher.size": 4}
    return prepared_folder(changes)


@pytest.fixture(scope="module")
def expected(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("expected")
    assert train(folder, output) == 0
    return output / "adapter-last"


def test_a_step_is_done_anew_with_half_as_much(
    folder, expected, tmp_path, small_memory, capsys
):
    sizes = small_memory(150)
    assert train(folder, tmp_path) == 0
    assert max(sizes) <= 150
    said = [line for line in capsys.readouterr().out.splitlines() if "memory" in line]
    assert 1 <= len(said) <= 3, "it stays with what fits"
    assert said[0].startswith("Out of memory with ")
    assert distance(tmp_path / "adapter-last", expected) < 1e-3


def test_dropout_starts_from_the_step_s_random_numbers(
    prepared, tmp_path, small_memory
):
    """A step that was tried in vain leaves no trace in the random numbers."""
    tokens = "--batch-tokens", "100"
    assert train(prepared, tmp_path / "one", *tokens) == 0
    small_memory(100)
    assert train(prepared, tmp_path / "two", "--batch-tokens", "200") == 0
    one, two = (tmp_path / name / "adapter-last" for name in ("one", "two"))
    assert distance(two, one) < 1e-3


def test_a_text_that_does_not_fit_alone_is_named_and_the_checkpoint_kept(
    folder, expected, tmp_path, small_memory, capsys, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(trainer.Trainer, "step", fail_from(3, small_memory))
        assert train(folder, tmp_path) == 1
    monkeypatch.undo()
    said = capsys.readouterr().err
    assert "[E880] The memory of cpu does not suffice" in said
    assert "doc 3 of the training data" in said and "Maria Rossi left Oslo" in said
    assert f"--resume goes on from {tmp_path / 'checkpoint.pt'}" in said
    assert train(folder, tmp_path, "--resume") == 0
    assert distance(tmp_path / "adapter-last", expected) < 1e-3


def fail_from(number, small_memory):
    real = trainer.Trainer.step

    def step(self, at):
        if at == number:
            small_memory(SMALL)
        return real(self, at)

    return step


@pytest.mark.parametrize("name", ["_loss", "_f"])
def test_the_dev_set_is_read_in_smaller_batches_too(
    folder, tmp_path, small_memory, monkeypatch, capsys, name
):
    assert train(folder, tmp_path / "one") == 0
    table = scores(capsys)
    if name == "_loss":
        small_memory(150, "tree_loss", dev_set)
    else:
        real = dev_set.TransformersEngine.session

        def session(self, n_texts):
            if n_texts > 1:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return real(self, n_texts)

        monkeypatch.setattr(dev_set.TransformersEngine, "session", session)
    assert train(folder, tmp_path / "two") == 0
    assert scores(capsys) == table


def scores(capsys) -> list[list[str]]:
    """The table without its last column, the speed."""
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    return [cells[:-1] for cells in lines if len(cells) == 5 and cells[0].isdigit()]


def test_memory_that_does_not_suffice_for_the_model_is_said(
    folder, tmp_path, monkeypatch, capsys
):
    def fail(*args, **options):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 13 GiB")

    # a base that another test still holds would not be loaded
    monkeypatch.setattr("spacy_padellm.models.shared_base._BASES", {})
    monkeypatch.setattr("spacy_padellm.models.shared_base.load_base", fail)
    assert train(folder, tmp_path) == 1
    said = capsys.readouterr().err
    assert "[E886]" in said and "Tried to allocate 13 GiB" in said


@pytest.fixture
def quick(monkeypatch):
    """No look through all objects of this process, which has many."""
    monkeypatch.setattr(microbatches.gc, "collect", lambda: 0)


def test_microbatches_do_every_row_once_whatever_fits(quick):
    generator = np.random.default_rng(0)
    for _ in range(50):
        lengths = generator.integers(1, 40, size=20).tolist()
        most = int(generator.integers(max(lengths), 400))
        done: list[int] = []

        def work(rows, lengths=lengths, most=most, done=done):
            if len(rows) * max(lengths[row] for row in rows) > most:
                raise torch.OutOfMemoryError
            done.extend(rows)

        batches = Microbatches(1000, lambda line: None)
        batches(lengths, work, done.clear)
        assert sorted(done) == list(range(20))
        assert most // 2 <= batches.tokens <= 1000


def test_the_row_that_does_not_fit_is_told(quick):
    def work(rows):
        if 3 in rows:
            raise torch.OutOfMemoryError

    with pytest.raises(DoesNotFit) as caught:
        Microbatches(1000, lambda line: None)([5, 6, 7, 4, 9], work)
    assert caught.value.row == 3

"""Training stays on the device, and where memory does not suffice, in smaller
batches."""

import numpy as np
import pytest
import torch
from thinc.api import Adam

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.training import trainer as module
from spacy_padellm.training.trainer import Trainer
from spacy_padellm.trees.batching import RowDoesNotFit, run_halving

from ..loras import LORA
from ..tree_training import TREES, train, weights


def test_a_step_copies_no_parameter_to_the_host_and_back(build, monkeypatch):
    """As many conversions as the trees need, which are numpy arrays at first."""
    model = build()
    optimizer = train(model)  # makes the moments
    sizes = {values.numel() for values in weights(model).values()}
    converted = []

    def count(owner, name, of):
        real = getattr(owner, name)

        def counted(*args, **options):
            converted.append((name, of(args[0])))
            return real(*args, **options)

        monkeypatch.setattr(owner, name, counted)

    for name in ("numpy", "cpu", "tolist", "__array__"):
        count(torch.Tensor, name, torch.Tensor.numel)
    for name in ("from_numpy", "as_tensor", "tensor"):
        count(torch, name, np.size)
    train(model, optimizer=optimizer)
    assert any(name == "from_numpy" for name, _ in converted), "it counts"
    assert not {size for _, size in converted} & sizes
    # moments and averages are tensors where the parameters are
    averages = optimizer.averages.values()
    assert averages and all(isinstance(one, torch.Tensor) for one in averages)


@pytest.fixture
def lm(open_tiny):
    torch.manual_seed(0)
    return AdaptedLM.fresh(open_tiny, LORA)


@pytest.fixture
def small_memory(monkeypatch):
    """A function that lets no microbatch of more padded tokens pass. It fails as late
    as can be, when all gradients are taken. Returns the sizes of those that passed."""

    def limit(most: int) -> list[int]:
        real, sizes = torch.autograd.grad, []
        real_loss = module.tree_loss

        def loss(decoder, trees, lm):
            sizes.append(len(trees) * max(map(len, trees)))
            return real_loss(decoder, trees, lm)

        def limited(*args, **options):
            gradients = real(*args, **options)
            if sizes[-1] > most:
                sizes.pop()
                raise torch.OutOfMemoryError("CUDA out of memory")
            return gradients

        monkeypatch.setattr(module, "tree_loss", loss)
        monkeypatch.setattr(module.torch.autograd, "grad", limited)
        return sizes

    return limit


def gradients(lm, batch_tokens=1000, trees=TREES * 3):
    trainer = Trainer(lm, batch_tokens=batch_tokens, key=0)
    trainer.clear()
    loss = trainer.accumulate(trees)
    found = {name: p.grad.clone() for name, p in trainer.parameters.items()}
    return loss, found, trainer


def test_a_microbatch_that_does_not_fit_is_halved(lm, small_memory, caplog):
    loss, expected, _ = gradients(lm)
    sizes = small_memory(15)
    again, found, trainer = gradients(lm)
    assert again == pytest.approx(loss) and max(sizes) <= 15
    assert trainer.batch_tokens <= 15, "it stays with what fits"
    said = [record.message for record in caplog.records]
    assert said and all(line.startswith("[W874]") for line in said)
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient)


def test_a_tree_that_does_not_fit_alone_is_told_and_leaves_no_gradients(
    lm, small_memory
):
    longest = max(range(len(TREES)), key=lambda row: len(TREES[row]))
    small_memory(len(TREES[longest]) - 1)
    trainer = Trainer(lm, batch_tokens=1000, key=0)
    with pytest.raises(RowDoesNotFit) as raised:
        trainer.accumulate(TREES)
    assert raised.value.row == longest
    assert all(p.grad is None for p in trainer.parameters.values())


def test_the_text_that_does_not_fit_is_named(build, small_memory):
    small_memory(1)
    with pytest.raises(ValueError, match="E643.*cpu.*begins"):
        train(build())


def test_a_text_longer_than_the_context_is_named(build, tiny_base):
    from spacy_padellm.trees.packing import GoldSequence, pack_gold

    long = pack_gold([GoldSequence((5,) * 3000, (7, 2), (1.0, 1.0))])
    with pytest.raises(ValueError, match="E647.*3001 tokens.*2048"):
        train(build(), [long])


def test_a_loss_that_is_no_number_changes_nothing(build, monkeypatch):
    model = build()
    before = weights(model)
    real = module.tree_loss
    monkeypatch.setattr(
        module, "tree_loss", lambda *args: real(*args) * torch.tensor(float("nan"))
    )
    with pytest.raises(ValueError, match="E644.*nan"):
        model.begin_update(TREES)
    model.finish_update(Adam(0.1))
    after = weights(model)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_batches_do_every_row_once_whatever_fits():
    from spacy_padellm.trees.batching import DoesNotFit, batches_by_padded_tokens

    generator = np.random.default_rng(0)
    for _ in range(50):
        lengths = generator.integers(1, 40, size=20).tolist()
        most = int(generator.integers(max(lengths), 400))

        def run(rows, lengths=lengths, most=most):
            if len(rows) * max(lengths[row] for row in rows) > most:
                raise DoesNotFit("too large")
            return sum(lengths[row] for row in rows)

        batches = batches_by_padded_tokens(lengths, 1000)
        done = list(run_halving(batches, run))
        assert sorted(row for rows, _ in done for row in rows) == list(range(20))
        assert sum(total for _, total in done) == sum(lengths)

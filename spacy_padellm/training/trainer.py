"""Trains an adapter: gradients batch by batch, and one step for all of them."""

import contextlib
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from thinc.api import Optimizer

from ..adapters.adapted import AdaptedLM
from ..errors import Errors, Warnings
from ..execution.memory import free_memory, memory_checked
from ..execution.trainable import TrainableDecoder, trainable
from ..trees.batching import batches_by_padded_tokens, run_halving
from .loss import Gold, tree_loss
from .optimizer import DeviceOptimizer

logger = logging.getLogger(__name__)


class Trainer:
    """Trains the adapter of a model. Parameters, gradients, moments and averages stay
    on the model's device.

    batch_tokens: padded tokens in a microbatch, at most. Lowered for good where the
        memory does not suffice.
    key: of the model, the first part of thinc's keys for parameters.
    """

    def __init__(self, lm: AdaptedLM, *, batch_tokens: int, key: int) -> None:
        self.lm = lm
        self.batch_tokens = batch_tokens
        self.key = key
        self.parameters = lm.parameters()
        self._decoder: TrainableDecoder | AdaptedLM | None = None
        self._optimizer: DeviceOptimizer | None = None
        self._optimizer_state: dict[str, Any] | None = None
        # of all targets since the last step
        self._weight_sum = 0.0

    @torch.no_grad()
    def loss(self, trees: Sequence[Gold]) -> float:
        """The mean loss of gold trees, in nats a target or text."""
        total = 0.0
        for batch in self._batches(trees):
            rows = [trees[row] for row in batch]
            with self._active_decoder() as decoder:
                total += tree_loss(decoder, rows, self.lm).item()
        return total / max(_weight(trees), 1e-8)

    def accumulate(self, trees: Sequence[Gold]) -> float:
        """Add the gradients of the trees' summed loss to those that the next step uses;
        the mean loss, in nats a target or text.

        Raises RowDoesNotFit, with the number of the tree, where the memory does not
        suffice for a single tree, and ValueError (E644) where the loss is not a finite
        number. The gradients of this and earlier calls are gone then, and no parameter
        has changed.
        """
        if self.lm.name is None:
            raise ValueError(Errors.E706)
        total = 0.0

        def run(batch: list[int]) -> float:
            rows = [trees[row] for row in batch]
            with memory_checked(), self._active_decoder() as decoder:
                loss = tree_loss(decoder, rows, self.lm)
                # added only when they are complete: half a batch must leave no trace
                gradients = torch.autograd.grad(
                    loss, list(self.parameters.values()), allow_unused=True
                )
            self._add(gradients)
            return loss.item()

        def before_retry(batch: list[int]) -> None:
            free_memory()
            longest = max(_n_tokens(trees[row]) for row in batch)
            self._lower_batch_tokens(len(batch) * longest // 2)

        try:
            for _, loss in run_halving(self._batches(trees), run, before_retry):
                total += loss
            if not math.isfinite(total):
                raise ValueError(Errors.E644.format(loss=total))
        except Exception:
            self.clear()
            raise
        weight = _weight(trees)
        self._weight_sum += weight
        return total / max(weight, 1e-8)

    def step(self, optimizer: Optimizer) -> None:
        """One step for all gradients since the last: that of the mean over all targets,
        however they were split into batches."""
        if not self._weight_sum:
            return
        self._use(optimizer)
        self._optimizer.step(self._weight_sum)
        self._weight_sum = 0.0

    def clear(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters.values():
            parameter.grad = None
        self._weight_sum = 0.0

    @contextlib.contextmanager
    def use_params(self, params: Mapping[Any, Any]) -> Iterator[None]:
        """Swap parameters for others, in place: the optimizer's averages, say.

        params: by (key, name); others are left as they are.
        """
        swapped = {
            name: parameter
            for name, parameter in self.parameters.items()
            if (self.key, name) in params
        }
        with torch.no_grad():
            backup = {name: one.detach().clone() for name, one in swapped.items()}
            for name, parameter in swapped.items():
                parameter.copy_(torch.as_tensor(params[self.key, name]))
        try:
            yield
        finally:
            with torch.no_grad():
                for name, values in backup.items():
                    swapped[name].copy_(values)

    # -- checkpoints ------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that the next steps depend on, between two steps; tensors and numbers."""
        optimizer = self._optimizer
        return {
            "parameters": self.values(),
            "optimizer": None if optimizer is None else optimizer.state(),
            "batch_tokens": self.batch_tokens,
            "random": self._random(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a state. The optimizer's part is taken at the next step."""
        self.clear()
        self.set_values(state["parameters"])
        self.batch_tokens = min(self.batch_tokens, state["batch_tokens"])
        self._optimizer = None
        self._optimizer_state = state["optimizer"]
        torch.set_rng_state(state["random"]["cpu"])
        if self.lm.device.type == "cuda" and "cuda" in state["random"]:
            torch.cuda.set_rng_state(state["random"]["cuda"], self.lm.device)

    def averages(self) -> dict[str, torch.Tensor]:
        """Copies of what spaCy saves: the averages, or the parameters without them."""
        averages = {}
        if self._optimizer is not None:
            averages = self._optimizer.optimizer.averages or {}
        return {
            name: averages.get((self.key, name), one).detach().clone()
            for name, one in self.parameters.items()
        }

    def values(self) -> dict[str, torch.Tensor]:
        """Copies of the parameters."""
        return {name: one.detach().clone() for name, one in self.parameters.items()}

    @torch.no_grad()
    def set_values(self, values: Mapping[str, torch.Tensor]) -> None:
        for name, parameter in self.parameters.items():
            parameter.copy_(values[name])

    def _random(self) -> dict[str, torch.Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.lm.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.lm.device)
        return states

    @contextlib.contextmanager
    def _active_decoder(self) -> Iterator[TrainableDecoder | AdaptedLM]:
        # PEFT freezes the adapters that are not active
        with self.lm.base.active(self.lm.name):
            if self._decoder is None:
                self._decoder = trainable(self.lm)
            yield self._decoder

    # -- batches ----------------------------------------------------------------------

    def _batches(self, trees: Sequence[Gold]) -> list[list[int]]:
        lengths = [_n_tokens(tree) for tree in trees]
        return batches_by_padded_tokens(lengths, self.batch_tokens)

    def _add(self, gradients: Sequence[torch.Tensor | None]) -> None:
        parameters = self.parameters.values()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is None:
                continue
            if parameter.grad is None:
                parameter.grad = gradient
            else:
                parameter.grad += gradient

    def _lower_batch_tokens(self, tokens: int) -> None:
        if tokens < self.batch_tokens:
            self.batch_tokens = tokens
            logger.warning(Warnings.W874.format(tokens=tokens))

    def _use(self, optimizer: Optimizer) -> None:
        """Another optimizer than before starts with moments and averages of its own."""
        if self._optimizer is None or self._optimizer.optimizer is not optimizer:
            self._optimizer = DeviceOptimizer(optimizer, self.parameters, self.key)
            if self._optimizer_state is not None:
                self._optimizer.load_state(self._optimizer_state)
                self._optimizer_state = None


def _n_tokens(tree: Gold) -> int:
    """Those of the tree and of what it links to: at most as many as it adds to a batch,
    because trees in a row share what they link to."""
    return len(tree) + len(tree.linked or ())


def _weight(trees: Sequence[Gold]) -> float:
    return sum(tree.weight for tree in trees)

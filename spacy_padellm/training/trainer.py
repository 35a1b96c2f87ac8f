"""One step after the other, whatever the memory; all that is to be kept of them."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ..errors import Errors
from ..models.adapters import Adapter
from ..models.loss import accumulate_gradients
from ..trees.packing import GoldTree
from .dev_set import DevScore, DevSet
from .microbatches import DoesNotFit, Microbatches
from .opening import Opened
from .optimizer import AveragedAdam
from .prepared import Prepared


class Trainer:
    """Trains an adapter on prepared data.

    train_batch_tokens: padded tokens in a microbatch, at most.
    say: told of memory that did not suffice.
    tokens: that were learned from so far, padding not counted.
    """

    def __init__(
        self,
        prepared: Prepared,
        opened: Opened,
        *,
        train_batch_tokens: int,
        say: Callable[[str], None],
    ) -> None:
        self.prepared = prepared
        self.opened = opened
        self.lm = opened.lm
        self.microbatches = Microbatches(train_batch_tokens, say)
        self.dev = DevSet(prepared, opened, self.microbatches, say)
        self.optimizer = AveragedAdam(
            self.lm.parameters(),
            use_averages=prepared.settings.use_averages,
            l2_is_weight_decay=prepared.settings.l2_is_weight_decay,
        )
        self.tokens = 0

    def step(self, number: int) -> float | None:
        """Take the step of that number, from 0; its mean loss in nats a target. None
        where its batch teaches nothing.

        ValueError: one text alone does not fit into the memory (E880), or the loss is
        no number (E881). No parameter has changed then.
        """
        step = self.prepared.steps[number]
        trees = [self.prepared.train.trees[tree] for tree in step.trees]
        weight = float(sum(tree.weights.sum() for tree in trees))
        if not weight:
            return None
        self.lm.set_dropout(step.rates.dropout)
        try:
            loss = self._accumulate(trees) / weight
        except DoesNotFit as error:
            raise ValueError(self._too_large(step.trees[error.row])) from error
        finally:
            self.lm.set_dropout(0.0)
        if not math.isfinite(loss):
            rate = step.rates.learn_rate
            raise ValueError(Errors.E881.format(step=number, loss=loss, rate=rate))
        self.optimizer.step(step.rates, weight)
        self.tokens += sum(map(len, trees))
        return loss

    def score(self) -> DevScore:
        """How well the averages do on the dev set."""
        with self.optimizer.averaged():
            return self.dev.score()

    def adapter(self) -> Adapter:
        """The averages, as an adapter to be saved."""
        with self.optimizer.averaged():
            return Adapter(self.lm.config(), self.lm.weights(), self.opened.card)

    def state(self) -> dict[str, Any]:
        """All that the next steps depend on."""
        return {
            "optimizer": self.optimizer.state(),
            "random": self._random(),
            "microbatch_tokens": self.microbatches.tokens,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.optimizer.load_state(state["optimizer"])
        self._set_random(state["random"])
        self.microbatches.tokens = min(
            self.microbatches.tokens, state["microbatch_tokens"]
        )

    def _accumulate(self, trees: Sequence[GoldTree]) -> float:
        """The summed loss of the trees, whose gradients are taken."""
        random, losses = self._random(), []

        def start() -> None:
            self.optimizer.clear()
            self._set_random(random)
            losses.clear()

        def work(rows: list[int]) -> None:
            batch = [trees[row] for row in rows]
            tokens = self.microbatches.tokens
            smoothing = self.prepared.settings.label_smoothing
            losses.append(accumulate_gradients(self.lm, batch, tokens, smoothing))

        self.microbatches([len(tree) for tree in trees], work, start)
        return sum(losses)

    def _random(self) -> dict[str, torch.Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.lm.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.lm.device)
        return states

    def _set_random(self, states: dict[str, torch.Tensor]) -> None:
        torch.set_rng_state(states["cpu"])
        if self.lm.device.type == "cuda" and "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], self.lm.device)

    def _too_large(self, number: int) -> str:
        tree = self.prepared.train.trees[number]
        return Errors.E880.format(
            split="training",
            doc=self.prepared.train.docs[number],
            tokens=len(tree),
            begin=self.opened.tokenizer.decode(tree.ids[:20].tolist()),
            device=self.lm.device,
        )

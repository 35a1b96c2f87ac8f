"""How well an adapter does on the dev set while it is trained."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..engines.transformers import TransformersEngine
from ..errors import Errors
from ..models.decoding import DecodingSettings
from ..models.loss import tree_loss
from .dev_texts import score_texts
from .microbatches import DoesNotFit, Microbatches
from .opening import Opened
from .prepared import Prepared


@dataclass(frozen=True, slots=True)
class DevScore:
    """loss: nats a target. f: micro F, 0 to 1; None where no text can be read because
    the format is not this package's."""

    loss: float
    f: float | None

    @property
    def key(self) -> float:
        """The higher the better."""
        return -self.loss if self.f is None else self.f


class DevSet:
    """The dev set of prepared data.

    microbatches: for the loss. Texts are read in batches of the component's size.
    """

    def __init__(
        self,
        prepared: Prepared,
        opened: Opened,
        microbatches: Microbatches,
        say: Callable[[str], None],
    ) -> None:
        settings = prepared.settings
        self.trees = prepared.dev.trees
        self.texts = prepared.dev_texts
        self.lm = opened.lm
        self.tokenizer = opened.tokenizer
        self.format = settings.format.build()
        self.placing = settings.placing
        self.decoding = DecodingSettings(merge=settings.merge_adapter)
        self.microbatches = microbatches
        self.reading = Microbatches(settings.batch_tokens, say)

    def score(self) -> DevScore:
        """Of the adapter as it is now. ValueError (E880): a text does not fit into the
        memory."""
        try:
            return DevScore(self._loss(), self._f())
        except DoesNotFit as error:
            text = self.texts[error.row]
            message = Errors.E880.format(
                split="dev",
                doc=text.doc,
                tokens=len(self.trees[error.row]),
                begin=text.text[:60],
                device=self.lm.device,
            )
            raise ValueError(message) from error

    @torch.no_grad()
    def _loss(self) -> float:
        losses: dict[int, float] = {}

        def work(rows: list[int]) -> None:
            trees = [self.trees[row] for row in rows]
            total = sum(
                loss.item()
                for loss in tree_loss(self.lm, trees, self.microbatches.tokens)
            )
            losses[rows[0]] = total

        self.microbatches([len(tree) for tree in self.trees], work, losses.clear)
        weight = float(sum(tree.weights.sum() for tree in self.trees))
        return sum(losses.values()) / max(weight, 1e-8)

    def _f(self) -> float | None:
        if self.format is None:
            return None
        # made anew: what it holds in memory is needed here alone
        engine = TransformersEngine(self.lm, self.tokenizer, decoding=self.decoding)
        return score_texts(
            self.texts,
            format=self.format,
            engine=engine,
            tokenizer=self.tokenizer,
            placing=self.placing,
            in_batches=self.reading,
        ).f

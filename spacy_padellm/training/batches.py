"""The batches and rates of a training, in the order in which spaCy would have them."""

from collections.abc import Iterator, Sequence
from typing import Any

from spacy.language import Language
from spacy.training import Example
from spacy.training.loop import create_train_batches, subdivide_batch
from thinc.api import Optimizer

from ..errors import Errors
from .steps import Rates


def training_batches(
    nlp: Language, examples: Sequence[Example], training: dict[str, Any]
) -> Iterator[tuple[list[Example], Rates]]:
    """What each step learns from, and how fast. spaCy takes one step more than
    `max_steps`, and so does this.

    training: the resolved block of the config.
    """
    optimizer = training["optimizer"]
    batches = create_train_batches(
        nlp, lambda nlp: examples, training["batcher"], training["max_epochs"]
    )
    for number, (_, batch) in enumerate(batches):
        parts = subdivide_batch(batch, training["accumulate_gradient"])
        rates = Rates(
            learn_rate=optimizer.learn_rate,
            b1=optimizer.b1,
            b2=optimizer.b2,
            eps=optimizer.eps,
            L2=optimizer.L2,
            grad_clip=optimizer.grad_clip,
            dropout=training["dropout"],
        )
        yield [example for part in parts for example in part], rates
        optimizer.step_schedules()
        if training["max_steps"] and number >= training["max_steps"]:
            break


def check_training(training: dict[str, Any]) -> None:
    """ValueError: a training without an end, or of a corpus that is streamed (E873); an
    optimizer that is not thinc's Adam (E874)."""
    steps, epochs = training["max_steps"], training["max_epochs"]
    if epochs < 0 or not steps and not epochs:
        raise ValueError(Errors.E873.format(steps=steps, epochs=epochs))
    optimizer = training["optimizer"]
    is_adam = (
        isinstance(optimizer, Optimizer)
        and not optimizer.use_radam
        and optimizer.b1 > 0
        and optimizer.b2 > 0
    )
    if not is_adam:
        raise ValueError(Errors.E874)

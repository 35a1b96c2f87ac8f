"""PaDeLLM-Multi where there is one device: simulated, as the paper does it.

With a device for every sequence, a text is done when its slowest sequence is. So every
sequence is completed alone and timed, and the text's latency is the longest chain of
sequences: the time of a count and of the slowest mention behind it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import takewhile

import torch

from ..types import TokenIds
from .base import Branch, Completion, Engine, Session


def seconds_when_done() -> float:
    """The time in seconds, once CUDA has done all that it was given to do."""
    if torch.cuda.is_initialized():
        for device in range(torch.cuda.device_count()):
            torch.cuda.synchronize(device)
    return time.perf_counter()


class OneSequenceADevice:
    """Writes what `engine` writes, a sequence at a time, and keeps the time.

    clock: seconds, of which differences are taken.
    saved: seconds that the sequences of all closed sessions took one after the other,
        less what they would have taken each on a device of its own.
    """

    def __init__(
        self, engine: Engine, *, clock: Callable[[], float] = seconds_when_done
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.saved = 0.0

    @contextmanager
    def session(self, n_texts: int) -> Iterator["SimulatedSession"]:
        with ExitStack() as opened:
            session = SimulatedSession(self.engine, self.clock, n_texts, opened)
            yield session
            self.saved += session.busy - sum(session.latencies())


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What was written on a device of its own.

    ids: the prompt and its completion. chain: seconds from the text's start to here.
    """

    ids: TokenIds
    chain: float
    device: Session


class SimulatedSession:
    """The devices of each text; nothing is shared between two texts.

    A branch goes on from the sequence of an earlier call with which it has the longest
    beginning in common, on that one's device and after its time: a mention from its
    label's count, whose prompt is not encoded again. The branches of one call do not
    wait for each other, though where they go on from the same sequence, the later ones
    pass over what the earlier ones left in its cache: a few tokens each.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], float],
        n_texts: int,
        opened: ExitStack,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._opened = opened
        self._texts: list[list[_Sequence]] = [[] for _ in range(n_texts)]
        self.busy = 0.0  # seconds that all sequences took together

    def latencies(self) -> list[float]:
        """Seconds that each text would have taken with a device for every sequence, the
        prompts' encoding included. A simulated number: sending a cache from one device
        to another, and a real device's waiting, cost nothing in it."""
        return [
            max((sequence.chain for sequence in sequences), default=0.0)
            for sequences in self._texts
        ]

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        answers = []
        for sequences, asked in zip(self._texts, branches, strict=True):
            done = [self._complete_alone(branch, sequences) for branch in asked]
            sequences += [sequence for sequence, _ in done]
            answers.append([completion for _, completion in done])
        return answers

    def _complete_alone(
        self, branch: Branch, earlier: Sequence[_Sequence]
    ) -> tuple[_Sequence, Completion]:
        before, device = self._start(branch, earlier)
        start = self._clock()
        ((completion,),) = device.complete([[branch]])
        seconds = self._clock() - start
        self.busy += seconds
        ids = branch.prompt + completion.ids
        return _Sequence(ids, before + seconds, device), completion

    def _start(
        self, branch: Branch, earlier: Sequence[_Sequence]
    ) -> tuple[float, Session]:
        """The time before the branch can begin, and the device where it does."""
        parent = max(
            earlier,
            # where two have as much in common, the later one to be done
            key=lambda one: (_n_shared(one.ids, branch.prompt), one.chain),
            default=None,
        )
        if parent is not None and _n_shared(parent.ids, branch.prompt):
            return parent.chain, parent.device
        session: AbstractContextManager[Session] = self._engine.session(1)
        return 0.0, self._opened.enter_context(session)


def _n_shared(ids: TokenIds, prompt: TokenIds) -> int:
    """How many tokens two sequences have in common at their beginnings."""
    pairs = zip(ids, prompt, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

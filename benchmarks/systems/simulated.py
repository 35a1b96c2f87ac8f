"""PaDeLLM-Multi on one device, simulated as in the paper.

PaDeLLM-Multi has a device for every sequence, so a text is done when its slowest
sequence is done. The simulation completes each sequence alone and measures its time.
The latency of a text is the time of its longest chain of sequences: a count, and the
slowest mention that follows it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import takewhile

from spacy_padellm.engines.base import Engine, Session
from spacy_padellm.engines.usage import Usage
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import PromptTokenizer, TokenIds

from ..machine.clock import seconds_when_done


class OneDevicePerSequence:
    """Completes one sequence at a time with `engine`, and measures the time of each.

    clock: a time in seconds.
    excluded_seconds: the time of all sequences in closed sessions, one after the other,
        minus the time they would have taken with one device for each.
    """

    def __init__(
        self, engine: Engine, *, clock: Callable[[], float] = seconds_when_done
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.excluded_seconds = 0.0

    @property
    def usage(self) -> Usage:
        return self.engine.usage

    @property
    def tokenizer(self) -> PromptTokenizer:
        return self.engine.tokenizer

    @contextmanager
    def session(self, n_texts: int) -> Iterator["SimulatedSession"]:
        with ExitStack() as opened:
            session = SimulatedSession(self.engine, self.clock, n_texts, opened)
            yield session
            self.excluded_seconds += session.busy - sum(session.latencies())


@dataclass(frozen=True, slots=True)
class _Sequence:
    """A completed sequence on its own device.

    ids: the prompt and its completion. chain: seconds from the start of the text to the
        end of this sequence.
    """

    ids: TokenIds
    chain: float
    device: Session


class SimulatedSession:
    """The devices of each text. Texts share nothing.

    A branch continues the earlier sequence that shares the longest beginning with it,
    on that sequence's device and after it. So a mention continues the count of its
    label, whose prompt is not encoded again. Branches of the same call do not wait for
    each other. If several of them continue the same sequence, the later ones skip the
    few tokens that the earlier ones left in its cache.
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
        self.busy = 0.0  # seconds of all sequences together

    def latencies(self) -> list[float]:
        """Seconds that each text would take with a device for every sequence.

        The simulation leaves out the time to send a cache to another device.
        """
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
        """The time before the branch can start, and the device that it runs on."""
        parent = max(
            earlier,
            # of two that share as much, the one that ends later
            key=lambda one: (_n_shared(one.ids, branch.prompt), one.chain),
            default=None,
        )
        if parent is not None and _n_shared(parent.ids, branch.prompt):
            return parent.chain, parent.device
        session: AbstractContextManager[Session] = self._engine.session(1)
        return 0.0, self._opened.enter_context(session)


def _n_shared(ids: TokenIds, prompt: TokenIds) -> int:
    """The number of first tokens that two sequences share."""
    pairs = zip(ids, prompt, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

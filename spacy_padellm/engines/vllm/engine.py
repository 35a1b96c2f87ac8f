"""An engine that completes branches on a vLLM server."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ...trees.branch import Branch, Completion
from ...types import PromptTokenizer
from ..base import check_fits
from .answers import MOST_PROMPTS, Ask, Written, ask
from .sequences import ServedSequence
from .server import Server

# Batches at once: the server works on one while the answers of another are read.
IN_FLIGHT = 2


class VLLMEngine:
    """Completes branches on a server, which keeps the prompts that it has read in its
    prefix cache.

    model: the name of what is served. context_length: of it, in tokens.
    max_requests: in flight at once, for all sessions together.
    """

    in_flight = IN_FLIGHT

    def __init__(
        self,
        server: Server,
        model: str,
        tokenizer: PromptTokenizer,
        context_length: int,
        max_requests: int,
    ) -> None:
        self.server = server
        self.model = model
        self.tokenizer = tokenizer
        self.context_length = context_length
        self._threads = ThreadPoolExecutor(max_requests, "vllm")

    @contextmanager
    def session(self, n_texts: int) -> Iterator["VLLMSession"]:
        yield VLLMSession(self)

    def ask_all(
        self, groups: Sequence[tuple[Ask, Sequence[ServedSequence]]]
    ) -> list[list[Written]]:
        """Send a request for each group; its sequences ask for the same."""
        waiting = [
            self._threads.submit(
                ask,
                self.server,
                self.model,
                [sequence.prompt for sequence in sequences],
                wanted,
                self.tokenizer,
            )
            for wanted, sequences in groups
        ]
        try:
            return [one.result() for one in waiting]
        finally:
            for one in waiting:  # those that wait behind one that failed
                one.cancel()


@dataclass(slots=True)
class VLLMSession:
    """A batch of texts. Nothing is kept here; the server has the prefix cache."""

    engine: VLLMEngine
    breadths: dict[str, float] = field(default_factory=dict)

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Complete all branches greedily. Those of a text are sent together, as they
        begin alike.

        Raises Unavailable or ValueError if one of them cannot be completed.
        """
        for branch in chain.from_iterable(branches):
            self._check_length(branch)
        tokenizer = self.engine.tokenizer
        running = [
            ServedSequence.start(text, index, branch, tokenizer)
            for text, row in enumerate(branches)
            for index, branch in enumerate(row)
        ]
        done: list[list[Any]] = [[None] * len(row) for row in branches]
        while running:
            unfinished = []
            for sequence, answers in self._answers(running):
                completion = sequence.accept(answers)
                if completion is None:
                    unfinished.append(sequence)
                else:
                    done[sequence.text][sequence.index] = completion
            running = unfinished
        return done

    def _answers(
        self, running: Sequence[ServedSequence]
    ) -> Iterator[tuple[ServedSequence, list[Written]]]:
        """Each sequence with the answers to all that it asks."""
        wanted: dict[tuple[int, int, Ask], list[ServedSequence]] = {}
        for sequence in running:
            for number, one in enumerate(sequence.asks()):
                wanted.setdefault((number, sequence.text, one), []).append(sequence)
        groups = [
            (one, sequences[first : first + MOST_PROMPTS])
            for (_, _, one), sequences in sorted(wanted.items(), key=_number)
            for first in range(0, len(sequences), MOST_PROMPTS)
        ]
        answers: dict[ServedSequence, list[Written]] = {one: [] for one in running}
        for (_, sequences), written in zip(
            groups, self.engine.ask_all(groups), strict=True
        ):
            for sequence, one in zip(sequences, written, strict=True):
                answers[sequence].append(one)
        yield from answers.items()

    def _check_length(self, branch: Branch) -> None:
        needed = len(branch.prompt) + branch.max_new_tokens
        check_fits(needed, self.engine.context_length)


def _number(item: tuple[tuple[int, int, Ask], Any]) -> int:
    """The place of an ask in `ServedSequence.asks`, the order of the answers."""
    return item[0][0]

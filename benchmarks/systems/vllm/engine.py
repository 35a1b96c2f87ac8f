"""An engine that completes branches in vLLM."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from spacy_padellm.engines.usage import Usage
from spacy_padellm.trees.branch import Branch, Completion
from spacy_padellm.types import PromptTokenizer

from .process import VLLMProcess


@dataclass(slots=True)
class VLLMEngine:
    """Completes branches in vLLM, with its prefix cache and continuous batching.

    Each session starts with an empty prefix cache, so a document that was read in an
    earlier round is computed again.

    excluded_seconds: the time that messages to the other process have taken.
    usage: tokens that were computed, without those from the prefix cache. The number of
        passes is not known.
    """

    process: VLLMProcess
    tokenizer: PromptTokenizer
    usage: Usage = field(default_factory=Usage)
    excluded_seconds: float = 0.0

    @contextmanager
    def session(self, n_texts: int) -> Iterator["VLLMSession"]:
        start = time.perf_counter()
        self.process.ask({"reset": True})
        self.excluded_seconds += time.perf_counter() - start
        self.usage.sessions += 1
        yield VLLMSession(self)


@dataclass(slots=True)
class VLLMSession:
    engine: VLLMEngine

    def complete(self, branches: Sequence[Sequence[Branch]]) -> list[list[Completion]]:
        """Complete all branches greedily, at once.

        All log-probabilities are 0: vLLM need not compute them, which is to its
        advantage.
        """
        flat = list(chain.from_iterable(branches))
        if not flat:
            return [[] for _ in branches]
        start = time.perf_counter()
        answer = self.engine.process.ask(
            {
                "prompts": [branch.prompt for branch in flat],
                "max_tokens": [branch.max_new_tokens for branch in flat],
                "stop_ids": [sorted(branch.stop_ids) for branch in flat],
                "stop": [branch.stop_strings for branch in flat],
            }
        )
        self.engine.excluded_seconds += time.perf_counter() - start - answer["seconds"]
        n_read = answer["prompt_tokens"] - answer["cached_tokens"]
        n_read += sum(map(len, answer["ids"]))
        self.engine.usage.tokens += n_read
        self.engine.usage.padded += n_read  # vLLM pads nothing
        done = map(self._completion, flat, answer["ids"], answer["stopped"])
        return [[next(done) for _ in row] for row in branches]

    def _completion(self, branch: Branch, ids: list[int], stopped: bool) -> Completion:
        text = self.engine.tokenizer.decode(ids)
        cuts = [text.find(string) for string in branch.stop_strings]
        return Completion(
            tuple(ids),
            text[: min((cut for cut in cuts if cut >= 0), default=None)],
            (0.0,) * (len(ids) + stopped),
            stopped,
            (0.0,) * len(branch.candidates),
        )

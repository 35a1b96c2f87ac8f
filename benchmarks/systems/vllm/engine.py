"""The component's engine for vLLM, on a server that is only awake for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from spacy_padellm.engines.usage import Usage
from spacy_padellm.engines.vllm.engine import VLLMEngine, VLLMSession
from spacy_padellm.types import PromptTokenizer

from .server import VLLMServer


@dataclass(slots=True)
class MeasuredVLLM:
    """Each session starts with an empty prefix cache, so a document that was read in an
    earlier round is computed again.

    excluded_seconds: the time to wake the server and to read its counters. Requests
        and answers are not excluded: a server has them too.
    usage: tokens that were computed, without those from the prefix cache. The number of
        passes is not known.
    """

    engine: VLLMEngine
    server: VLLMServer
    usage: Usage = field(default_factory=Usage)
    excluded_seconds: float = 0.0

    @property
    def tokenizer(self) -> PromptTokenizer:
        return self.engine.tokenizer

    @contextmanager
    def session(self, n_texts: int) -> Iterator[VLLMSession]:
        start = time.perf_counter()
        with self.server.awake():
            self.server.forget()
            before = self.server.tokens()
            self.excluded_seconds += time.perf_counter() - start
            with self.engine.session(n_texts) as session:
                yield session
            start = time.perf_counter()
            after = self.server.tokens()
        n_read = (after.prompt - before.prompt) - (after.cached - before.cached)
        n_read += after.written - before.written
        self.usage.sessions += 1
        self.usage.tokens += n_read
        self.usage.padded += n_read  # vLLM pads nothing
        self.excluded_seconds += time.perf_counter() - start

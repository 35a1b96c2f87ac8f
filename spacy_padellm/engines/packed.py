"""Branches completed by a model in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from ..adapters.adapted import AdaptedLM
from ..execution.decoding import EXACT, Decoding, DecodingSettings
from ..types import PromptTokenizer
from .session import PackedSession
from .usage import Usage

# A pass reads all weights, however few tokens it has: up to so many, drafts are free.
FREE_TOKENS = {"cpu": 24, "cuda": 256, "mps": 64}
# Batches under work at once: while one waits for the GPU, tokens, trees and spans of
# another are computed. On a CPU they would only take each other's cores.
IN_FLIGHT = {"cuda": 2}


class PackedEngine:
    """Completes branches in packed trees.

    drafts: whether a branch's draft is used.
    in_flight: see `Engine`.
    usage: counts what is done, session by session.
    """

    def __init__(
        self,
        lm: AdaptedLM,
        tokenizer: PromptTokenizer,
        *,
        drafts: bool = True,
        decoding: DecodingSettings = EXACT,
    ) -> None:
        self.lm = lm
        self.tokenizer = tokenizer
        self.decoding = Decoding(lm, decoding)
        self.free_tokens = FREE_TOKENS[lm.device.type] if drafts else 0
        self.in_flight = IN_FLIGHT.get(lm.device.type, 1)
        self.usage = Usage()
        self._lock = Lock()

    @contextmanager
    def session(self, n_texts: int) -> Iterator[PackedSession]:
        usage = Usage(sessions=1)
        try:
            yield PackedSession(
                self.lm,
                self.decoding.decoder(),
                self.tokenizer,
                n_texts,
                free_tokens=self.free_tokens,
                usage=usage,
            )
        finally:
            with self._lock:
                self.usage.add(usage)

"""An engine that runs the model in this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..adapters.adapted import AdaptedLM
from ..execution.decoding import EXACT, Decoding, DecodingSettings
from ..locks import small_lock
from ..types import PromptTokenizer
from .session import PackedSession
from .usage import Usage

# A pass reads all weights, however few tokens it has. This many tokens cost as much as
# one, so drafts up to it are free.
FREE_TOKENS = {"cpu": 24, "cuda": 256, "mps": 64}
# Batches at once: the CPU prepares one while the GPU computes another.
IN_FLIGHT = {"cuda": 2}


class PackedEngine:
    """Scores and completes packed trees.

    drafts: whether to use the drafts of branches. usage: of all closed sessions.
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
        self._lock = small_lock()

    @contextmanager
    def session(self, n_texts: int) -> Iterator[PackedSession]:
        usage = Usage(sessions=1)
        try:
            yield PackedSession(
                self.lm,
                self.decoding,
                self.tokenizer,
                n_texts,
                free_tokens=self.free_tokens,
                usage=usage,
            )
        finally:
            with self._lock:
                self.usage.add(usage)

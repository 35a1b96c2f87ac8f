"""Branches completed by a model in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..formats.base import PromptTokenizer
from ..models.decoding import EXACT, Decoding, DecodingSettings
from ..models.lora import AdaptedLM
from .packed import PackedSession

# A pass reads all weights, however few tokens it has: up to so many, drafts are free.
FREE_TOKENS = {"cpu": 24, "cuda": 256, "mps": 64}


@dataclass(slots=True)
class Usage:
    """What an engine has done so far.

    sessions: batches of texts. passes: forward passes. tokens: that went through the
        model. padded: the same with the padding that matrix products compute; fused
        ones leave it out. attended: with all padding, as in attention.
    """

    sessions: int = 0
    passes: int = 0
    tokens: int = 0
    padded: int = 0
    attended: int = 0


class TransformersEngine:
    """Completes branches in packed trees.

    drafts: whether a branch's draft is used.
    usage: counts what is done.
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
        self.usage = Usage()

    @contextmanager
    def session(self, n_texts: int) -> Iterator[PackedSession]:
        self.usage.sessions += 1
        yield PackedSession(
            self.lm,
            self.decoding.decoder(),
            self.tokenizer,
            n_texts,
            free_tokens=self.free_tokens,
            usage=self.usage,
        )

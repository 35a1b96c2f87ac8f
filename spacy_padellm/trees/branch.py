"""A prompt to complete, and its completion."""

from dataclasses import dataclass

from ..types import TokenIds
from .drafts import Draft


@dataclass(frozen=True, slots=True)
class Branch:
    """A prompt to complete.

    max_new_tokens: the most tokens to generate, without the stop token.
    stop_ids: tokens that end the completion.
    stop_strings: strings that end the completion; the text is cut before them.
    candidates: return the log-probabilities of these tokens as the first new token.
    draft: proposes new tokens; it changes the speed alone.
    constrained: generate only tokens that a MentionDraft allows, or a stop token.
    among_allowed: probabilities are among the tokens that may follow, and not among
        the whole vocabulary: those of `constrained`, or else `candidates`, one of which
        is then the first token.
    prefix: this many of the prompt's first tokens see each other in both directions.
        All branches of a text share them.
    prefetch: prompts that may come next, in groups, the likeliest first. Each starts
        with this prompt. An engine may run them in the same pass if that is free.
    """

    prompt: TokenIds
    max_new_tokens: int
    stop_ids: frozenset[int] = frozenset()
    stop_strings: tuple[str, ...] = ()
    candidates: TokenIds = ()
    draft: Draft | None = None
    constrained: bool = False
    among_allowed: bool = False
    prefix: int = 0
    prefetch: tuple[tuple[TokenIds, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model generated.

    ids: the new tokens, without the stop token.
    text: the decoded tokens, cut before a stop string.
    logprobs: the log-probability of each of `ids`, and of the stop token if any.
    stopped: whether a stop token or stop string ended it, and not `max_new_tokens`.
    candidates: the log-probabilities of the branch's candidates.
    """

    ids: TokenIds
    text: str
    logprobs: tuple[float, ...]
    stopped: bool
    candidates: tuple[float, ...] = ()

    @property
    def logprob(self) -> float:
        """The log-probability of all generated tokens."""
        return sum(self.logprobs)

"""A prompt to complete, and what was written for it."""

from dataclasses import dataclass

from ..types import TokenIds
from .drafts import Draft


@dataclass(frozen=True, slots=True)
class Branch:
    """A prompt to complete.

    max_new_tokens: at most so many tokens, the stop token not counted.
    stop_ids: tokens that end the completion.
    stop_strings: strings that end it as well; the text is cut before them.
    candidates: tokens whose log-probability as the first new token is wanted.
    draft: what will probably be written; changes the speed alone.
    constrained: write nothing but what a MentionDraft allows, or the end.
    prefix: so many of the prompt's first tokens see each other, in both directions; all
        branches of a text have them in common.
    prefetch: prompts that may be asked for next, each with this one at its beginning, in
        groups, the likeliest first. An engine for which they are free takes them along.
    """

    prompt: TokenIds
    max_new_tokens: int
    stop_ids: frozenset[int] = frozenset()
    stop_strings: tuple[str, ...] = ()
    candidates: TokenIds = ()
    draft: Draft | None = None
    constrained: bool = False
    prefix: int = 0
    prefetch: tuple[tuple[TokenIds, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote.

    ids: the new tokens, without the stop token.
    text: the same as a string, cut before a stop string.
    logprobs: log-probability of each token that was generated: of `ids`, and of the
        stop token if there is one.
    stopped: whether a stop token or stop string ended it, and not `max_new_tokens`.
    candidates: log-probabilities of the branch's candidates.
    """

    ids: TokenIds
    text: str
    logprobs: tuple[float, ...]
    stopped: bool
    candidates: tuple[float, ...] = ()

    @property
    def logprob(self) -> float:
        """Of all that was generated."""
        return sum(self.logprobs)

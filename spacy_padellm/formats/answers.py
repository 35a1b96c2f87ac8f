"""A model's answer, with the log-probability of any part of it."""

from bisect import bisect_right

from ..locks import cached_property
from ..trees.branch import Completion
from ..types import PromptTokenizer


class Answer:
    """A completion as text.

    length: generated tokens, including the end token.
    stopped: whether the model ended the answer.
    """

    def __init__(self, completion: Completion, tokenizer: PromptTokenizer) -> None:
        self.completion = completion
        self.tokenizer = tokenizer
        self.text = completion.text
        self.stopped = completion.stopped
        self.length = len(completion.logprobs)

    def logprob(self, start: int, end: int) -> float:
        """The log-probability of characters `start` to `end`. If `end` is beyond the
        text, it includes the end token."""
        ends = self._token_ends
        first = bisect_right(ends, start)
        last = bisect_right(ends, end - 1)
        return sum(self.completion.logprobs[first : last + 1])

    @cached_property
    def _token_ends(self) -> list[int]:
        """The end of each token, in characters."""
        ids = self.completion.ids
        return [len(self.tokenizer.decode(ids[: n + 1])) for n in range(len(ids))]

"""What is asked of a server and what it answers, with all checks of the latter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import Errors
from ...types import PromptTokenizer, TokenIds
from .server import Server

# The most tokens whose log-probabilities vLLM tells (MAX_LOGPROB_TOKEN_IDS there).
MOST_REPORTED = 128
# The longest list of prompts in a request; vLLM takes up to 1024.
MOST_PROMPTS = 256
# Logarithms of probabilities are not above 0, but for rounding.
ROUNDING = 0.01


@dataclass(frozen=True, slots=True)
class Ask:
    """How to go on with a prompt, greedily.

    allowed: the tokens that may be written; None: all. reported: those whose
        log-probabilities are wanted at each place, beside that of the written token.
    """

    max_tokens: int
    stop_ids: TokenIds = ()
    stop_strings: tuple[str, ...] = ()
    allowed: TokenIds | None = None
    reported: TokenIds = ()

    def body(self) -> dict[str, Any]:
        """The request as OpenAI has it, without the prompts."""
        return {
            "max_tokens": self.max_tokens,
            "temperature": 0.0,
            "top_p": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "logprobs": len(self.reported),
            "stop": list(self.stop_strings) or None,
        }

    def extra(self) -> dict[str, Any]:
        """What vLLM has beyond OpenAI. The model's own sampling settings, which the
        server would use by default, are all turned off."""
        return {
            "top_k": 0,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "stop_token_ids": list(self.stop_ids),
            "ignore_eos": True,  # only the stop ids end an answer
            "allowed_token_ids": None if self.allowed is None else list(self.allowed),
            "logprob_token_ids": list(self.reported) or None,
            "add_special_tokens": False,
            "skip_special_tokens": False,
            "spaces_between_special_tokens": False,
            "return_token_ids": True,
            "return_tokens_as_token_ids": True,
        }


@dataclass(frozen=True, slots=True)
class Written:
    """An answer.

    ids: with the stop token, if any. reported: log-probabilities at each place, at
    least those of `Ask.reported` and of the written token.
    """

    ids: TokenIds
    reported: tuple[Mapping[int, float], ...]


def ask(
    server: Server,
    model: str,
    prompts: Sequence[TokenIds],
    wanted: Ask,
    tokenizer: PromptTokenizer,
) -> list[Written]:
    """Send prompts, and return the answers in their order.

    Raises Unavailable or ValueError if the server does not answer, and ValueError for
    an answer that lacks something (E360), that does not fit the prompts (E363), or with
    log-probabilities that are none (E364).
    """
    body = {"prompt": [list(prompt) for prompt in prompts], **wanted.body()}
    answer = server.complete(model, body, wanted.extra())
    try:
        choices = sorted(answer["choices"], key=lambda choice: choice["index"])
        indices = [choice["index"] for choice in choices]
    except (TypeError, KeyError) as error:
        raise server.refused(unexpected(error)) from error
    if indices != list(range(len(prompts))):
        reason = f"{len(prompts)} prompts have {len(choices)} answers ({indices})"
        raise server.refused(reason)
    return [
        _read(server, choice, prompt, wanted, tokenizer)
        for choice, prompt in zip(choices, prompts, strict=True)
    ]


def _read(
    server: Server,
    choice: Mapping[str, Any],
    prompt: TokenIds,
    wanted: Ask,
    tokenizer: PromptTokenizer,
) -> Written:
    try:
        ids = tuple(choice["token_ids"])
        read = tuple(choice["prompt_token_ids"])
        tops = [_by_id(top) for top in choice["logprobs"]["top_logprobs"]]
        ended, text = choice["finish_reason"], str(choice["text"])
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise server.refused(unexpected(error)) from error
    if ended not in ("stop", "length"):
        raise server.refused(f"an answer ended by {ended!r}")
    if not 0 < len(ids) <= wanted.max_tokens or len(tops) != len(ids):
        raise server.refused(
            f"{len(ids)} tokens with {len(tops)} log-probabilities, where up to "
            f"{wanted.max_tokens} tokens may be written"
        )
    if read != prompt:
        what = "it has read other tokens than it was sent"
        raise ValueError(Errors.E363.format(url=server.url, what=what))
    allowed = None if wanted.allowed is None else set(wanted.allowed)
    for token, top in zip(ids, tops, strict=True):
        if allowed is not None and token not in allowed:
            what = f"it has written token {token!r}, which may not follow"
            raise ValueError(Errors.E363.format(url=server.url, what=what))
        missing = {token, *wanted.reported} - top.keys()
        if missing:
            raise server.refused(f"no log-probability of the tokens {sorted(missing)}")
        wrong = [value for value in top.values() if not value <= ROUNDING]
        if wrong:
            raise ValueError(Errors.E364.format(url=server.url, value=wrong[0]))
    if not _letters(tokenizer.decode(ids)).startswith(_letters(text)):
        what = f"its tokens do not spell what it has written, {text[:60]!r}"
        raise ValueError(Errors.E363.format(url=server.url, what=what))
    return Written(ids, tuple(tops))


def _letters(text: str) -> str:
    """A text without what depends on the tokens around it: spaces at its ends, and the
    marks for parts of characters."""
    return text.replace("\ufffd", "").strip()


def _by_id(top: Mapping[str, float | None]) -> dict[int, float]:
    """Token id → log-probability, from keys such as "token_id:12". None, which stands
    for no number, becomes NaN."""
    return {
        int(token.removeprefix("token_id:")): float("nan" if value is None else value)
        for token, value in top.items()
    }


def unexpected(error: Exception) -> str:
    return f"something is missing or of another type ({error!r})"

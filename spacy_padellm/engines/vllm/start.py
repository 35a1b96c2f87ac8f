"""Whether a server is one that a component can ask: checked before its first text."""

from typing import Any

from ...errors import Errors
from ...types import PromptTokenizer
from ..base import Unavailable
from .answers import Ask, unexpected
from .server import Server

# Digits, spaces, accents, scripts, an emoji: tokenizers differ in some of them.
PROBE = "Ann Lee paid 1,205 zł\nto Émile's café in 北京市, 12:30.  🙂 naïveté\n1"
# A log-probability that stands for -inf in JSON is far below this.
ALMOST_NEVER = -5000.0


def check_served(server: Server, model: str, tokenizer: PromptTokenizer) -> int:
    """Check that a server serves `model`, that it reads the tokens of our tokenizer,
    and that it answers with all that is asked for.

    Returns the model's context length in tokens.

    Raises Unavailable: it cannot be reached or does not answer (E355 to E359), it does
    not serve the model (E358), it has another tokenizer (E362), or it changes the
    log-probabilities (E365). Raises ValueError for an answer that cannot be used.
    """
    context = _context_length(server, model)
    ids = tokenizer.encode(PROBE, add_special_tokens=False).ids
    last = ids[-1]
    other = next(token for token in (*ids[:2], tokenizer.eos_id) if token != last)
    wanted = Ask(1, allowed=(last,), reported=(last, other))
    body = {"prompt": PROBE, **wanted.body()}
    answer = server.complete(model, body, wanted.extra())
    try:
        [choice] = answer["choices"]
        read, written = choice["prompt_token_ids"], choice["token_ids"]
        logprobs = choice["logprobs"]["top_logprobs"][0]
        logprob = float(logprobs[f"token_id:{other}"])
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise server.refused(unexpected(error)) from error
    if tuple(read) != ids or list(written) != [last]:
        raise Unavailable(Errors.E362.format(url=server.url, model=model))
    if not ALMOST_NEVER < logprob <= 0:
        raise Unavailable(Errors.E365.format(url=server.url))
    return context


def _context_length(server: Server, model: str) -> int:
    """The length that the server says; LoRAs have that of their base."""
    answer: Any = server.models()
    try:
        cards = {card["id"]: card for card in answer["data"]}
        lengths = [card.get("max_model_len") for card in cards.values()]
        longest = max(length for length in lengths if length is not None)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        reason = f"its list of models lacks something ({error!r})"
        raise server.refused(reason) from error
    if model not in cards:
        known = f"It serves {', '.join(map(str, cards)) or 'nothing'}"
        raise Unavailable(Errors.E358.format(url=server.url, model=model, known=known))
    length = cards[model].get("max_model_len")
    return longest if length is None else length

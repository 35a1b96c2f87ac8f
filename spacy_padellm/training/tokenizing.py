"""The tokenizer alone, where the base model is not; and telling one from another."""

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Errors
from ..models.weights import DEFAULT_BASE, resolve_base

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Spaces, digits, signs, other scripts, and what looks like control tokens.
PROBE = "Ann Lee (b. 1980) sent  </s><|im_end|> 2,345.60 € to 東京 & São Paulo\n\tй!"


def load_tokenizer(
    base: str, revision: str | None, *, trust_remote_code: bool
) -> "PreTrainedTokenizerBase":
    """The tokenizer of a base; of a hub id's files, those of the tokenizer alone are
    fetched, and a folder needs no weights.

    ValueError (E878): it cannot be read.
    """
    from transformers import AutoTokenizer

    where = str(resolve_base(base, revision)) if base == DEFAULT_BASE else base
    try:
        return AutoTokenizer.from_pretrained(
            where,
            revision=revision or "main",
            trust_remote_code=trust_remote_code,
        )
    except Exception as error:  # of many kinds, the network's among them
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(Errors.E878.format(base=base, reason=reason)) from error


def tokenizer_digest(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str]) -> str:
    """A sha256, in hex, of how a tokenizer writes texts: not of its files, which differ
    from version to version of the library that wrote them."""
    encoded = tokenizer([PROBE, *texts], split_special_tokens=True)["input_ids"]
    known = [
        sorted(tokenizer.get_vocab().items()),
        tokenizer.bos_token_id,
        tokenizer.eos_token_id,
        encoded,
    ]
    return hashlib.sha256(json.dumps(known).encode("utf8")).hexdigest()

"""A transformers tokenizer that reads every text as plain characters."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Errors
from ..formats.base import EncodedText

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class PlainTokenizer:
    """Control tokens enter a prompt by id alone: `<|im_end|>` in a text is six or seven
    ordinary tokens."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        if tokenizer.eos_token_id is None:
            raise ValueError(Errors.E701.format(path=tokenizer.name_or_path))
        self._tokenizer = tokenizer
        self.bos_id: int | None = tokenizer.bos_token_id
        self.eos_id: int = tokenizer.eos_token_id

    def encode(self, text: str, *, add_special_tokens: bool = True) -> EncodedText:
        """add_special_tokens: as the tokenizer would by itself, a Llama's `<s>` say."""
        fast = self._tokenizer.is_fast
        encoding = self._tokenizer(
            text,
            add_special_tokens=add_special_tokens,
            split_special_tokens=True,
            return_attention_mask=False,
            return_offsets_mapping=fast,
            verbose=False,
        )
        offsets = tuple(map(tuple, encoding["offset_mapping"])) if fast else None
        return EncodedText(tuple(encoding["input_ids"]), offsets)

    def decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )

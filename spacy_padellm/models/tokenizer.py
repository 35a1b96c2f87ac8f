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
        self._control = frozenset(tokenizer.all_special_ids) - {tokenizer.unk_token_id}

    def encode(self, text: str, *, add_special_tokens: bool = True) -> EncodedText:
        """add_special_tokens: as the tokenizer would by itself, a Llama's `<s>` say."""
        fast = self._tokenizer.is_fast
        encoding = self._tokenizer(
            text,
            add_special_tokens=add_special_tokens,
            split_special_tokens=True,
            return_attention_mask=False,
            return_offsets_mapping=fast,
            return_special_tokens_mask=fast,
            verbose=False,
        )
        ids = tuple(encoding["input_ids"])
        if not fast:
            return EncodedText(ids, None)
        offsets = tuple(map(tuple, encoding["offset_mapping"]))
        if self._control.isdisjoint(ids):
            return EncodedText(ids, offsets)
        # A Unigram model has `</s>` among its pieces, and writes a text with it.
        spelled = [
            [token] if added or token not in self._control else self._spell(token)
            for token, added in zip(ids, encoding["special_tokens_mask"], strict=True)
        ]
        return EncodedText(
            tuple(token for tokens in spelled for token in tokens),
            tuple(
                span
                for tokens, span in zip(spelled, offsets, strict=True)
                for _ in tokens
            ),
        )

    def _spell(self, token: int) -> list[int]:
        """A control token's string, a token a character, or a byte."""
        vocab = self._tokenizer.get_vocab()
        unknown = self._tokenizer.unk_token_id
        ids: list[int] = []
        for character in self._tokenizer.convert_ids_to_tokens(token):
            if character in vocab:
                ids.append(vocab[character])
            else:
                in_bytes = [f"<0x{byte:02X}>" for byte in character.encode("utf8")]
                ids += [vocab.get(piece, unknown) for piece in in_bytes]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )

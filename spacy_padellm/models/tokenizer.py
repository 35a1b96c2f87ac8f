"""A transformers tokenizer that reads every text as plain characters."""

import json
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ..engines.drafts import Spelling
from ..errors import Errors
from ..formats.base import EncodedText

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

KEPT = 4096  # encoded strings


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
        self._cached = lru_cache(KEPT)(self._encode)

    def encode(self, text: str, *, add_special_tokens: bool = True) -> EncodedText:
        """add_special_tokens: as the tokenizer would by itself, a Llama's `<s>` say.

        The last results are kept: labels and numbers come again with every text.
        """
        return self._cached(text, add_special_tokens)

    def _encode(self, text: str, add_special_tokens: bool) -> EncodedText:
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

    @cached_property
    def spelling(self) -> Spelling | None:
        """The bytes of each token; None for a tokenizer of another kind than byte-level
        or sentencepiece."""
        spell = _byte_level if self._is_byte_level() else _sentencepiece
        if spell is _sentencepiece and not self._is_sentencepiece():
            return None
        vocab = self._tokenizer.get_vocab()
        added = self._tokenizer.get_added_vocab()
        of = [b""] * (max(vocab.values()) + 1)
        for token, place in vocab.items():
            of[place] = b"" if token in added else spell(token)
        # single bytes first: where a piece writes the same, it is the usual one
        places = sorted(vocab.items(), key=lambda item: item[0].startswith("<0x"))
        ids = {of[place]: place for _, place in reversed(places) if of[place]}
        return Spelling(of, ids, max(map(len, ids), default=0))

    def _is_byte_level(self) -> bool:
        return '"ByteLevel"' in self._decoder

    def _is_sentencepiece(self) -> bool:
        return "\u2581" in self._decoder

    @cached_property
    def _decoder(self) -> str:
        """The decoder's settings, as JSON; empty where they are unknown."""
        if not self._tokenizer.is_fast:
            return ""
        settings = json.loads(self._tokenizer.backend_tokenizer.to_str())
        return json.dumps(settings["decoder"], ensure_ascii=False)

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


def _byte_level(token: str) -> bytes:
    """GPT-2's alphabet: printable characters for bytes."""
    return bytes(_BYTES[char] for char in token)


def _sentencepiece(token: str) -> bytes:
    byte = re.fullmatch("<0x([0-9A-F]{2})>", token)
    if byte:
        return bytes.fromhex(byte[1])
    return token.replace("\u2581", " ").encode("utf8")


def _alphabet() -> dict[str, int]:
    """Printable Latin-1 characters stand for themselves, the other bytes for those from
    256 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(256 + place): byte for place, byte in enumerate(others)
    }


_BYTES = _alphabet()

"""A transformers tokenizer that treats every text as plain characters."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ..errors import Errors
from ..locks import cached_property
from ..types import EncodedText, Spelling

if TYPE_CHECKING:
    from tokenizers import AddedToken
    from transformers import PreTrainedTokenizerBase

CACHE_SIZE = 4096  # encoded strings
LONGEST_CACHED = 100  # characters: names of labels and numbers, but not texts


class PlainTokenizer:
    """Never turns text into control tokens: `<|im_end|>` in a text becomes six or seven
    ordinary tokens. Control tokens are added to a prompt by their id.

    Tokens that were added to a vocabulary are control tokens too, whether the tokenizer
    calls them special or not, unless they are whitespace."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        if tokenizer.eos_token_id is None:
            raise ValueError(Errors.E701.format(path=tokenizer.name_or_path))
        self._tokenizer = tokenizer
        self.bos_id: int | None = tokenizer.bos_token_id
        self.eos_id: int = tokenizer.eos_token_id
        added = _added_tokens(tokenizer)
        if added and tokenizer.is_fast:
            # only special tokens are skipped when a text is split
            tokenizer.backend_tokenizer.add_special_tokens([*added.values()])
        control = {*tokenizer.all_special_ids, *added}
        self._control = frozenset(control) - {tokenizer.unk_token_id}
        self._cached = lru_cache(CACHE_SIZE)(self._encode)
        # The first call changes settings of the tokenizer, which fails while another
        # thread uses it.
        self._encode("", False)

    def encode(self, text: str, *, add_special_tokens: bool = True) -> EncodedText:
        """add_special_tokens: add the tokenizer's special tokens, such as Llama's
        `<s>`.

        Short results are cached, because labels and numbers occur in every prompt.
        """
        encode = self._cached if len(text) <= LONGEST_CACHED else self._encode
        return encode(text, add_special_tokens)

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
        # A Unigram model has `</s>` in its vocabulary and uses it for text.
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
        """The bytes of each token. None unless the tokenizer is byte-level or
        sentencepiece."""
        spell = _byte_level if self._is_byte_level() else _sentencepiece
        if spell is _sentencepiece and not self._is_sentencepiece():
            return None
        vocab = self._tokenizer.get_vocab()
        added = self._tokenizer.get_added_vocab()
        of = [b""] * (max(vocab.values()) + 1)
        for token, token_id in vocab.items():
            of[token_id] = b"" if token in added else spell(token)
        # If a byte token and a piece have the same bytes, the piece wins.
        items = sorted(vocab.items(), key=lambda item: item[0].startswith("<0x"))
        ids = {
            of[token_id]: token_id for _, token_id in reversed(items) if of[token_id]
        }
        return Spelling(of, ids, max(map(len, ids), default=0))

    def _is_byte_level(self) -> bool:
        return '"ByteLevel"' in self._decoder

    def _is_sentencepiece(self) -> bool:
        return "\u2581" in self._decoder

    @cached_property
    def _decoder(self) -> str:
        """The decoder's settings as JSON, or "" if they are unknown."""
        if not self._tokenizer.is_fast:
            return ""
        settings = json.loads(self._tokenizer.backend_tokenizer.to_str())
        return json.dumps(settings["decoder"], ensure_ascii=False)

    def _spell(self, token: int) -> list[int]:
        """Tokenize a control token's string into single characters, or into bytes."""
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


def _added_tokens(tokenizer: "PreTrainedTokenizerBase") -> "dict[int, AddedToken]":
    """The added tokens that are not special, by id, as special ones."""
    from tokenizers import AddedToken

    return {
        token_id: AddedToken(
            token.content,
            single_word=token.single_word,
            lstrip=token.lstrip,
            rstrip=token.rstrip,
            normalized=token.normalized,
            special=True,
        )
        for token_id, token in tokenizer.added_tokens_decoder.items()
        if not token.special and token.content.strip(" \n\t\r\u2581")
    }


def _byte_level(token: str) -> bytes:
    """Decode a token in GPT-2's alphabet, which has a printable character per byte."""
    return bytes(_BYTES[char] for char in token)


def _sentencepiece(token: str) -> bytes:
    byte = re.fullmatch("<0x([0-9A-F]{2})>", token)
    if byte:
        return bytes.fromhex(byte[1])
    return token.replace("\u2581", " ").encode("utf8")


def _alphabet() -> dict[str, int]:
    """Return GPT-2's alphabet, character → byte. Printable Latin-1 characters map to
    themselves, and the characters from 256 on map to the other bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {
        chr(256 + number): byte for number, byte in enumerate(others)
    }


_BYTES = _alphabet()

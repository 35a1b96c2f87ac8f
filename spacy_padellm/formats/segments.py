"""A text as token ids, and the ids of any part of it."""

from collections.abc import Iterable
from itertools import pairwise

from ..errors import Errors
from ..trees.drafts import MentionDraft
from ..types import EncodedText, Place, PromptTokenizer, TokenIds

# Frequent Chinese function words. A tokenizer may join one to the word beside it, such
# as 中国的, "China's", and then a mention ends inside of a token.
_FUNCTION_WORDS = frozenset("的是在")


class TextSegments:
    """Tokenises prompts in segments. A space precedes the text, so that its first word
    has the same tokens as elsewhere.

    prompt: the text and a newline, the start of every prompt.
    prefix: this many of the prompt's first tokens see each other in both directions.
    stem: how many tokens precede the text: the one that begins each prompt, or none.
    n_tokens: tokens of the text alone.

    cuts: characters of the text where no token may reach across, see `encode_in_parts`.
    """

    def __init__(
        self,
        text: str,
        tokenizer: PromptTokenizer,
        *,
        prefix_lm: bool = False,
        cuts: Iterable[int] | None = None,
    ) -> None:
        self.text = text
        self.tokenizer = tokenizer
        self.shift = 0 if text[:1].isspace() else 1
        spaced = " " * self.shift + text
        if cuts is None:
            self.encoded = tokenizer.encode(spaced, add_special_tokens=False)
        else:
            shifted = (cut + self.shift for cut in cuts)
            self.encoded = encode_in_parts(spaced, tokenizer, shifted)
        start = () if tokenizer.bos_id is None else (tokenizer.bos_id,)
        self.prompt = start + self.encoded.ids + self.segment("\n")
        self.prefix = len(self.prompt) if prefix_lm else 0
        self.stem = len(start)
        self.n_tokens = len(self.encoded.ids)

    def segment(self, string: str) -> TokenIds:
        """The ids of any string, tokenised alone."""
        return self.tokenizer.encode(string, add_special_tokens=False).ids

    def part(self, start: int, end: int) -> TokenIds:
        """The ids of characters `start` to `end` of the text, with the space before
        them. They are tokenised alone if a token crosses a border."""
        spaced = start == 0 or self.text[start - 1].isspace()
        ids = token_slice(self.encoded, start + self.shift, end + self.shift, spaced)
        if ids is not None:
            return ids
        return self.segment(" " * spaced + self.text[start:end])


def encode_in_parts(
    text: str, tokenizer: PromptTokenizer, cuts: Iterable[int]
) -> EncodedText:
    """Encode a text so that no token holds parts of two characters, the characters on
    both sides of a cut, or a word and a Chinese function word before or after it.
    Offsets leave out whitespace before and after.

    Raises ValueError (E510) if the tokenizer knows no offsets.
    """
    wanted = set(cuts)
    borders: set[int] = set()
    while True:
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        edges = sorted({0, *borders, len(text)})
        for start, end in pairwise(edges):
            part = tokenizer.encode(text[start:end], add_special_tokens=False)
            if part.offsets is None:
                raise ValueError(Errors.E510)
            ids += part.ids
            offsets += [_trimmed(text, start + a, start + b) for a, b in part.offsets]
        crossed = {cut for cut in wanted for start, end in offsets if start < cut < end}
        crossed |= _beside_function_words(text, offsets)
        for (start, end), (next_start, next_end) in pairwise(offsets):
            if next_start < end and end - start + next_end - next_start > 2:
                crossed |= {next_start, end}
        if crossed <= borders:
            return EncodedText(tuple(ids), tuple(offsets))
        borders |= crossed


def _beside_function_words(text: str, offsets: Iterable[Place]) -> set[int]:
    """Where a token goes on after a function word, or before one that it ends with."""
    return {
        edge
        for start, end in offsets
        if end - start > 1
        for word, edge in ((start, start + 1), (end - 1, end - 1))
        if text[word] in _FUNCTION_WORDS
    }


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The same characters without whitespace at the edges; the end if there are no
    others."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def format_name(name: str, *, prefix_lm: bool) -> str:
    """The name of a format in the card of an adapter."""
    return f"{name}, prefix LM" if prefix_lm else name


def token_slice(
    encoded: EncodedText, start: int, end: int, spaced: bool
) -> TokenIds | None:
    """The tokens of characters `start` to `end`; None if a token crosses a border or if
    offsets are unknown.

    spaced: a space precedes `start`, and the first token may include it.
    """
    if encoded.offsets is None:
        return None
    inside = [
        place
        for place, (first, last) in enumerate(encoded.offsets)
        if first < end and last > start
    ]
    if not inside:
        return None
    first = encoded.offsets[inside[0]][0]
    last = encoded.offsets[inside[-1]][1]
    if last != end or not (first == start or (spaced and first == start - 1)):
        return None
    return encoded.ids[inside[0] : inside[-1] + 1]


def digit_id(digit: str, tokenizer: PromptTokenizer) -> int:
    """The token of a digit that follows other text."""
    return tokenizer.encode(f"\n{digit}", add_special_tokens=False).ids[-1]


def mention_draft(text: TextSegments) -> MentionDraft | None:
    """A draft for mentions of a text; None if its tokens do not spell it."""
    spelling = text.tokenizer.spelling
    if spelling is None:
        return None
    draft = MentionDraft(text.encoded.ids, spelling)
    return draft if draft.text.strip() == text.text.encode("utf8").strip() else None

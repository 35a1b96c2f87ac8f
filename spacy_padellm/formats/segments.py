"""A text as token ids, any part of it with the ids that it has there."""

from ..trees.drafts import MentionDraft
from ..types import EncodedText, PromptTokenizer, TokenIds


class TextSegments:
    """Segments that are tokenised one by one. The text has a space before it, so that
    its first word is written like any other word.

    prompt: the text and a newline, with which every prompt begins.
    prefix: this many of the prompt's first tokens see each other in both directions.
    n_tokens: tokens of the text alone.
    """

    def __init__(
        self, text: str, tokenizer: PromptTokenizer, *, prefix_lm: bool = False
    ) -> None:
        self.text = text
        self.tokenizer = tokenizer
        self.shift = 0 if text[:1].isspace() else 1
        self.encoded = tokenizer.encode(
            " " * self.shift + text, add_special_tokens=False
        )
        start = () if tokenizer.bos_id is None else (tokenizer.bos_id,)
        self.prompt = start + self.encoded.ids + self.segment("\n")
        self.prefix = len(self.prompt) if prefix_lm else 0
        self.n_tokens = len(self.encoded.ids)

    def segment(self, string: str) -> TokenIds:
        """Any string by itself."""
        return self.tokenizer.encode(string, add_special_tokens=False).ids

    def part(self, start: int, end: int) -> TokenIds:
        """Characters `start` to `end` of the text with the space before them, as they
        are written there; tokenised by themselves where a token crosses their border.
        """
        spaced = start == 0 or self.text[start - 1].isspace()
        ids = token_slice(self.encoded, start + self.shift, end + self.shift, spaced)
        if ids is not None:
            return ids
        return self.segment(" " * spaced + self.text[start:end])


def format_name(name: str, *, prefix_lm: bool) -> str:
    """What an adapter trained in a format says that it was trained in."""
    return f"{name}, prefix LM" if prefix_lm else name


def token_slice(
    encoded: EncodedText, start: int, end: int, spaced: bool
) -> TokenIds | None:
    """The ids of the tokens that write exactly characters `start` to `end`; None where
    a token crosses the border or offsets are unknown.

    spaced: whether there is a space before `start`, which the first token may write.
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
    """The token that writes a digit behind other text."""
    return tokenizer.encode(f"\n{digit}", add_special_tokens=False).ids[-1]


def mention_draft(text: TextSegments) -> MentionDraft | None:
    """The mentions that a text may have; None where its tokens do not spell it."""
    spelling = text.tokenizer.spelling
    if spelling is None:
        return None
    draft = MentionDraft(text.encoded.ids, spelling)
    return draft if draft.text.strip() == text.text.encode("utf8").strip() else None

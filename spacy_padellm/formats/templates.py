"""The words around a text, a label and a mention, by name.

`padellm.en` and `padellm.zh` are the paper's own strings (arXiv 2402.04838, section 3),
token for token as the tokenizer writes the whole prompt, so that checkpoints trained
elsewhere in that format work. `compact` is ours: fewer tokens, and a mention has the
very token ids that it has in the text.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from ..errors import Errors
from ..trees.drafts import MentionDraft
from ..trees.packing import GoldSequence
from ..types import PromptTokenizer, TokenIds
from .segments import TextSegments, digit_id, mention_draft


@dataclass(frozen=True, slots=True)
class GoldMention:
    """Mention `index`, from 1, of `count` that a label has: characters `start` to `end`
    of the text."""

    count: int
    index: int
    start: int
    end: int


class TextPrompts(Protocol):
    """The prompts of one text. A prompt starts with all that is shared."""

    n_tokens: int
    prefix: int  # this many tokens of each prompt see each other
    tokenizer: PromptTokenizer
    draft: MentionDraft | None  # what mentions may be; None if that is unknown

    def count(self, name: str) -> TokenIds:
        """The prompt that asks how many mentions the label `name` has."""
        ...

    def mention(self, name: str, count: int, index: int) -> TokenIds:
        """The prompt that asks for mention `index`, from 1, of `count`."""
        ...

    def gold(self, name: str, mention: GoldMention) -> GoldSequence:
        """What to learn for a mention: from the count on, the appended text included
        (leaving it out cost the paper 0.5 to 4.2 F)."""
        ...


class Template(Protocol):
    name: str
    stop_strings: tuple[str, ...]

    def prompts(
        self, text: str, tokenizer: PromptTokenizer, *, prefix_lm: bool = False
    ) -> TextPrompts:
        """ValueError (E506): the template knows no `prefix_lm`."""
        ...


@dataclass(frozen=True, slots=True)
class StringTemplate:
    """Prompts that are tokenised as whole strings."""

    name: str
    count: str
    mention: str
    stop_strings: tuple[str, ...] = ()

    def prompts(
        self, text: str, tokenizer: PromptTokenizer, *, prefix_lm: bool = False
    ) -> "StringPrompts":
        if prefix_lm:
            raise ValueError(Errors.E506.format(name=self.name))
        return StringPrompts(self, text, tokenizer)


@dataclass
class StringPrompts:
    template: StringTemplate
    text: str
    tokenizer: PromptTokenizer
    n_tokens: int = field(init=False)
    prefix: int = 0

    def __post_init__(self) -> None:
        self.n_tokens = len(
            self.tokenizer.encode(self.text, add_special_tokens=False).ids
        )

    @cached_property
    def draft(self) -> MentionDraft | None:
        return mention_draft(TextSegments(self.text, self.tokenizer))

    def count(self, name: str) -> TokenIds:
        return self.tokenizer.encode(self._count_string(name)).ids

    def mention(self, name: str, count: int, index: int) -> TokenIds:
        return self.tokenizer.encode(self._mention_string(name, count, index)).ids

    def gold(self, name: str, mention: GoldMention) -> GoldSequence:
        count, index = mention.count, mention.index
        prompt = self.count(name)
        asked = self.mention(name, count, index)
        shared = common_prefix(prompt, asked)
        string = self.text[mention.start : mention.end]
        whole = self.tokenizer.encode(self._mention_string(name, count, index) + string)
        if whole.ids[: len(asked)] == asked:
            written = whole.ids[len(asked) :]
        else:  # the mention's first token would swallow the prompt's last
            written = self.tokenizer.encode(string, add_special_tokens=False).ids
        written += (self.tokenizer.eos_id,)
        answer = asked[shared:] + written
        return GoldSequence(prompt[:shared], answer, (1.0,) * len(answer))

    def _count_string(self, name: str) -> str:
        # one pass of replacement: braces and placeholders in a text stay characters
        return _fill(self.template.count, text=self.text, label=name)

    def _mention_string(self, name: str, count: int, index: int) -> str:
        appended = _fill(self.template.mention, n=str(count), i=str(index))
        return self._count_string(name) + appended


@dataclass(frozen=True, slots=True)
class CompactTemplate:
    """`{text}\\n{name}:` `{n}` `\\n{i}` `{mention}`, in segments."""

    name: str = "compact"
    stop_strings: tuple[str, ...] = ()

    def prompts(
        self, text: str, tokenizer: PromptTokenizer, *, prefix_lm: bool = False
    ) -> "CompactPrompts":
        return CompactPrompts(text, tokenizer, prefix_lm)


class CompactPrompts:
    def __init__(self, text: str, tokenizer: PromptTokenizer, prefix_lm: bool) -> None:
        self.text = TextSegments(text, tokenizer, prefix_lm=prefix_lm)
        self.tokenizer = tokenizer
        self.prefix = self.text.prefix
        self.n_tokens = self.text.n_tokens

    @cached_property
    def draft(self) -> MentionDraft | None:
        return mention_draft(self.text)

    def count(self, name: str) -> TokenIds:
        return self.text.prompt + self.text.segment(name + ":")

    def mention(self, name: str, count: int, index: int) -> TokenIds:
        return self.count(name) + self._appended(count, index)

    def gold(self, name: str, mention: GoldMention) -> GoldSequence:
        appended = self._appended(mention.count, mention.index)
        written = self.text.part(mention.start, mention.end) + (self.tokenizer.eos_id,)
        # Behind `\n1` comes mention 1, or a further digit of an index: nothing but the
        # mention is to be learned there. Further digits are never generated.
        n_first = len(self._appended(mention.count, 1))
        weights = (1.0,) * n_first + (0.0,) * (len(appended) - n_first)
        return GoldSequence(
            self.count(name),
            appended + written,
            weights + (1.0,) * len(written),
            self.prefix,
        )

    def _appended(self, count: int, index: int) -> TokenIds:
        # digit by digit, as it is generated: sentencepiece would begin `▁12`
        digits = tuple(digit_id(digit, self.tokenizer) for digit in str(count))
        return digits + self.text.segment(f"\n{index}")


def common_prefix(first: TokenIds, second: TokenIds) -> int:
    """How many leading tokens the two share."""
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        shared += 1
    return shared


def _fill(template: str, **values: str) -> str:
    """Put each value in its place; a value that holds a placeholder stays as it is."""
    parts = template.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        key, rest = part.split("}", 1)
        filled += [values[key], rest]
    return "".join(filled)


TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        CompactTemplate(),
        StringTemplate(
            name="padellm.en",
            count="text:\n{text}\nentity type:\n{label}\n\n<num>",
            mention="{n}\n<mention {i}>",
            stop_strings=("\n<mention ",),
        ),
        StringTemplate(
            name="padellm.zh",
            count="文本:\n{text}\n指定NER标签:\n{label}\n\n<数量>",
            mention="{n}\n<第{i}文段>",
            stop_strings=("\n<第",),
        ),
    )
}


def get_template(name: str) -> Template:
    """The template called `name`; a ValueError names those there are."""
    if name not in TEMPLATES:
        raise ValueError(Errors.E501.format(name=name, known=", ".join(TEMPLATES)))
    return TEMPLATES[name]

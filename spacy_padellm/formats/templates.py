"""Prompt templates, by name.

`padellm.en` and `padellm.zh` are the paper's (arXiv 2402.04838, section 3). The whole
prompt is tokenised at once, so that checkpoints trained elsewhere in the format work.
`compact` is ours: it has fewer tokens, and mentions have the token ids of the text.
"""

from dataclasses import dataclass, field
from typing import Protocol

from ..errors import Errors
from ..locks import cached_property
from ..trees.drafts import MentionDraft
from ..trees.packing import GoldSequence
from ..types import PromptTokenizer, TokenIds
from .segments import TextSegments, digit_id, mention_draft


@dataclass(frozen=True, slots=True)
class GoldMention:
    """Characters `start` to `end` of the text: mention `index`, from 1, of the `count`
    mentions of a label."""

    count: int
    index: int
    start: int
    end: int


class TextPrompts(Protocol):
    """The prompts of one text. They share a prefix."""

    n_tokens: int
    prefix: int  # this many tokens of each prompt see each other
    tokenizer: PromptTokenizer
    draft: MentionDraft | None  # for mentions; None if the tokens do not spell the text

    def count(self, name: str) -> TokenIds:
        """The prompt for the number of mentions of the label `name`."""
        ...

    def mention(self, name: str, count: int, index: int) -> TokenIds:
        """The prompt for mention `index`, from 1, of `count`."""
        ...

    def gold(self, name: str, mention: GoldMention) -> GoldSequence:
        """The sequence to train on. Its answer starts with the count and includes the
        template's text (without it, the paper lost 0.5 to 4.2 F).

        `allowed` holds the tokens that `draft` allows for the mention, if all its
        tokens are among them."""
        ...


class Template(Protocol):
    name: str
    stop_strings: tuple[str, ...]

    def prompts(
        self, text: str, tokenizer: PromptTokenizer, *, prefix_lm: bool = False
    ) -> TextPrompts:
        """Raises ValueError (E506) if it does not support `prefix_lm`."""
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
        mention_prompt = self.mention(name, count, index)
        shared = common_prefix(prompt, mention_prompt)
        string = self.text[mention.start : mention.end]
        whole = self.tokenizer.encode(self._mention_string(name, count, index) + string)
        if whole.ids[: len(mention_prompt)] == mention_prompt:
            ids = whole.ids[len(mention_prompt) :]
        else:  # the mention's first token includes the end of the prompt
            ids = self.tokenizer.encode(string, add_special_tokens=False).ids
        before = mention_prompt[shared:]
        ids += (self.tokenizer.eos_id,)
        return GoldSequence(
            prompt[:shared],
            before + ids,
            (1.0,) * len(before + ids),
            allowed=(None,) * len(before) + allowed_tokens(self.draft, ids),
        )

    def _count_string(self, name: str) -> str:
        # str.format leaves placeholders in a text as they are
        return self.template.count.format(text=self.text, label=name)

    def _mention_string(self, name: str, count: int, index: int) -> str:
        appended = self.template.mention.format(n=count, i=index)
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
        ids = self.text.part(mention.start, mention.end) + (self.tokenizer.eos_id,)
        # After `\n1` comes mention 1, or another digit of an index. Only the mention is
        # trained there, because further digits are never generated.
        n_first = len(self._appended(mention.count, 1))
        weights = (1.0,) * n_first + (0.0,) * (len(appended) - n_first)
        return GoldSequence(
            self.count(name),
            appended + ids,
            weights + (1.0,) * len(ids),
            self.prefix,
            (None,) * len(appended) + allowed_tokens(self.draft, ids),
        )

    def _appended(self, count: int, index: int) -> TokenIds:
        # digit by digit, as it is generated; sentencepiece would start `▁12`
        digits = tuple(digit_id(digit, self.tokenizer) for digit in str(count))
        return digits + self.text.segment(f"\n{index}")


def allowed_tokens(
    draft: MentionDraft | None, ids: TokenIds
) -> tuple[TokenIds | None, ...]:
    """For each token of a mention, and for the one that ends it, the tokens that the
    draft allows there; None for all of them if the mention is no copy of the text."""
    if draft is None:
        return (None,) * len(ids)
    *copied, end = ids
    state = draft.start()
    allowed = []
    for token in copied:
        may_follow = (*draft.allowed(state), end)
        if token not in may_follow:
            return (None,) * len(ids)
        allowed.append(may_follow)
        state = draft.advance(state, token)
    return (*allowed, (*draft.allowed(state), end))


def common_prefix(first: TokenIds, second: TokenIds) -> int:
    """The length of the common prefix."""
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        shared += 1
    return shared


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
    """The template `name`. Raises ValueError (E501) if there is none."""
    if name not in TEMPLATES:
        raise ValueError(Errors.E501.format(name=name, known=", ".join(TEMPLATES)))
    return TEMPLATES[name]

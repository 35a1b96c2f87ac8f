"""PaDeLLM: the count of mentions for each label, then all mentions in parallel.

Lu et al., PaDeLLM-NER, NeurIPS 2024 (arXiv 2402.04838).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import ClassVar

from ..engines.base import Session
from ..errors import Errors
from ..settings import check_flags, check_positive
from ..trees.branch import Branch
from ..trees.drafts import MentionDraft
from ..trees.packing import GoldSequence
from ..types import PromptTokenizer, TokenIds
from .base import Calibration, EncodedQuery, Extraction, Generative, Query, check_finite
from .label_state import LabelState
from .segments import digit_id, format_name
from .templates import GoldMention, Template, TextPrompts, get_template


def build_padellm_v1(
    *,
    template: str = "compact",
    max_count: int = 64,
    max_mention_tokens: int = 48,
    only_in_text: bool = True,
    prefix_lm: bool | None = None,
    count_threshold: float | None = 0.5,
    among_allowed: bool = False,
) -> "PaDeLLM":
    """The PaDeLLM format.

    template: "compact", "padellm.en" or "padellm.zh".
    max_count: the most mentions of one label in one window of text; the number of
        the window's tokens is a limit too.
    max_mention_tokens: the most model tokens in a mention.
    only_in_text: constrain mentions to parts of the text.
    prefix_lm: tokens of the text attend to all of it, and not only to earlier ones.
        Null is true for the template "compact", the only one that supports it.
    count_threshold: predict the largest count i with P(count >= i) of at least this,
        so that 0.5 is the median; lower finds more mentions. For counts up to 9. Null
        is the likeliest count, as in the paper.
    among_allowed: learn, and give the probability of, the first digit of a count among
        digits, and the tokens of a mention among those that may follow in the text. If
        not, it is among the whole vocabulary, as in the paper.

    Raises ValueError if a value is out of range, or for an unsupported `prefix_lm`.
    """
    check_positive(max_count=max_count, max_mention_tokens=max_mention_tokens)
    check_count_threshold(count_threshold)
    check_flags(among_allowed=among_allowed)
    if prefix_lm is None:
        prefix_lm = template == "compact"
    if template != "compact" and prefix_lm:
        raise ValueError(Errors.E506.format(name=template))
    return PaDeLLM(
        get_template(template),
        max_count,
        max_mention_tokens,
        only_in_text,
        prefix_lm,
        count_threshold,
        among_allowed,
    )


def check_count_threshold(value: float | None) -> None:
    """Raises ValueError (E507) unless the value is None or between 0 and 1."""
    if value is not None and not 0 < value < 1:
        raise ValueError(Errors.E507.format(value=value))


@dataclass(frozen=True, slots=True)
class PaDeLLM(Generative):
    """Two rounds: counts, then mentions. See `build_padellm_v1`."""

    template: Template
    max_count: int
    max_mention_tokens: int
    only_in_text: bool = True
    prefix_lm: bool = False
    count_threshold: float | None = 0.5
    among_allowed: bool = False
    calibration: ClassVar[Calibration] = Calibration(
        "count_threshold",
        check=check_count_threshold,
        values=(None, 0.5, 0.4, 0.3, 0.2),  # None is the likeliest count
        always=(None,),
    )

    @property
    def name(self) -> str:
        name = f"PaDeLLM {self.template.name}"
        return format_name(name, prefix_lm=self.prefix_lm)

    def encode(
        self, query: Query, tokenizer: PromptTokenizer
    ) -> EncodedQuery[TextPrompts]:
        prompts = self.template.prompts(query.text, tokenizer, prefix_lm=self.prefix_lm)
        return EncodedQuery(query, prompts)

    def extract(
        self, encoded: Sequence[EncodedQuery[TextPrompts]], session: Session
    ) -> list[Extraction]:
        if not encoded:
            return []
        tokenizer = encoded[0].text.tokenizer
        digits = _digits(tokenizer)
        states = [self._label_states(one) for one in encoded]
        # The first round generates the first digit of each count. Later rounds generate
        # mentions together with the next digit: nearly always there is none, and no
        # pass is spent on it.
        while any(state.open for row in states for state in row):
            opened = [[state for state in row if state.open] for row in states]
            branches = [
                [self._branches(state, digits, tokenizer) for state in row]
                for row in opened
            ]
            completed = session.complete([[*chain(*groups)] for groups in branches])
            check_finite(encoded, completed)
            for row, groups, answers in zip(opened, branches, completed, strict=True):
                answer = iter(answers)
                for state, group in zip(row, groups, strict=True):
                    state.accept([next(answer) for _ in group], digits)
        if self.only_in_text and self.count_threshold is not None:
            self._choose_again(encoded, states, session, tokenizer)
        return [
            Extraction(
                mentions=tuple(m for state in row for m in state.mentions()),
                counts={state.label: state.count for state in row},
                lengths=tuple(n for state in row for n in state.lengths()),
            )
            for row in states
        ]

    def _choose_again(
        self,
        encoded: Sequence[EncodedQuery[TextPrompts]],
        states: Sequence[Sequence[LabelState]],
        session: Session,
        tokenizer: PromptTokenizer,
    ) -> None:
        """Write mentions again that repeat a used-up string, without that string.

        A second choice counts if it is likelier than not, in the sense of the count:
        if P(count >= i) x P(second choice) is at least `count_threshold`. There is a
        round as long as a second choice repeats another string.
        """
        while True:
            repeats = [[state.repeats() for state in row] for row in states]
            if not any(chain.from_iterable(repeats)):
                return
            branches = [
                [
                    self._mention_branch(state, number + 1, repeat.draft, tokenizer)
                    for state, repeat in zip(row, found, strict=True)
                    if repeat
                    for number in repeat.numbers
                ]
                for row, found in zip(states, repeats, strict=True)
            ]
            completed = session.complete(branches)
            check_finite(encoded, completed)
            for row, found, answers in zip(states, repeats, completed, strict=True):
                answer = iter(answers)
                for state, repeat in zip(row, found, strict=True):
                    for number in repeat.numbers if repeat else ():
                        state.replace(number, next(answer))

    def gold(
        self,
        query: Query,
        spans: Mapping[str, Sequence[tuple[int, int]]],
        tokenizer: PromptTokenizer,
    ) -> list[GoldSequence]:
        prompts = self.encode(query, tokenizer).text
        zero = (digit_id("0", tokenizer), tokenizer.eos_id)
        sequences = []
        for label, name in query.labels.items():
            places = spans.get(label, ())
            if not places:
                prompt = prompts.count(name)
                sequences.append(GoldSequence(prompt, zero, (1.0, 1.0), prompts.prefix))
            for index, place in enumerate(places, start=1):
                mention = GoldMention(len(places), index, *place)
                sequences.append(prompts.gold(name, mention))
        digits = _digits(tokenizer)
        return [self._allowed(sequence, digits) for sequence in sequences]

    def _allowed(self, sequence: GoldSequence, digits: TokenIds) -> GoldSequence:
        """The sequence with the tokens that the settings allow: see
        `build_padellm_v1`."""
        if not self.among_allowed:
            return replace(sequence, allowed=())
        first, *mention = sequence.allowed or [None] * len(sequence.answer)
        if not self.only_in_text:
            mention = [None] * len(mention)
        if sequence.answer[0] in digits:
            first = digits
        return replace(sequence, allowed=(first, *mention))

    def _label_states(self, encoded: EncodedQuery[TextPrompts]) -> list[LabelState]:
        text = encoded.text
        cap = min(self.max_count, text.n_tokens)
        return [
            LabelState(label, name, text, text.count(name), cap, self.count_threshold)
            for label, name in encoded.query.labels.items()
        ]

    def _branches(
        self,
        state: LabelState,
        digits: TokenIds,
        tokenizer: PromptTokenizer,
    ) -> list[Branch]:
        """A branch for the count's next digit, and one for each mention so far."""
        next_digit = Branch(
            state.prompt + state.count_ids,
            max_new_tokens=1,
            candidates=digits,
            # later digits may be none
            among_allowed=self.among_allowed and not state.count_ids,
            prefix=state.text.prefix,
            prefetch=() if state.count_ids else state.prefetch(digits),
        )
        draft = state.text.draft if state.count else None
        mentions = [
            self._mention_branch(state, index, draft, tokenizer)
            for index in range(1, state.count + 1)
        ]
        return [next_digit, *mentions]

    def _mention_branch(
        self,
        state: LabelState,
        index: int,
        draft: MentionDraft | None,
        tokenizer: PromptTokenizer,
    ) -> Branch:
        return Branch(
            state.text.mention(state.name, state.count, index),
            max_new_tokens=min(self.max_mention_tokens, state.text.n_tokens + 1),
            stop_ids=frozenset((tokenizer.eos_id,)),
            stop_strings=self.template.stop_strings,
            draft=draft,
            constrained=self.only_in_text and draft is not None,
            among_allowed=self.among_allowed,
            prefix=state.text.prefix,
        )


def _digits(tokenizer: PromptTokenizer) -> TokenIds:
    """The tokens of 0 to 9."""
    return tuple(digit_id(digit, tokenizer) for digit in "0123456789")

"""AutoReg aug: the text rewritten, `[ Japan | location ] beat [ Syria | location ]`.

The parser aligns the answer with the text, without whitespace. So it finds a bracket's
offset in the text, also after words that the model changed or left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..settings import check_positive
from ..types import TokenIds
from .autoreg import AutoReg, ParsedAnswer, ParsedMention
from .segments import TextSegments

# After a deviation, alignment resumes where this many characters agree.
ANCHOR = 6


def build_autoreg_aug_v1(
    *, max_new_tokens: int = 1024, prefix_lm: bool = False
) -> AutoReg:
    """The format AutoReg aug: the text with its mentions bracketed and labelled.

    max_new_tokens: the most tokens in an answer.
    prefix_lm: tokens of the text attend to all of it, and not only to earlier ones.
    """
    check_positive(max_new_tokens=max_new_tokens)
    return AutoReg(Augmented(), max_new_tokens, prefix_lm)


@dataclass(frozen=True, slots=True)
class Augmented:
    """` [` before a mention, ` | name ]` after it; mentions may be nested."""

    name: str = "aug"
    copies_text: bool = True

    def write(
        self, text: TextSegments, mentions: Sequence[tuple[int, int, str]]
    ) -> TokenIds:
        opening, answer = text.segment(" ["), ()
        open_mentions: list[tuple[int, str]] = []
        marks: list[tuple[int, TokenIds]] = []
        for start, end, name in mentions:
            while open_mentions and open_mentions[-1][0] <= start:
                marks.append(_closing(text, *open_mentions.pop()))
            marks.append((start, opening))
            open_mentions.append((end, name))
        while open_mentions:
            marks.append(_closing(text, *open_mentions.pop()))
        at = 0
        for place, ids in [*marks, (len(text.text), ())]:
            answer += _copied(text, at, place) + ids
            at = max(at, place)
        return answer

    def parse(
        self, answer: str, text: str, names: Sequence[str], is_whole: bool
    ) -> ParsedAnswer:
        return _Parser(answer, text, names).parse(is_whole)


def _closing(text: TextSegments, end: int, name: str) -> tuple[int, TokenIds]:
    return end, text.segment(f" | {name} ]")


def _copied(text: TextSegments, start: int, end: int) -> TokenIds:
    """Characters `start` to `end` of the text, without outer whitespace."""
    string = text.text[start:end]
    start += len(string) - len(string.lstrip())
    return text.part(start, start + len(string.strip())) if string.strip() else ()


@dataclass(frozen=True, slots=True)
class _Opened:
    """An open bracket: where its mention starts in the answer and in the text, and the
    number of deviations before it."""

    at: int
    cursor: int
    drifts: int


class _Parser:
    """Aligns an answer with its text, both without whitespace.

    at, cursor: the offsets in the answer and in the text.
    """

    def __init__(self, answer: str, text: str, names: Sequence[str]) -> None:
        self.answer, self.text = answer, text
        self.output, self.answer_places = _without_whitespace(answer)
        self.source, self.text_places = _without_whitespace(text)
        self.names: dict[str, list[str]] = {}
        for name in names:
            self.names.setdefault(_without_whitespace(name)[0], []).append(name)
        known = "|".join(map(re.escape, self.names))
        self.closing = re.compile(rf"\|({known}|[^\[\]|]*)\]")
        self.at = self.cursor = self.drifts = 0
        self.opened: list[_Opened] = []
        self.parsed = ParsedAnswer()

    def parse(self, is_whole: bool) -> ParsedAnswer:
        while self.at < len(self.output):
            closing = self.closing.match(self.output, self.at) if self.opened else None
            copied = self.source.startswith(self.output[self.at], self.cursor)
            if closing and not (copied and closing[1] not in self.names):
                self._close(self.opened.pop(), closing)
            elif copied:
                self.at += 1
                self.cursor += 1
            elif self.output[self.at] == "[":
                self.at += 1
                self.opened.append(_Opened(self.at, self.cursor, self.drifts))
            else:
                self._realign()
        if is_whole:
            self.parsed.lost["malformed"] += len(self.opened)
            self.drifts += self.cursor < len(self.source)
        self.parsed.lost["drifted"] = min(self.drifts, 1)
        self.parsed.mentions.sort(key=lambda mention: mention.start)
        return self.parsed

    def _close(self, opened: _Opened, closing: re.Match) -> None:
        first, last = opened.at, closing.start() - 1
        if last < first:
            self.parsed.lost["malformed"] += 1
        elif closing[1] not in self.names:
            self.parsed.lost["unknown label"] += 1
        else:
            text, places, text_start = self.answer, self.answer_places, None
            if self.drifts == opened.drifts:  # an exact copy of the text
                text, places = self.text, self.text_places
                first, last = opened.cursor, self.cursor - 1
                text_start = places[first]
            self.parsed.mentions.append(
                ParsedMention(
                    self._name(closing),
                    text[places[first] : places[last] + 1],
                    self.answer_places[opened.at - 1],
                    self.answer_places[closing.end() - 1] + 1,
                    text_start,
                )
            )
        self.at = closing.end()

    def _name(self, closing: re.Match) -> str:
        """The name in a closing mark. Of those that differ in whitespace alone, the one
        that is written there, or the first."""
        names = self.names[closing[1]]
        first, last = closing.start(1), closing.end(1) - 1
        written = self.answer[self.answer_places[first] : self.answer_places[last] + 1]
        return written if written in names else names[0]

    def _realign(self) -> None:
        """After a deviation from the text, continue where the answer agrees again."""
        self.drifts += 1
        ahead = self.closing.sub("", self.output[self.at : self.at + 16 * ANCHOR])
        anchor = ahead.replace("[", "")[:ANCHOR]
        found = self.source.find(anchor, self.cursor)
        if found > self.cursor and len(anchor) == ANCHOR:
            self.cursor = found
        else:
            self.at += 1


def _without_whitespace(string: str) -> tuple[str, list[int]]:
    """A string without whitespace, and the offset of each character before."""
    places = [place for place, char in enumerate(string) if not char.isspace()]
    return "".join(string[place] for place in places), places

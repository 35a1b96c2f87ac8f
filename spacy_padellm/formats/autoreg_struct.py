"""AutoReg struct: `((location : Japan) , (organization : FIFA))`."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..settings import check_positive
from ..types import TokenIds
from .autoreg import AutoReg, ParsedAnswer, ParsedMention
from .segments import TextSegments

# between two mentions; the space may be missing
BETWEEN = re.compile(r"\)\s*,\s*\(")


def build_autoreg_struct_v1(
    *, max_new_tokens: int = 1024, prefix_lm: bool = False
) -> AutoReg:
    """The format AutoReg struct: mentions with their labels in one list, in text order.

    max_new_tokens: the most tokens in an answer.
    prefix_lm: tokens of the text attend to all of it, and not only to earlier ones.
    """
    check_positive(max_new_tokens=max_new_tokens)
    return AutoReg(Struct(), max_new_tokens, prefix_lm)


@dataclass(frozen=True, slots=True)
class Struct:
    """A list of `(name : mention)` in brackets; `()` is an empty list."""

    name: str = "struct"
    copies_text: bool = False

    def write(
        self, text: TextSegments, mentions: Sequence[tuple[int, int, str]]
    ) -> TokenIds:
        if not mentions:
            return text.segment(" ()")
        answer: TokenIds = ()
        for start, end, name in mentions:
            opening = f" , ({name} :" if answer else f" (({name} :"
            answer += text.segment(opening) + text.part(start, end) + text.segment(")")
        return answer + text.segment(")")

    def parse(
        self, answer: str, text: str, names: Sequence[str], is_whole: bool
    ) -> ParsedAnswer:
        parsed = ParsedAnswer()
        # `((` and `))` enclose all items
        outer = re.match(r"\s*\(\s*\(?", answer)
        start = outer.end() if outer else len(answer) - len(answer.lstrip())
        end = len(answer)
        if is_whole:
            closing = re.search(r"\)?\s*\)\s*$", answer[start:])
            end = start + closing.start() if closing else end
        borders = [
            (start + found.start(), start + found.end())
            for found in BETWEEN.finditer(answer[start:end])
        ]
        starts = [start, *(after for _, after in borders)]
        ends = [*(before for before, _ in borders), end]
        if not is_whole:  # the last item is counted as cut off by the caller
            starts, ends = starts[:-1], ends[:-1]
        for item_start, item_end in zip(starts, ends, strict=True):
            self._parse_item(answer, item_start, item_end, names, parsed)
        parsed.mentions = _align_ambiguous(parsed.mentions, text)
        return parsed

    @staticmethod
    def _parse_item(
        answer: str,
        start: int,
        end: int,
        names: Sequence[str],
        parsed: ParsedAnswer,
    ) -> None:
        item = answer[start:end]
        if not item.strip():
            return
        # the longest first: a name may begin with another
        for name in sorted(names, key=len, reverse=True):
            known = re.match(rf"\s*{re.escape(name)}\s*:", item)
            if known:
                mention = item[known.end() :].strip()
                if mention:
                    parsed.mentions.append(ParsedMention(name, mention, start, end + 1))
                else:
                    parsed.lost["malformed"] += 1
                return
        parsed.lost["unknown label" if ":" in item else "malformed"] += 1


def _align_ambiguous(mentions: list[ParsedMention], text: str) -> list[ParsedMention]:
    """Align the k-th mention of a string with its k-th occurrence, if the string has
    several labels: the list is in text order."""
    names = defaultdict(set)
    for mention in mentions:
        names[mention.text].add(mention.name)
    occurrences = {
        string: re.finditer(rf"(?<!\w){re.escape(string)}(?!\w)", text)
        for string in names
        if len(names[string]) > 1
    }
    aligned = []
    for mention in mentions:
        found = next(occurrences.get(mention.text, iter(())), None)
        aligned.append(replace(mention, text_start=found.start()) if found else mention)
    return aligned

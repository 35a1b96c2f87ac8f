"""CoNLL-like files: one token a line with its tag, an empty line between sentences."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .lines import BOM, read_lines
from .script import joiner_of
from .tags import BARE_TAG, TAG, Scheme, guess_scheme, read_tags

SPACES = re.compile(" +")
INDEX = re.compile(r"\d+([-.]\d+)?")
BLANK = " \t\r" + BOM
# StackOverflowNER puts these before each post: they are no text
METADATA = {"Question_ID", "Question_URL", "Answer_to_Question_ID"}
SAMPLE = 5_000  # lines that a layout is guessed from
MOST_BARE_TAGS = 64  # of more different ones it is no column of tags


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """Which column holds what, from 0. width: columns of most lines.

    index: column 0 numbers the tokens of a sentence, as in CoNLL-U and UNER.
    bare: the tags are labels alone, PER for I-PER.
    """

    token: int
    tag: int
    width: int
    index: bool = False
    bare: bool = False

    def reads(self, fields: list[str]) -> bool:
        """Whether these are the columns of a token."""
        pattern = BARE_TAG if self.bare else TAG
        return (
            len(fields) > max(self.token, self.tag)
            and pattern.fullmatch(fields[self.tag]) is not None
            and (not self.index or INDEX.fullmatch(fields[0]) is not None)
        )


@dataclass(slots=True)
class _Sentence:
    document: str
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    text: str = ""  # of a "# text = ..." comment
    broken: tuple[int, str] | None = None  # line, why


def split_row(line: str) -> list[str]:
    """The columns of a line: parted by tabs where it has any, else by spaces."""
    line = line.rstrip(BLANK)
    return line.split("\t") if "\t" in line else SPACES.split(line.lstrip(" "))


def guess_layout(lines: list[tuple[int, str]]) -> ColumnLayout | None:
    """The layout that fits the lines, None if no column looks like tags.

    The tag is the last column of tags before the token is repeated (StackOverflowNER
    writes token, tag, token, tag); the token is the first other column but an index.
    Where no column has tags such as B-PER the last may have bare ones, O and PER.
    """
    rows = [
        split_row(line)
        for _, line in lines[:SAMPLE]
        if line.strip(BLANK) and not line.startswith("#")
    ]
    if not rows:
        return None
    width = Counter(map(len, rows)).most_common(1)[0][0]
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    tags = [i for i, column in enumerate(columns) if _mostly(TAG, column)]
    bare = not tags and _are_bare_tags(columns[-1])
    tags = [width - 1] if bare else tags
    index = width > 2 and _mostly(INDEX, columns[0])
    others = [i for i in range(int(index), width) if i not in tags]
    if not tags or not others:
        return None
    token = others[0]
    repeats = [i for i in range(token + 1, width) if columns[i] == columns[token]]
    before = [i for i in tags if not repeats or i < repeats[0]]
    tag = before[-1] if before else tags[-1]
    if index:  # Universal NER: a second column has another annotator's tags
        tag = tags[0]
    return ColumnLayout(token, tag, width, index, bare)


def _mostly(pattern: re.Pattern, column: tuple[str, ...]) -> bool:
    hits = sum(pattern.fullmatch(value) is not None for value in column)
    return hits >= 0.99 * len(column)


def _are_bare_tags(column: tuple[str, ...]) -> bool:
    different = set(column)
    return (
        "O" in different
        and 1 < len(different) <= MOST_BARE_TAGS
        and _mostly(BARE_TAG, column)
    )


def read_columns(
    path: Path,
    report: ReadReport,
    *,
    token: int | None = None,
    tag: int | None = None,
    scheme: Scheme | None = None,
    joiner: str | None = None,
) -> Iterator[AnnotatedText]:
    """One text a sentence.

    token, tag: columns from 0, negative from the end; guessed where not given.
    scheme: IO, IOB1, BIO or BIOES; guessed where not given. Bare tags, PER and O, are
        of the scheme IO: neighbours of one label are one entity.
    joiner: " ", or "" for text without spaces; guessed where not given. A
        `# text = ...` comment that fits its tokens gives their real spacing instead.

    A sentence with a line that has no token or tag is skipped and reported: a token
    left out would change the text. ValueError: no column of tags.
    """
    lines = list(read_lines(path, report))
    layout = guess_layout(lines)
    if layout is None:
        first = next((n for n, line in lines if line.strip(BLANK)), 1)
        why = "no column of tags such as O, B-PER, I-PER"
        raise ValueError(
            Errors.E204.format(path=path, line=first, format="columns", why=why)
        )
    layout = replace(
        layout,
        token=layout.token if token is None else token % layout.width,
        tag=layout.tag if tag is None else tag % layout.width,
    )
    sentences = [s for s in _sentences(lines, layout, report) if _usable(s, report)]
    scheme = scheme or guess_scheme(s.tags for s in sentences)
    if joiner is None:
        joiner = joiner_of(word for s in sentences for word in s.words)
    for sentence in sentences:
        spans, repairs = read_tags(sentence.tags, scheme)
        for i, kind in repairs:
            detail = f"{sentence.words[i]} {sentence.tags[i]}"
            report.repair(sentence.lines[i], kind, detail)
        spaces = [bool(joiner)] * len(sentence.words)
        if sentence.text:
            real = real_spaces(sentence.words, sentence.text)
            if real is None:
                report.repair(sentence.lines[0], "text comment unlike its tokens")
            spaces = real or spaces
        yield report.count(
            AnnotatedText.from_words(
                sentence.words,
                spans,
                spaces,
                document=sentence.document,
                line=sentence.lines[0],
            )
        )


def _usable(sentence: _Sentence, report: ReadReport) -> bool:
    if sentence.broken:
        line, why = sentence.broken
        report.lose(line, "sentence with a bad line", why)
    elif sentence.words and sentence.words[0] in METADATA:
        detail = " ".join(sentence.words)
        report.leave_out(sentence.lines[0], "metadata of StackOverflowNER", detail)
    else:
        return bool(sentence.words)
    return False


def _sentences(lines, layout: ColumnLayout, report: ReadReport) -> Iterator[_Sentence]:
    document, documents = "", 0
    sentence = _Sentence(document)
    for number, line in [*lines, (len(lines) + 1, "")]:
        fields = split_row(line)
        if not line.strip(BLANK):
            if sentence.words or sentence.broken:
                yield sentence
            sentence = _Sentence(document)
        elif line.startswith("-DOCSTART-"):
            documents += 1
            document = sentence.document = str(documents)
        elif line.startswith("#") and not (
            len(fields) == layout.width and layout.reads(fields)
        ):
            name, _, value = line[1:].partition("=")
            if name.strip() == "text":
                sentence.text = value.strip()
            elif name.strip() == "newdoc id":
                document = sentence.document = value.strip()
        elif not layout.reads(fields):
            sentence.broken = sentence.broken or (
                number,
                f"{line!r} has no tag in column {layout.tag}",
            )
        elif layout.index and not fields[0].isdigit():
            pass  # CoNLL-U: the surface of several words, or a word not in the text
        elif not fields[layout.token]:
            report.skip(number, "line without a token", line)
        else:
            sentence.words.append(fields[layout.token])
            tag = fields[layout.tag]
            sentence.tags.append(f"I-{tag}" if layout.bare and tag != "O" else tag)
            sentence.lines.append(number)


def real_spaces(words: list[str], text: str) -> list[bool] | None:
    """Whether a space follows each word in `text`; None if it is not these words."""
    spaces, at = [], 0
    for word in words:
        if not text.startswith(word, at):
            return None
        at += len(word)
        rest = text[at:].lstrip()
        spaces.append(len(rest) < len(text) - at)
        at = len(text) - len(rest)
    return spaces if at == len(text) else None

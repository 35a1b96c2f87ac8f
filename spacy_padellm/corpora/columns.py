"""CoNLL-like files: lines of a token and a tag, with empty lines between sentences."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .lines import BOM, read_lines
from .missing import is_missing
from .tagged import TaggedText, read_tagged, real_spaces
from .tags import BARE_TAG, TAG, Scheme, are_bare_tags, mostly, tag_pattern

SPACES = re.compile(" +")
INDEX = re.compile(r"\d+([-.]\d+)?")
BLANK = " \t\r" + BOM
# StackOverflowNER puts these before each post. They are not part of the text.
METADATA = {"Question_ID", "Question_URL", "Answer_to_Question_ID"}
IN_SENTENCE = "line within a sentence that begins with #, read as a comment"
SAMPLE = 5_000  # number of lines for guessing a layout
# of the column of chunks that CoNLL-2003 has before its tags
CHUNKS = {
    "NP",
    "VP",
    "PP",
    "ADJP",
    "ADVP",
    "SBAR",
    "PRT",
    "CONJP",
    "INTJ",
    "LST",
    "UCP",
}


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """The numbers of the token and the tag column, from 0.

    width: the number of columns in most lines.
    index: whether column 0 numbers the tokens of a sentence, as in CoNLL-U and UNER.
    pattern: of the tags. It is another one than TAG if their prefixes are in lower
        case, or if they have none, such as PER instead of I-PER.
    other_tags: columns of tags that are not read.
    """

    token: int
    tag: int
    width: int
    index: bool = False
    pattern: re.Pattern = TAG
    other_tags: tuple[int, ...] = ()

    def reads(self, fields: list[str]) -> bool:
        """Return whether these are the columns of a token."""
        return (
            len(fields) > max(self.token, self.tag)
            and self.is_tag(fields[self.tag])
            and (not self.index or INDEX.fullmatch(fields[0]) is not None)
        )

    def is_tag(self, tag: str) -> bool:
        """Return whether it is a tag, or missing."""
        return is_missing(tag) or self.pattern.fullmatch(tag) is not None


@dataclass(slots=True)
class _Sentence:
    document: str
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)  # "" if missing
    lines: list[int] = field(default_factory=list)
    text: str = ""  # from a "# text = ..." comment
    broken: tuple[int, str] | None = None  # (line, reason)

    def spaces(self, report: ReadReport) -> list[bool] | None:
        """Return whether a space follows each word, if a comment says so."""
        spaces = real_spaces(self.words, self.text) if self.text else None
        if self.text and spaces is None:
            kind = "text comment does not match its tokens"
            report.repair(self.lines[0], kind)
        return spaces


def split_row(line: str) -> list[str]:
    """Split a line into columns, at tabs if it has any, or else at spaces."""
    line = line.rstrip(BLANK)
    return line.split("\t") if "\t" in line else SPACES.split(line.lstrip(" "))


def guess_layout(
    lines: list[tuple[int, str]], sample: int = SAMPLE
) -> ColumnLayout | None:
    """Return the layout of the lines, or None if no column looks like tags.

    sample: the number of lines to look at, or more if all of their tags are O.

    The tag is the last column of tags that are no chunks, but if the token column is
    repeated, it is before the repetition (StackOverflowNER has token, tag, token, tag).
    The token is the first column that is not a tag or an index. If no column has tags
    such as B-PER, the last column may have tags without a prefix, such as PER.
    """
    rows = [
        split_row(line)
        for _, line in lines[:sample]
        if line.strip(BLANK) and not line.startswith("#")
    ]
    if not rows:
        return None
    width = Counter(map(len, rows)).most_common(1)[0][0]
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    patterns = [tag_pattern(column) for column in columns]
    tags = [i for i, pattern in enumerate(patterns) if pattern]
    if not tags and are_bare_tags(columns[-1]):
        tags, patterns[-1] = [width - 1], BARE_TAG
    index = width > 2 and mostly(INDEX, columns[0])
    others = [i for i in range(int(index), width) if i not in tags]
    if not tags or not others:
        return None
    tags = [i for i in tags if not _are_chunks(columns[i])] or tags
    token = others[0]
    repeats = [i for i in range(token + 1, width) if columns[i] == columns[token]]
    before = [i for i in tags if not repeats or i < repeats[0]]
    tag = before[-1] if before else tags[-1]
    if set(columns[tag]) == {"O"} and len(lines) > sample:
        return guess_layout(lines, sample=len(lines))  # the others may come later
    if index:  # Universal NER has the tags of another annotator in a second column
        tag = tags[0]
    others = tuple(i for i in before or tags if columns[i] != columns[tag])
    return ColumnLayout(token, tag, width, index, patterns[tag] or TAG, others)


def _are_chunks(column: Sequence[str]) -> bool:
    labels = {tag[2:] for tag in column if tag != "O" and not is_missing(tag)}
    return labels <= CHUNKS and "NP" in labels


def read_columns(
    path: Path,
    report: ReadReport,
    *,
    token: int | None = None,
    tag: int | None = None,
    scheme: Scheme | None = None,
    joiner: str | None = None,
) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. Arguments that are None are guessed.

    token, tag: column numbers from 0, or negative numbers from the end.
    scheme: IO, IOB1, BIO or BIOES. Tags without a prefix have the scheme IO: adjacent
        tokens with the same label are one entity.
    joiner: the string between tokens, " " or "". If a sentence has a `# text = ...`
        comment that matches its tokens, the spacing comes from there.

    Sentences with a line that has no tag are skipped and reported, because a missing
    token would change the text. A token with pandas' NaN as its tag is unknown. Raises
    ValueError if no column has tags (E204), or if they are B and I alone (E223).
    """
    lines = list(read_lines(path, report))
    layout = guess_layout(lines)
    if layout is None:
        first = next((n for n, line in lines if line.strip(BLANK)), 1)
        why = "no column of tags such as O, B-PER, I-PER"
        raise report.unreadable(first, why)
    layout = replace(
        layout,
        token=layout.token if token is None else token % layout.width,
        tag=layout.tag if tag is None else tag % layout.width,
    )
    if layout.other_tags and tag is None:
        columns = ", ".join(str(i + 1) for i in layout.other_tags)
        report.layout = (
            f"the tags are those of column {layout.tag + 1} of {layout.width}; those "
            f"of column {columns} are not read"
        )
    texts = [
        TaggedText(one.words, one.tags, one.lines, one.document, one.spaces(report))
        for one in _sentences(lines, layout, report)
        if _usable(one, report)
    ]
    yield from read_tagged(path, texts, report, scheme=scheme, joiner=joiner)


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
        elif line.startswith("#") and not _is_token(line, fields, sentence, layout):
            if sentence.words and line[1:2].isalnum():
                report.leave_out(number, IN_SENTENCE, line)
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
            pass  # CoNLL-U multiword token or empty node
        elif not fields[layout.token]:
            report.skip(number, "line without a token", line)
        else:
            sentence.words.append(fields[layout.token])
            tag = fields[layout.tag]
            sentence.tags.append("" if is_missing(tag) else tag)
            sentence.lines.append(number)


def _is_token(
    line: str, fields: list[str], sentence: _Sentence, layout: ColumnLayout
) -> bool:
    """Return whether a line that begins with # has the columns of a token. Comments may
    have such columns by chance, but not as many as a token; within a sentence, a word
    such as #Berlin may have more."""
    is_word = bool(sentence.words) and line[1:2].isalnum()
    return layout.reads(fields) and (len(fields) == layout.width or is_word)

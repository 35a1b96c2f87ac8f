"""CoNLL-2012, the most common format of OntoNotes 5: *_gold_conll.

    #begin document (bc/cctv/00/cctv_0000); part 000
    bc/cctv/00/cctv_0000 0 0 Ada NNP (TOP(S(NP* - - - Speaker#1 (PERSON* * (12
    bc/cctv/00/cctv_0000 0 1 Byron NNP *) - - - Speaker#1 *) * 12)

Column 3 is the word. Column 10 has the brackets of names.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from .base import AnnotatedText, ReadReport
from .lines import read_lines
from .script import joiner_of

NUMBER, WORD, NAME = 2, 3, 10
BEGIN = re.compile(r"#begin document \((.*)\); part (\d+)")
BRACKETS = re.compile(r"(?P<opens>(\([^()*\s]+)*)\*?(?P<closes>\)*)")
ABSENT = "[WORD]"  # placeholder in files with annotation but no text


def is_conll2012(lines: list[tuple[int, str]]) -> bool:
    """Return whether the lines have this format."""
    rows = [line for _, line in lines if line.strip()]
    if any(BEGIN.match(line) for line in rows[:5]):
        return True
    fields = rows[0].split() if rows else []
    return len(fields) > NAME + 1 and _is_token(fields)


def _is_token(fields: list[str]) -> bool:
    return (
        len(fields) > NAME
        and fields[NUMBER].isdigit()
        and fields[NAME] != ""
        and BRACKETS.fullmatch(fields[NAME]) is not None
    )


def read_conll2012(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per sentence. `document` is the name and part of its document.

    joiner: the string between tokens, " " or "". It is guessed if None.

    Nested names are read too. Sentences with an invalid line or unmatched brackets are
    skipped and reported. Raises ValueError if all words are the placeholder [WORD].
    """
    sentences = list(_sentences(path, report))
    words = [fields[WORD] for _, _, rows in sentences for fields in rows]
    if words and all(word == ABSENT for word in words):
        why = "it has no text yet; run the task's skeleton2conll first"
        line = sentences[0][0]
        raise report.unreadable(line, why)
    if joiner is None:
        joiner = joiner_of(words)
    for line, document, rows in sentences:
        spans, problem = _spans([fields[NAME] for fields in rows])
        if problem is not None:
            at, why = problem
            detail = f"{rows[at][WORD]} {rows[at][NAME]}"
            report.lose(line + at, f"sentence with a bracket that {why}", detail)
            continue
        words = [fields[WORD] for fields in rows]
        spaces = [bool(joiner)] * len(words)
        yield report.count(
            AnnotatedText.from_words(words, spans, spaces, document=document, line=line)
        )


def _sentences(
    path: Path, report: ReadReport
) -> Iterator[tuple[int, str, list[list[str]]]]:
    """Yield (first line, document, columns of each token) for each valid sentence."""
    document, rows, first, bad = "", [], 0, None
    for number, line in _ended(read_lines(path, report)):
        fields = line.split()
        if line.startswith("#begin document"):
            begin = BEGIN.match(line)
            document = " ".join(begin.groups()) if begin else line.strip()
        elif not fields or line.startswith("#end document"):
            if bad is not None:
                report.lose(*bad)
            elif rows:
                yield first, document, rows
            rows, bad = [], None
        elif not _is_token(fields):
            bad = bad or (number, "sentence with a bad line", repr(line)[:80])
        else:
            first = first if rows else number
            rows.append(fields)


def _ended(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    number = 0
    for number, line in lines:
        yield number, line
    yield number + 1, ""


def _spans(
    names: list[str],
) -> tuple[list[tuple[int, int, str]], tuple[int, str] | None]:
    """Return spans in tokens, end exclusive, and the first unmatched bracket as
    (token, problem), or None."""
    open_names: list[tuple[int, str]] = []
    spans = []
    for i, name in enumerate(names):
        match = BRACKETS.fullmatch(name)
        open_names += [(i, label) for label in match["opens"].split("(")[1:]]
        for _ in match["closes"]:
            if not open_names:
                return [], (i, "closes nothing")
            start, label = open_names.pop()
            spans.append((start, i + 1, label))
    if open_names:
        return [], (open_names[0][0], "does not close")
    return spans, None

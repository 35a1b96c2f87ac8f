"""The training JSON of spaCy 2: documents with paragraphs, sentences and tokens.

[{"id": 0, "paragraphs": [{"raw": "Ada left.", "sentences": [{"tokens": [
  {"orth": "Ada", "ner": "U-PER"}, {"orth": "left", "ner": "O"}, ...]}]}]}]
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .base import AnnotatedText, ReadReport
from .json_values import read_json_items
from .missing import are_words
from .tagged import TaggedText, read_tagged, real_spaces
from .tags import TAG, tag_pattern

MISSING = (None, "", "-")


class _Paragraph(NamedTuple):
    line: int
    document: str
    where: str  # for the report
    words: list[str]
    tags: list[Any]
    raw: str | None
    spaces: list[bool] | None  # from the key "space" of the tokens

    def text(self, report: ReadReport) -> TaggedText:
        tags = ["" if tag in MISSING else tag for tag in self.tags]
        spaces = self.spaces
        if self.raw is not None:
            real = real_spaces(self.words, self.raw)
            spaces = real or spaces
            if real is None:
                kind = "raw text does not match its tokens"
                report.repair(self.line, kind, self.raw[:60])
        lines = [self.line] * len(tags)
        return TaggedText(self.words, tags, lines, self.document, spaces)


def read_spacy_json(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per paragraph. `document` is the id of its document.

    It does not use spaCy's converter, which silently drops entities with IOB instead of
    BILUO tags. Paragraphs with another structure or without entity annotation are
    skipped and reported. Tokens without annotation are unknown and reported. Errors:
    see `read_tagged`.
    """
    found = list(_paragraphs(path, report))
    tags = {tag for one in found for tag in one.tags if isinstance(tag, str)}
    pattern = tag_pattern([tag for tag in tags if tag not in MISSING]) or TAG
    texts = [one.text(report) for one in found if _is_usable(one, pattern, report)]
    yield from read_tagged(path, texts, report)


def _paragraphs(path: Path, report: ReadReport) -> Iterator[_Paragraph]:
    for line, value in read_json_items(path, report):
        paragraphs = value.get("paragraphs") if isinstance(value, dict) else None
        if not isinstance(paragraphs, list):
            report.lose(line, "no list of paragraphs", repr(value)[:60])
            continue
        document = str(value.get("id", ""))
        for number, paragraph in enumerate(paragraphs, 1):
            where = f"document {document}, paragraph {number}"
            try:
                yield _paragraph(paragraph, line, document, where)
            except (KeyError, TypeError, AttributeError) as error:
                report.lose(line, "not a paragraph of tokens", f"{where}: {error!r}")
                continue


def _is_usable(one: _Paragraph, pattern: re.Pattern, report: ReadReport) -> bool:
    """Return whether a paragraph has tags. Report what it lacks."""
    tags = [tag for tag in one.tags if tag not in MISSING]
    bad = [t for t in tags if not isinstance(t, str) or not pattern.fullmatch(t)]
    n_missing = len(one.tags) - len(tags)
    if bad:
        report.lose(one.line, "invalid tag", f"{one.where}: {bad[0]!r}")
    elif not tags:
        report.lose(one.line, "paragraph without entity annotation", one.where)
    elif n_missing:
        kind = "tokens without entity annotation"
        report.leave_out(one.line, kind, f"{one.where}: {n_missing}")
    return bool(tags) and not bad


def _paragraph(value: Any, line: int, document: str, where: str) -> _Paragraph:
    tokens = [token for sent in value["sentences"] for token in sent["tokens"]]
    words = [token["orth"] for token in tokens]
    if not are_words(words):
        raise TypeError("orth is not a string")
    tags = [token.get("ner") for token in tokens]
    spaces = [bool(token.get("space", True)) for token in tokens]
    has_spaces = any("space" in token for token in tokens)
    raw = value.get("raw")
    if raw is not None and not isinstance(raw, str):
        raise TypeError("raw is not a string")
    spaces = spaces if has_spaces else None
    return _Paragraph(line, document, where, words, tags, raw, spaces)

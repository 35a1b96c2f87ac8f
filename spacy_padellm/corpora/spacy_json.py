"""The training JSON of spaCy 2: documents with paragraphs, sentences and tokens.

[{"id": 0, "paragraphs": [{"raw": "Ada left.", "sentences": [{"tokens": [
  {"orth": "Ada", "ner": "U-PER"}, {"orth": "left", "ner": "O"}, ...]}]}]}]
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .base import AnnotatedText, ReadReport
from .columns import real_spaces
from .json_values import read_json_items
from .script import joiner_of
from .tags import TAG, guess_scheme, read_tags

MISSING = (None, "", "-")


class _Paragraph(NamedTuple):
    line: int
    document: str
    words: list[str]
    tags: list[str]
    raw: str | None
    spaces: list[bool] | None  # from the key "space" of the tokens


def read_spacy_json(path: Path, report: ReadReport) -> Iterator[AnnotatedText]:
    """Yield one text per paragraph. `document` is the id of its document.

    It does not use spaCy's converter, which silently drops entities with IOB instead of
    BILUO tags. Paragraphs with another structure or without entity annotation are
    skipped and reported. Tokens without annotation are unknown and reported.
    """
    paragraphs = list(_paragraphs(path, report))
    scheme = guess_scheme(
        ["O" if tag in MISSING else tag for tag in paragraph.tags]
        for paragraph in paragraphs
    )
    joiner = joiner_of(word for paragraph in paragraphs for word in paragraph.words)
    for line, document, words, tags, raw, spaces in paragraphs:
        known = ["O" if tag in MISSING else tag for tag in tags]
        unknown = [(i, i + 1, "") for i, tag in enumerate(tags) if tag in MISSING]
        spans, repairs = read_tags(known, scheme)
        for i, kind in repairs:
            report.repair(line, kind, f"{words[i]} {tags[i]}")
        if raw is not None:
            spaces = real_spaces(words, raw)
            if spaces is None:
                kind = "raw text does not match its tokens"
                report.repair(line, kind, raw[:60])
        spaces = spaces or [bool(joiner)] * len(words)
        yield report.count(
            AnnotatedText.from_words(
                words, spans, spaces, unknown, document=document, line=line
            )
        )


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
                found = _paragraph(paragraph, line, document)
            except (KeyError, TypeError, AttributeError) as error:
                report.lose(line, "not a paragraph of tokens", f"{where}: {error!r}")
                continue
            bad = [tag for tag in found.tags if tag not in MISSING and not _is_tag(tag)]
            missing = sum(tag in MISSING for tag in found.tags)
            if bad:
                report.lose(line, "invalid tag", f"{where}: {bad[0]!r}")
            elif missing == len(found.tags):
                report.lose(line, "paragraph without entity annotation", where)
            else:
                if missing:
                    kind = "tokens without entity annotation"
                    report.leave_out(line, kind, f"{where}: {missing}")
                yield found


def _paragraph(value: Any, line: int, document: str) -> _Paragraph:
    tokens = [token for sent in value["sentences"] for token in sent["tokens"]]
    words = [token["orth"] for token in tokens]
    if not all(isinstance(word, str) and word for word in words):
        raise TypeError("orth is not a string")
    tags = [token.get("ner") for token in tokens]
    spaces = [bool(token.get("space", True)) for token in tokens]
    has_spaces = any("space" in token for token in tokens)
    raw = value.get("raw")
    if raw is not None and not isinstance(raw, str):
        raise TypeError("raw is not a string")
    return _Paragraph(line, document, words, tags, raw, spaces if has_spaces else None)


def _is_tag(tag: Any) -> bool:
    return isinstance(tag, str) and TAG.fullmatch(tag) is not None

"""The formats by name, the format of a file guessed, a file read."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ..errors import Errors
from .base import AnnotatedText, ReadReport
from .cluener import read_cluener
from .columns import guess_layout, read_columns
from .conversations import read_conversations
from .docbin import read_docbin
from .docred import read_docred
from .jsonl import read_jsonl
from .lines import BOM, read_lines
from .padellm_json import read_padellm_json
from .rasa import read_rasa

Reader: TypeAlias = Callable[..., Iterator[AnnotatedText]]
HEAD = 1 << 20  # characters that a format is guessed from


@dataclass(frozen=True, slots=True)
class Format:
    """title: the format in words. read: (path, report, **options) to texts."""

    title: str
    read: Reader


FORMATS: dict[str, Format] = {
    "columns": Format("token and tag in columns (CoNLL, BIO, BIOES)", read_columns),
    "padellm": Format("PaDeLLM JSON lines", read_padellm_json),
    "jsonl": Format("JSON lines with text or tokens, and entities", read_jsonl),
    "docred": Format("DocRED JSON", read_docred),
    "rasa": Format("Rasa NLU JSON", read_rasa),
    "cluener": Format("CLUENER JSON lines", read_cluener),
    "conversations": Format("UniversalNER conversations", read_conversations),
    "docbin": Format("spaCy DocBin", read_docbin),
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """What one file held. format: the name in FORMATS that it was read as."""

    texts: tuple[AnnotatedText, ...]
    report: ReadReport
    format: str


def guess_format(path: Path) -> str:
    """The name in FORMATS of the format that a file seems to be in.

    ValueError: no such file, or it looks like none of them.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(Errors.E207.format(path=path))
    if path.suffix == ".spacy":
        return "docbin"
    lines, size = [], 0
    for number, line in read_lines(path, ReadReport(path, "")):
        lines.append((number, line[:HEAD]))
        size += len(line)
        if size > HEAD:
            break
    head = "\n".join(line for _, line in lines).lstrip(BOM + " \t\n")
    name = _json_format(head) if head[:1] in ("[", "{") else None
    if name is None and guess_layout(lines) is not None:
        name = "columns"
    if name is None:
        first = head.partition("\n")[0][:80]
        raise ValueError(
            Errors.E201.format(path=path, line=first, formats=", ".join(FORMATS))
        )
    return name


def _json_format(head: str) -> str | None:
    """The format of JSON by its beginning: its first line, or keys if that is no JSON
    by itself."""
    try:
        value = json.loads(head.partition("\n")[0])
    except json.JSONDecodeError:
        value = None
    if isinstance(value, list) and value and isinstance(value[0], str):
        return "padellm"
    if isinstance(value, dict):
        if isinstance(value.get("label"), dict):
            return "cluener"
        if "rasa_nlu_data" not in value and "conversations" not in value:
            return "jsonl"
    keys = {
        '"vertexSet"': "docred",
        '"rasa_nlu_data"': "rasa",
        '"conversations"': "conversations",
    }
    return next((name for key, name in keys.items() if key in head), None)


def read(path: Path, format: str | None = None, **options) -> Corpus:
    """All texts of a file. format: a name in FORMATS, guessed if None; `options` are
    those of its reader.

    ValueError: no such file or format, nothing in it that can be read, or more texts
    unreadable than readable: then it is most likely another format.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(Errors.E207.format(path=path))
    name = guess_format(path) if format is None else format
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise ValueError(Errors.E202.format(format=name, formats=known))
    report = ReadReport(path, name)
    texts = tuple(FORMATS[name].read(path, report, **options))
    if report.lost > report.texts:
        worst = next(p for p in report.problems if p.action == "skipped")
        why = (
            f"{report.lost} of {report.lost + report.texts} texts are not; {worst.kind}"
        )
        raise ValueError(
            Errors.E204.format(path=path, line=worst.line, format=name, why=why)
        )
    if not texts:
        raise ValueError(Errors.E205.format(path=path, format=name))
    return Corpus(texts, report, name)

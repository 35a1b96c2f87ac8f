"""The registry of formats. Guess the format of a file and read it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ..errors import Errors
from .ace import read_ace
from .base import AnnotatedText, ReadReport
from .bioc import read_bioc
from .brat import read_brat
from .cluener import read_cluener
from .columns import read_columns
from .conll2012 import read_conll2012
from .conversations import read_conversations
from .csv_table import read_csv
from .doc_json import read_doc_json
from .docbin import read_docbin
from .docred import read_docred
from .dygie import read_dygie
from .gliner import read_gliner
from .guess import sniff_format
from .iob import read_iob
from .jsonl import read_jsonl
from .label_studio import read_label_studio
from .lines import read_lines
from .ontonotes import read_ontonotes
from .padellm_json import read_padellm_json
from .pubtator import read_pubtator
from .rasa import read_rasa
from .spacy_json import read_spacy_json
from .token_tags import read_token_tags
from .train_data import read_train_data
from .webanno import read_webanno

Reader: TypeAlias = Callable[..., Iterator[AnnotatedText]]


@dataclass(frozen=True, slots=True)
class CorpusFormat:
    """title: a description. read: a function (path, report, **options) → texts.
    joins: whether `read` has the option `joiner`, the string between tokens.
    hyphens: whether it has tokens on both sides of a hyphen, and one for the hyphen.
    keeps_tokens: whether Chinese texts keep its tokens, which are spaCy's."""

    title: str
    read: Reader
    joins: bool = False
    hyphens: bool = False
    keeps_tokens: bool = False


FORMATS: dict[str, CorpusFormat] = {
    "columns": CorpusFormat(
        "token and tag in columns (CoNLL, BIO, BIOES)", read_columns, joins=True
    ),
    "conll2012": CorpusFormat(
        "CoNLL-2012 columns (OntoNotes)", read_conll2012, joins=True
    ),
    "ontonotes": CorpusFormat("OntoNotes .name files", read_ontonotes, joins=True),
    "ace": CorpusFormat("ACE 2005 .sgm and .apf.xml", read_ace),
    "iob": CorpusFormat("spaCy's iob, word|tag", read_iob, joins=True),
    "padellm": CorpusFormat("PaDeLLM JSON lines", read_padellm_json),
    "jsonl": CorpusFormat(
        "JSON lines or Parquet with text or tokens, and entities", read_jsonl
    ),
    "dygie": CorpusFormat("DyGIE JSON lines", read_dygie, joins=True),
    "docred": CorpusFormat("DocRED JSON", read_docred, hyphens=True),
    "rasa": CorpusFormat("Rasa NLU JSON", read_rasa),
    "cluener": CorpusFormat("CLUENER JSON lines", read_cluener),
    "conversations": CorpusFormat("UniversalNER conversations", read_conversations),
    "train_data": CorpusFormat(
        "spaCy 2 TRAIN_DATA, text and entities", read_train_data
    ),
    "spacy_json": CorpusFormat("spaCy 2 training JSON", read_spacy_json),
    "doc_json": CorpusFormat("spaCy's Doc.to_json", read_doc_json),
    "label_studio": CorpusFormat("Label Studio JSON and JSON-MIN", read_label_studio),
    "token_tags": CorpusFormat(
        "tokens and ner_tags in JSON or Parquet", read_token_tags, joins=True
    ),
    "gliner": CorpusFormat("GLiNER JSON", read_gliner, joins=True),
    "csv": CorpusFormat("CSV with token and tag, or offsets", read_csv, joins=True),
    "webanno": CorpusFormat("WebAnno TSV 3", read_webanno),
    "brat": CorpusFormat("brat .txt and .ann", read_brat),
    "pubtator": CorpusFormat("PubTator", read_pubtator),
    "bioc": CorpusFormat("BioC XML and JSON", read_bioc),
    "docbin": CorpusFormat("spaCy DocBin", read_docbin, keeps_tokens=True),
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """The texts of a file. format: its name in FORMATS."""

    texts: tuple[AnnotatedText, ...]
    report: ReadReport
    format: str


def guess_format(path: Path) -> str:
    """Return the name of the file's format in FORMATS.

    Raises ValueError if the file does not exist, or if its format is unknown.
    """
    path = _file(path)
    name = sniff_format(path)
    if name is None:
        lines = read_lines(path, ReadReport(path, ""))
        first = next((line for _, line in lines if line.strip()), None)
        if first is None:
            raise ValueError(Errors.E211.format(path=path))
        known = ", ".join(FORMATS)
        raise ValueError(Errors.E201.format(path=path, line=first[:80], formats=known))
    return name


def _file(path: Path) -> Path:
    if not Path(path).is_file():
        raise ValueError(Errors.E207.format(path=path))
    return Path(path)


def read(path: Path, format: str | None = None, **options) -> Corpus:
    """Read all texts of a file. format: a name in FORMATS. It is guessed if None.

    Options are passed to the format's reader. Raises ValueError if there is no such
    file or format, if less than half of the texts can be read, if there are
    entities but none can be read, or if no token of any text is annotated.
    """
    path = _file(path)
    name = guess_format(path) if format is None else format
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise ValueError(Errors.E232.format(format=name, formats=known))
    report = ReadReport(path, name)
    texts = tuple(FORMATS[name].read(path, report, **options))
    if report.lost > report.texts:
        first = next(p for p in report.problems if p.action == "skipped")
        why = f"{report.lost} of {report.lost + report.texts} texts fail; {first.kind}"
        raise ValueError(
            Errors.E204.format(path=path, line=first.line, format=name, why=why)
        )
    if report.lost_entities and not report.entities:
        raise ValueError(_without_entities(report))
    if not texts:
        raise ValueError(Errors.E205.format(path=path, format=name))
    if not report.entities and all(map(_is_unknown, texts)):
        place = {"path": path, "line": texts[0].line, "format": name}
        raise ValueError(Errors.E224.format(**place))
    return Corpus(texts, report, name)


def _without_entities(report: ReadReport) -> str:
    """Return the error for a file of which all entities were lost."""
    first = next(p for p in report.problems if p.action == "skipped")
    return Errors.E214.format(
        path=report.path,
        line=first.line,
        number=report.lost_entities,
        kind=f"{first.kind} ({first.detail})" if first.detail else first.kind,
        format=report.format,
    )


def _is_unknown(text: AnnotatedText) -> bool:
    """Return whether no token is annotated for any label."""
    known = {i for i, char in enumerate(text.text) if not char.isspace()}
    if not known:
        return False
    for start, end, label in text.unknown:
        if not label:
            known.difference_update(range(start, end))
    return not known

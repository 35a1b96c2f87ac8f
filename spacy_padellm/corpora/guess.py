"""Guess the format of a file from its name and its beginning."""

import re
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import Errors
from .base import ReadReport
from .brat import is_brat
from .columns import guess_layout
from .conll2012 import is_conll2012
from .csv_table import header_of
from .doc_json import is_doc_json
from .headerless import headerless
from .iob import is_iob
from .json_values import first_item
from .jsonl import is_example
from .label_studio import is_label_studio
from .lines import BOM, read_lines
from .parquet import HEAD as PARQUET_HEAD
from .parquet import is_parquet, read_rows
from .pubtator import is_pubtator
from .token_tags import is_tagged
from .train_data import has_pairs
from .webanno import FORMAT as WEBANNO

HEAD = 1 << 20  # number of characters to look at
SUFFIXES = {".spacy": "docbin", ".apf.xml": "ace", ".sgm": "ace"}
ACE_TAG = re.compile(r"<!DOCTYPE source_file|<source_file\b")
BIOC_TAG = re.compile(r"<!DOCTYPE collection|<collection\b")
NAME_TAG = re.compile(r'<(ENAMEX|NUMEX|TIMEX) TYPE="|<DOC DOCNO="')
# the first of these keys in a JSON object determines the format
KEYS = {
    "rasa_nlu_data": "rasa",
    "conversations": "conversations",
    "vertexSet": "docred",
    "paragraphs": "spacy_json",
    "tokenized_text": "gliner",
    "passages": "bioc",
    "PubTator3": "bioc",
    "ents": "doc_json",
    "ner": "dygie",
}


def sniff_format(path: Path) -> str | None:
    """Return the name of the format in the registry's FORMATS, or None."""
    for suffix, name in SUFFIXES.items():
        if path.name.endswith(suffix):
            return name
    if is_brat(path):
        return "brat"
    if is_parquet(path):
        return _parquet_format(path)
    lines, size = [], 0
    for number, line in read_lines(path, ReadReport(path, "")):
        lines.append((number, line[:HEAD]))
        size += len(line)
        if size > HEAD:
            break
    head = "\n".join(line for _, line in lines).lstrip(BOM + " \t\n")
    name = _json_format(head) if head[:1] in ("[", "{") else None
    if name is None and head[:1] == "<":
        name = _markup_format(head)
    if name is not None:
        return name
    first = next((line for _, line in lines if line.strip(BOM + " \t")), "")
    if first.startswith(WEBANNO):
        return "webanno"
    if is_pubtator(lines):
        return "pubtator"
    if header_of(first) is not None:
        return "csv"
    if is_conll2012(lines):
        return "conll2012"
    if guess_layout(lines) is not None:
        return "columns"
    if is_iob(lines):
        return "iob"
    return "csv" if headerless(path, [line for _, line in lines]) else None


def _parquet_format(path: Path) -> str:
    """Return the format of the rows. Raises ValueError (E218) if they have none."""
    report = ReadReport(path, "")
    rows = [row for _, row in islice(read_rows(path, report), PARQUET_HEAD)]
    found = [_object_format(row) for row in rows]
    name = next((name for name in found if name != "jsonl"), "jsonl")
    if name == "jsonl" and not any(map(is_example, rows)):
        raise ValueError(Errors.E218.format(path=path, layout=report.layout))
    return name


def _markup_format(head: str) -> str | None:
    if ACE_TAG.search(head):
        return "ace"
    if BIOC_TAG.search(head):
        return "bioc"
    return "ontonotes" if NAME_TAG.search(head) else None


def _json_format(head: str) -> str | None:
    value = first_item(head)
    if isinstance(value, dict):
        return _object_format(value)
    if isinstance(value, list) and value and isinstance(value[0], str):
        annotated = len(value) == 2 and isinstance(value[1], dict)
        return "train_data" if annotated else "padellm"
    # a single object that is longer than the head
    if '"features"' in head and '"rows"' in head:
        return "token_tags"
    return next((KEYS[key] for key in KEYS if f'"{key}"' in head), None)


def _object_format(value: dict[str, Any]) -> str:
    for key, name in KEYS.items():
        if key in value and (key != "ner" or "sentences" in value):
            return name
    if is_doc_json(value):
        return "doc_json"
    documents = value.get("documents")
    first = documents[0] if isinstance(documents, list) and documents else None
    if isinstance(first, dict) and "passages" in first:
        return "bioc"
    rows = value.get("rows")
    if is_tagged(value) or "features" in value and isinstance(rows, list):
        return "token_tags"
    if is_label_studio(value):
        return "label_studio"
    if has_pairs(value):
        return "train_data"
    return "cluener" if isinstance(value.get("label"), dict) else "jsonl"

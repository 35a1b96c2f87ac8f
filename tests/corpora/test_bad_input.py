"""Damaged files are read, reported, or raise an error with their name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.registry import read

from .conftest import unhurried
from .test_ace import SGM, apf
from .test_registry import SAMPLES

PIECES = ["\n", "\t", " ", "O", "I-X", "[", "]", "{", "}", '"', ",", "null", "-1", "9"]
PIECES += [
    "1.5",
    "true",
    "<",
    ">",
    "|",
    "(",
    ")",
    "*",
    "\\ud800",
    "é",
    "好",
    "\x85",
    "#",
]
EDITS = st.lists(st.tuples(st.integers(0), st.integers(0, 6), st.sampled_from(PIECES)))


def edited(content: str, edits: list[tuple[int, int, str]]) -> str:
    """Remove some characters at each position, and insert a piece."""
    for at, cut, piece in edits:
        at %= len(content) + 1
        content = content[:at] + piece + content[at + cut :]
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bad")


def check(path, name, nlp) -> None:
    try:
        corpus = read(path, name)
    except ValueError as error:
        assert str(error).startswith("[E2") and path.name.partition(".")[0] in str(
            error
        )
        return
    assert corpus.texts
    for text in corpus.texts:
        assert all(0 <= e.start < e.end <= len(text.text) for e in text.entities)
        assert all(isinstance(e.label, str) and e.label for e in text.entities)
        assert make_doc(nlp, text, corpus.report).text == text.text
    for problem in corpus.report.problems:
        assert problem.path == path and problem.line >= 1 and problem.kind


@pytest.mark.parametrize("given_name", [True, False])
@pytest.mark.parametrize("name", SAMPLES)
@unhurried
@given(edits=EDITS)
def test_edited_files(folder, english, name, given_name, edits):
    path = folder / "sample"
    path.write_text(edited(SAMPLES[name] * 2, edits), encoding="utf8")
    check(path, name if given_name else None, english)


@unhurried
@given(edits=EDITS, of_text=st.booleans())
def test_edited_ace(folder, english, edits, of_text):
    sgm, annotation = SGM, apf(SGM)
    if of_text:
        sgm = edited(sgm, edits)
    else:
        annotation = edited(annotation, edits)
    (folder / "a.sgm").write_text(sgm, encoding="utf8")
    (folder / "a.apf.xml").write_text(annotation, encoding="utf8")
    check(folder / "a.apf.xml", None, english)


@unhurried
@given(content=st.binary(max_size=60))
@pytest.mark.parametrize("name", [None, "columns", "jsonl"])
def test_any_bytes(folder, english, name, content):
    path = folder / "bytes"
    path.write_bytes(content)
    check(path, name, english)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.floats()
    | st.text("Ad ", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["start", "end", "label", "span"]), inner)
    ),
    max_leaves=6,
)
KEYS = ["text", "tokens", "entities", "ner", "sentences", "sents", "vertexSet", "label"]
KEYS += [
    "conversations",
    "paragraphs",
    "labels",
    "answer",
    "sentence",
    "spans",
    "named",
]
JSON_FORMATS = ["padellm", "jsonl", "docred", "cluener", "conversations", "dygie"]


JSON_FORMATS += ["doc_json", "label_studio", "token_tags", "gliner", "bioc"]
KEYS += ["data", "annotations", "annotation_id", "ents", "tokenized_text", "ner_tags"]
KEYS += ["passages", "documents", "rows", "features"]


@pytest.mark.parametrize("name", [*JSON_FORMATS, "train_data", "spacy_json"])
@unhurried
@given(
    row=st.dictionaries(st.sampled_from(KEYS), VALUES) | st.lists(VALUES),
    data=st.data(),
)
def test_any_json(folder, english, name, row, data):
    if isinstance(row, dict) and data.draw(st.booleans()):
        row = {"text": "Ada", "tokens": ["Ada"], **row}
    path = folder / "json"
    path.write_text(json.dumps([row, row]) if name == "docred" else json.dumps(row))
    check(path, name, english)

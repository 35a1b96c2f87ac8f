"""Random sentences are written in each format by a simple writer, and read back."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.corpora.registry import read

from .conftest import problems, unhurried
from .test_tags import write_tags

LABELS = ("PER", "LOC", "creative-work")
WORDS = ("Ada", "left", "(", "#", "co-op", "é", "a|b", "½", '"', "'s")
Sentence = tuple[list[str], list[tuple[int, int, str]]]


@st.composite
def sentences(draw, nested: bool = False) -> list[Sentence]:
    """Words and sorted spans in tokens, end exclusive. There is at least one span, as
    guessing the format requires one."""
    found = [(["Ada", "left"], [(0, 1, "PER")])]
    for _ in range(draw(st.integers(1, 4))):
        words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
        spans, at = set(), 0
        while at < len(words) and draw(st.booleans()):
            start = draw(st.integers(at, len(words) - 1))
            end = draw(st.integers(start + 1, len(words)))
            label = draw(st.sampled_from(LABELS))
            spans.add((start, end, label))
            if nested and draw(st.booleans()):
                spans.add((start, draw(st.integers(start + 1, end)), label))
            at = end
        found.append((words, sorted(spans)))
    return found


def columns(found: list[Sentence], scheme: str, separator: str = "\t") -> str:
    blocks = []
    for words, spans in found:
        tags = write_tags(len(words), spans, scheme)
        pairs = zip(words, tags, strict=True)
        blocks.append("".join(f"{word}{separator}{tag}\n" for word, tag in pairs))
    return "\n".join(blocks)


def iob(found: list[Sentence]) -> str:
    lines = []
    for words, spans in found:
        tags = write_tags(len(words), spans, "BIO")
        pairs = zip(words, tags, strict=True)
        lines.append(" ".join(f"{word}|{tag}" for word, tag in pairs))
    return "\n".join(lines)


def conll2012(found: list[Sentence]) -> str:
    rows = ["#begin document (a/b); part 000"]
    for words, spans in found:
        for i, word in enumerate(words):
            starts = sorted((s for s in spans if s[0] == i), key=lambda s: -s[1])
            name = "".join(f"({label}" for *_, label in starts) + "*"
            name += ")" * sum(end == i + 1 for _, end, _ in spans)
            rows.append(f"a/b 0 {i} {word} NN (TOP* - - - Ada {name} * -")
        rows.append("")
    return "\n".join([*rows, "#end document", ""])


def ontonotes(found: list[Sentence]) -> str:
    lines = ['<DOC DOCNO="a/b">']
    for words, spans in found:
        line = ""
        for i, word in enumerate(words):
            starts = sorted((s for s in spans if s[0] == i), key=lambda s: -s[1])
            line += "".join(f'<ENAMEX TYPE="{label}">' for *_, label in starts) + word
            line += "</ENAMEX>" * sum(end == i + 1 for _, end, _ in spans) + " "
        lines.append(line.rstrip())
    return "\n".join([*lines, "</DOC>", ""])


def dygie(found: list[Sentence]) -> str:
    ner, first = [], 0
    for words, spans in found:
        ner.append([[s + first, e - 1 + first, label] for s, e, label in spans])
        first += len(words)
    words = [words for words, _ in found]
    return json.dumps({"doc_key": "a", "sentences": words, "ner": ner})


def characters(words: list[str], spans) -> list[list]:
    starts = [len(" ".join(words[:i])) + (i > 0) for i in range(len(words))]
    return [[starts[s], starts[e - 1] + len(words[e - 1]), label]
            for s, e, label in spans]  # fmt: skip


def train_data(found: list[Sentence]) -> str:
    pairs = [[" ".join(w), {"entities": characters(w, spans)}] for w, spans in found]
    return json.dumps(pairs, indent=1)


def jsonl(found: list[Sentence]) -> str:
    rows = [{"tokens": words, "entities": spans} for words, spans in found]
    return "\n".join(map(json.dumps, rows))


def padellm(found: list[Sentence]) -> str:
    return "\n".join(
        json.dumps([" ".join(words), *([s, e - 1, " ".join(words[s:e]), label]
                                       for s, e, label in spans)])
        for words, spans in found
    )  # fmt: skip


def spacy_json(found: list[Sentence]) -> str:
    paragraphs = []
    for words, spans in found:
        tags = write_tags(len(words), spans, "BIOES")
        bilou = [tag.replace("E-", "L-").replace("S-", "U-") for tag in tags]
        pairs = zip(words, bilou, strict=True)
        tokens = [{"orth": word, "ner": tag} for word, tag in pairs]
        paragraphs.append({"raw": " ".join(words), "sentences": [{"tokens": tokens}]})
    return json.dumps([{"id": 1, "paragraphs": paragraphs}], indent=1)


FLAT = {"iob": iob, "train_data": train_data, "spacy_json": spacy_json}
NESTED = {"conll2012": conll2012, "ontonotes": ontonotes, "dygie": dygie,
          "jsonl": jsonl, "padellm": padellm}  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("round") / "sample"


def check(path: Path, content: str, found: list[Sentence], name: str) -> None:
    path.write_text(content, encoding="utf8")
    corpus = read(path)
    assert corpus.format == name
    assert [text.text for text in corpus.texts] == [" ".join(w) for w, _ in found]
    for text, (words, spans) in zip(corpus.texts, found, strict=True):
        assert [list(e) for e in text.entities] == characters(words, spans)
    assert problems(corpus) == []


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@unhurried
@given(found=sentences(), separator=st.sampled_from(["\t", " ", " _ _ ", "\t1\t2\t"]))
def test_columns(path, scheme, found, separator):
    check(path, columns(found, scheme, separator), found, "columns")


@pytest.mark.parametrize("name", FLAT)
@unhurried
@given(found=sentences())
def test_flat_formats(path, name, found):
    check(path, FLAT[name](found), found, name)


@pytest.mark.parametrize("name", NESTED)
@unhurried
@given(found=sentences(nested=True))
def test_nested_formats(path, name, found):
    check(path, NESTED[name](found), found, name)


@unhurried
@given(found=sentences())
def test_what_spacy_itself_writes(path, found, english):
    from spacy.tokens import Doc, Span
    from spacy.training import docs_to_json

    docs = []
    for words, spans in found:
        starts = [i == 0 for i in range(len(words))]
        doc = Doc(english.vocab, words, sent_starts=starts)
        doc.set_ents([Span(doc, *span) for span in spans], default="outside")
        docs.append(doc)
    path.write_text(json.dumps([docs_to_json(docs)]), encoding="utf8")
    texts = read(path).texts
    assert [text.words for text in texts] == [tuple(words) for words, _ in found]
    assert [text.token_entities() for text in texts] == [spans for _, spans in found]

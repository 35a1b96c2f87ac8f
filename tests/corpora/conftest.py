"""Small files of each format, written by the test that reads them."""

from collections.abc import Callable

import pytest
from hypothesis import settings

from spacy_padellm.corpora.registry import Corpus, read

# a shared machine may stop for longer than hypothesis would wait
unhurried = settings(deadline=None, max_examples=25)


@pytest.fixture
def corpus(tmp_path) -> Callable[..., Corpus]:
    """Write `content` (str or bytes) to a file and read it as a corpus."""

    def make(content: str | bytes, name: str = "sample.txt", **options) -> Corpus:
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode("utf8")
        path.write_bytes(data)
        return read(path, **options)

    return make


def mentions(corpus: Corpus) -> list[list[tuple[str, str]]]:
    """(mention, label) of each text."""
    return [
        [(t.text[e.start : e.end], e.label) for e in t.entities] for t in corpus.texts
    ]


def problems(corpus: Corpus) -> list[tuple[int, str, str]]:
    """(line, action, kind) of every problem."""
    return [(p.line, p.action, p.kind) for p in corpus.report.problems]


@pytest.fixture(scope="session")
def english():
    import spacy

    return spacy.blank("en")


@pytest.fixture(scope="session")
def chinese():
    import spacy

    return spacy.blank("zh")


def columns_file(*sentences: str, separator: str = "\t") -> str:
    """Write `Ada/B-PER met/O` as a file of columns."""
    rows = (s.replace(" ", "\n").replace("/", separator) for s in sentences)
    return "\n\n".join(rows) + "\n"

"""brat's pairs of a text and its standoff annotation."""

import pytest
from typer.testing import CliRunner

from spacy_padellm.cli.app import app
from spacy_padellm.corpora.docs import make_doc
from spacy_padellm.corpora.registry import read

from .conftest import mentions, problems

TEXT = "😀 Ada Byron left\nNew York.\n"
ANN = (
    "T1\tPER 2 11\tAda Byron\n"
    "T2\tSURNAME 6 11\tByron\n"
    "T3\tLOC 17 20;21 25\tNew York\n"
    "R1\tlives Arg1:T1 Arg2:T3\n"
    "A1\tsure T1\n"
    "#1\tAnnotatorNotes T1\tT9 is not here\n"
)
WANTED = [("Ada Byron", "PER"), ("Byron", "SURNAME"), ("New York", "LOC")]


@pytest.fixture
def brat(tmp_path):
    """Write both files and read one of them."""

    def make(text: str = TEXT, ann: str = ANN, suffix: str = ".ann"):
        (tmp_path / "a.txt").write_bytes(text.encode())
        (tmp_path / "a.ann").write_bytes(ann.encode())
        return read(tmp_path / f"a{suffix}")

    return make


@pytest.mark.parametrize("suffix", [".ann", ".txt"])
def test_either_file_is_read_with_the_other(brat, tmp_path, suffix):
    corpus = brat(suffix=suffix)
    assert corpus.format == "brat"
    assert mentions(corpus) == [WANTED]
    assert (corpus.texts[0].text, corpus.texts[0].document) == (TEXT, "a")
    assert problems(corpus) == []
    (tmp_path / ("a.txt" if suffix == ".ann" else "a.ann")).unlink()
    with pytest.raises(ValueError, match=r"E217.*missing next to.*a\.|E20[14]"):
        read(tmp_path / f"a{suffix}", "brat")


def test_line_ends_are_those_that_the_offsets_count(brat):
    """The last name is where it is with the line ends of the .txt, or with others."""
    windows = TEXT.replace("\n", "\r\n")
    for text in (TEXT, windows, "\ufeff" + windows):
        ann = "T1\tLOC 18 26\tNew York\nT2\tPER 2 5\tAda\n"
        for shift in (0, 1):
            moved = ann.replace("18 26", f"{17 + shift} {25 + shift}")
            corpus = brat(text, moved.replace("\n", "\r\n"))
            assert mentions(corpus) == [[("Ada", "PER"), ("New York", "LOC")]]
            assert problems(corpus) == []


def test_a_byte_order_mark_that_the_offsets_count_is_no_part_of_the_text(brat):
    ann = "T1\tPER 1 5\tAnna\nT2\tPER 18 22\tAnna\nT3\tLOC 28 31;36 40\tNew York\n"
    corpus = brat("\ufeffAnna met nobody. Anna left New old York.\n", ann)
    assert mentions(corpus) == [[("Anna", "PER")] * 2]
    [text] = corpus.texts
    assert text.text == "Anna met nobody. Anna left New old York.\n"
    assert [entity[:2] for entity in text.entities] == [(0, 4), (17, 21)]
    assert [entity[:2] for entity in text.unknown] == [(27, 39)]


def test_a_mention_may_include_the_byte_order_mark(brat):
    ann = "T1\tPER 0 5\t\ufeffAnna\nT2\tPER 18 22\tAnna\n"
    corpus = brat("\ufeffAnna met nobody. Anna left.\n", ann)
    assert mentions(corpus) == [[("Anna", "PER")] * 2]
    assert problems(corpus) == []


@pytest.mark.parametrize(
    "line, kind, unknown",
    [
        ("T3\tX 2 5;12 16\tAda left", "discontinuous entity", "Ada Byron left"),
        ("T3\tX 12 99\tgone", "mention is not at its offsets", TEXT),
        ("T3\tX 13 16", "entity cuts a word", TEXT),
        ("T3\tX 12 11\tx", "mention is not at its offsets", TEXT),
        ("T3\tX 12\tleft", "line is not a label and offsets", TEXT),
        ("T3\t12 16\tleft", "line is not a label and offsets", TEXT),
        (f"T3\tX 12 {'9' * 5_000}", "discontinuous entity", TEXT),
    ],
)
def test_what_cannot_be_used_is_unknown_and_has_its_line(brat, line, kind, unknown):
    corpus = brat(ann=f"T1\tPER 2 11\tAda Byron\n{line}\n")
    assert mentions(corpus) == [WANTED[:1]]
    assert problems(corpus) == [(2, "skipped", kind)]
    assert corpus.report.problems[0].path.name == "a.ann"
    (part,) = corpus.texts[0].unknown
    assert TEXT[part.start : part.end] == unknown


def test_a_mention_that_stands_there_once_moves(brat):
    corpus = brat(ann="T1\tX 12 99\tleft\n")
    assert mentions(corpus) == [[("left", "X")]]
    assert problems(corpus) == [(1, "repaired", "entity moved to its mention")]


def test_utf16_offsets_are_named(brat):
    corpus = brat(ann="T1\tPER 3 12\tAda Byron\n")
    assert mentions(corpus) == [WANTED[:1]]
    kind = "offsets seem to count UTF-16 units, converted"
    assert problems(corpus) == [(1, "repaired", kind)]


def test_a_document_without_annotation_has_no_entities(brat, english):
    corpus = brat("Ada left", "")
    doc = make_doc(english, corpus.texts[0])
    assert [token.ent_iob_ for token in doc] == ["O", "O"]


def test_the_documents_of_a_folder_are_converted_together(tmp_path):
    for split, names in (("train", "ab"), ("dev", "c")):
        (tmp_path / "in" / split).mkdir(parents=True)
        for name in names:
            path = tmp_path / "in" / split / f"{name}.txt"
            path.write_text("Ada left")
            path.with_suffix(".ann").write_text("T1\tPER 0 3\tAda\n")
    args = ["convert", str(tmp_path / "in"), str(tmp_path / "out")]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert "Read 2 files" in result.output and "Format: brat" in result.output
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["dev.spacy", "train.spacy"]

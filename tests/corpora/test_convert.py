"""The command `convert`: what it prints, writes and returns."""

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_padellm.cli.app import app
from spacy_padellm.corpora.base import ANNOTATED_LABELS

from .conftest import columns_file

SENTENCES = [
    "Ada/B-person left/O Rome/B-LOC",
    "so/O it/O was/O B-X/B-OTH",
    *(f"Bo/B-person went/O n{i}/O" for i in range(8)),
]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "train.conll"
    path.write_text(columns_file(*SENTENCES))
    return path


def convert(*args):
    return CliRunner().invoke(app, ["convert", *map(str, args)])


def docs(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def test_the_format_is_printed_and_all_texts_are_written(source, tmp_path):
    result = convert(source, tmp_path / "out.spacy")
    assert result.exit_code == 0, result.output
    assert "Format: columns" in result.output and "guessed" in result.output
    assert "10 docs, 0 without entities" in result.output
    written = docs(tmp_path / "out.spacy")
    assert [(e.text, e.label_) for e in written[0].ents] == [
        ("Ada", "person"),
        ("Rome", "LOC"),
    ]
    assert ANNOTATED_LABELS not in written[0].user_data


def test_a_folder_takes_a_file_of_the_same_name(source, tmp_path):
    assert convert(source, tmp_path).exit_code == 0
    assert len(docs(tmp_path / "train.spacy")) == 10


def test_labels_are_renamed_dropped_and_noted(source, tmp_path):
    out = tmp_path / "out.spacy"
    options = ["--label-map", "person=PER,OTH=", "--labels", "PER", "--mark-labels"]
    result = convert(source, out, *options)
    assert result.exit_code == 0, result.output
    written = docs(out)
    assert {e.label_ for doc in written for e in doc.ents} == {"PER"}
    assert all(doc.user_data[ANNOTATED_LABELS] == ("PER",) for doc in written)
    assert all(doc.has_annotation("ENT_IOB") for doc in written)


def test_the_limit_takes_the_first_or_a_seeded_choice(source, tmp_path):
    texts = []
    for options in (["--seed", 1], ["--seed", 1], ["--seed", 2], []):
        convert(source, tmp_path / "out.spacy", "--limit", 3, *options)
        texts.append([doc.text for doc in docs(tmp_path / "out.spacy")])
    assert texts[0] == texts[1] != texts[2]
    assert texts[3][0] == "Ada left Rome" and len(texts[3]) == 3


def test_what_was_skipped_is_printed_with_file_and_line(source, tmp_path):
    source.write_text(source.read_text() + "\nbad\nday\tO\n")
    result = convert(source, tmp_path / "out.spacy")
    line = source.read_text().splitlines().index("bad") + 1
    assert f"{source}:{line}: 'bad' has no tag" in result.output
    assert result.exit_code == 0
    assert convert(source, tmp_path / "out.spacy", "--strict").exit_code == 1


@pytest.mark.parametrize(
    "content, out, options, code",
    [
        ("plain prose\n", "out.spacy", [], "E201"),
        ("Ada B-PER\n", "out.json", [], "E208"),
        ("Ada B-PER\n", "out.spacy", ["--format", "padellm"], "E204"),
        ("Ada B-PER\n", "out.spacy", ["--format", "xml"], "E202"),
        ("Ada B-PER\n", "out.spacy", ["--label-map", "PER"], "E206"),
    ],
)
def test_errors_are_one_line_exit_1_and_write_nothing(
    source, tmp_path, content, out, options, code
):
    source.write_text(content)
    result = convert(source, tmp_path / out, *options)
    assert result.exit_code == 1
    assert f"[{code}]" in result.output
    assert not (tmp_path / out).exists()


def test_labels_that_do_not_occur_are_warned_of(source, tmp_path):
    result = convert(source, tmp_path / "out.spacy", "--labels", "LOC,PRE")
    assert "W201" in result.output and "'PRE'" in result.output


def test_chinese_is_joined_without_spaces_and_warned_of_in_english(source, tmp_path):
    source.write_text("罗\tB-LOC\n马\tI-LOC\n好\tO\n", encoding="utf8")
    out = tmp_path / "out.spacy"
    assert "W202" in convert(source, out).output
    result = convert(source, out, "--lang", "zh")
    assert "W202" not in result.output
    assert [(doc.text, str(doc.ents[0])) for doc in docs(out)] == [("罗马好", "罗马")]


def test_nested_entities_go_to_the_spans_of_every_doc(source, tmp_path):
    lines = ['["New York", [0, 1, "New York", "A"], [1, 1, "York", "B"]]', '["Bo"]']
    source.write_text("\n".join(lines))
    out = tmp_path / "out.spacy"
    assert convert(source, out).exit_code == 0
    assert [len(doc.spans["sc"]) for doc in docs(out)] == [2, 0]
    assert [len(doc.ents) for doc in docs(out)] == [1, 0]


def test_a_corpus_does_not_steer_the_terminal(source, tmp_path):
    source.write_text("\x1b[31mAda\tI-\x1b[0mPER\nsaw\tB-PER\nBo\tO\n")
    result = convert(source, tmp_path / "out.spacy")
    assert "\x1b[31m" not in result.output and "\x1b[0m" not in result.output

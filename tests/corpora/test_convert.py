"""The command `convert`: what it prints, writes and returns."""

import json
import shutil

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


def iob2(*documents):
    """Three sentences of each document."""
    sentences = "1\tIn\tO\n2\tOslo\tB-LOC\n\n1\tNo\tO\n\n1\tBo\tB-PER\n\n"
    return "".join(f"# newdoc id = {one}\n{sentences}" for one in documents)


def test_consecutive_texts_of_a_document_are_joined(tmp_path):
    source, out = tmp_path / "train.iob2", tmp_path / "out.spacy"
    source.write_text(iob2("a", "b"))
    convert(source, out, "--n-sents", 2)
    joined = docs(out)
    assert [doc.text for doc in joined] == ["In Oslo No", "Bo", "In Oslo No", "Bo"]
    assert [(ent.text, ent.label_) for ent in joined[0].ents] == [("Oslo", "LOC")]
    result = convert(source, out, "-n", 9, "--limit", 1, "--mark-labels")
    [whole] = docs(out)
    assert whole.text == "In Oslo No Bo"
    assert whole.user_data[ANNOTATED_LABELS] == ("LOC", "PER")
    assert "W205" not in result.output


def test_texts_of_two_files_are_not_joined(tmp_path):
    folder, out = tmp_path / "corpus", tmp_path / "out.spacy"
    (folder / "train").mkdir(parents=True)
    for part in ("first", "second"):
        (folder / "train" / f"{part}.iob2").write_text(iob2("a"))
    convert(folder, out, "-n", 9)
    assert [doc.text for doc in docs(out)] == ["In Oslo No Bo"] * 2


def test_a_text_that_is_too_long_is_left_out_alone(tmp_path):
    source, out = tmp_path / "train.iob2", tmp_path / "out.spacy"
    longest = f"1\t{'o' * 1_000_001}\tO\n\n"
    source.write_text(iob2("a").replace("1\tNo\tO\n\n", longest))
    result = convert(source, out, "-n", 9)
    assert [doc.text for doc in docs(out)] == ["In Oslo", "Bo"]
    assert "1,000,001" in result.output


def test_nothing_to_join_is_a_warning(tmp_path):
    source = tmp_path / "train.jsonl"
    rows = [{"id": n, "tokens": ["Bo"], "ner_tags": ["B-PER"]} for n in range(3)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = convert(source, tmp_path / "out.spacy", "--n-sents", 2)
    assert len(docs(tmp_path / "out.spacy")) == 3
    assert "W205" in result.output


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
        ("Ada B-PER\n", "out.spacy", ["--format", "xml"], "E232"),
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


def test_an_entity_without_a_place_is_said_and_teaches_nothing(source, tmp_path):
    good = '{"text": "Ada left", "entities": [[0, 3, "PER"]]}\n'
    source.write_text(good + '{"text": "Bo left", "entities": [{"label": "PER"}]}\n')
    result = convert(source, tmp_path / "out.spacy")
    assert result.exit_code == 0
    assert "1 skipped: entity without offsets" in result.output
    assert "1 doc with tokens without annotation" in result.output
    tags = [[token.ent_iob_ for token in doc] for doc in docs(tmp_path / "out.spacy")]
    assert tags == [["B", "O"], ["", ""]]


def test_a_file_of_which_every_entity_is_skipped_is_not_written(source, tmp_path):
    source.write_text('{"text": "Bo left", "entities": [{"label": "PER"}]}\n')
    result = convert(source, tmp_path / "out.spacy")
    assert result.exit_code == 1
    assert f"[E214] {source}:1: none of the 1 entities" in result.output
    assert not (tmp_path / "out.spacy").exists()


def lines_of(*texts: str) -> str:
    rows = [{"text": text, "entities": [[0, 3, "PER"]]} for text in texts]
    return "\n".join(map(json.dumps, rows))


def test_a_text_that_is_too_long_is_named_and_the_others_are_written(source, tmp_path):
    source.write_text(lines_of("Ada left", "Ada " * 250_001, "Ada came"))
    result = convert(source, tmp_path / "out.spacy")
    assert result.exit_code == 0, result.output
    assert "skipped: text of more than 1,000,000 characters" in result.output
    assert f"{source}:2: 1,000,004" in result.output
    assert [d.text for d in docs(tmp_path / "out.spacy")] == ["Ada left", "Ada came"]


def test_a_file_of_texts_that_are_too_long_is_an_error(source, tmp_path):
    source.write_text(lines_of("Ada " * 250_001))
    result = convert(source, tmp_path / "out.spacy")
    assert result.exit_code == 1
    assert f"[E215] {source}:1" in result.output
    assert not (tmp_path / "out.spacy").exists()


def test_a_number_of_thousands_of_digits_takes_no_text_with_it(source, tmp_path):
    rows = lines_of("Ada left", "Ada came").replace("[0, 3", f"[0, {'9' * 5_000}", 1)
    source.write_text(rows)
    result = convert(source, tmp_path / "out.spacy")
    assert result.exit_code == 0, result.output
    assert f"{source}:1" in result.output
    assert [len(d.ents) for d in docs(tmp_path / "out.spacy")] == [0, 1]


def test_labels_that_do_not_occur_are_warned_of(source, tmp_path):
    result = convert(source, tmp_path / "out.spacy", "--labels", "LOC,PRE")
    assert "W201" in result.output and "'PRE'" in result.output


def test_chinese_is_joined_without_spaces_and_warned_of_in_english(source, tmp_path):
    source.write_text("罗\tB-LOC\n马\tI-LOC\n好\tO\n", encoding="utf8")
    out = tmp_path / "out.spacy"
    assert "W202" in convert(source, out, "--lang", "en").output
    for options in (["--lang", "zh"], []):
        result = convert(source, out, *options)
        assert "W202" not in result.output
        assert ("Language: zh (guessed)" in result.output) is not options
        (doc,) = docs(out)
        assert (doc.text, str(doc.ents[0])) == ("罗马好", "罗马")
        assert [token.text for token in doc] == list("罗马好")


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


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, number in (("train", 3), ("dev", 2), ("test", 1)):
        file = folder / f"{name}.conll"
        file.write_text(columns_file(*["Ada/B-PER left/O"] * number))
    return folder


def test_each_split_of_a_folder_is_converted(folder, tmp_path):
    result = convert(folder, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "W203" not in result.output
    for name, number in (("train", 3), ("dev", 2), ("test", 1)):
        assert len(docs(tmp_path / "out" / f"{name}.spacy")) == number


def test_missing_splits_and_other_files_are_warned_of(folder, tmp_path):
    (folder / "dev.conll").rename(folder / "more.conll")
    result = convert(folder, tmp_path / "out")
    assert result.exit_code == 0
    assert "W203" in result.output and "has no dev." in result.output
    assert "W204" in result.output and "more.conll" in result.output


def test_a_split_that_cannot_be_read_is_told_and_the_others_are_written(
    folder, tmp_path
):
    (folder / "dev.conll").write_text("")
    result = convert(folder, tmp_path / "out")
    assert result.exit_code == 1
    assert "[E211]" in result.output and "dev.conll" in result.output
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["test.spacy", "train.spacy"]


def test_splits_do_not_fit_in_one_file(folder, tmp_path):
    result = convert(folder, tmp_path / "out.spacy")
    assert result.exit_code == 1 and "[E212]" in result.output


def test_documents_of_a_folder_go_to_one_file_with_their_own_problems(tmp_path):
    for name, line in (("a", "Ada left"), ("b", "<ENAMEX> left"), ("c", "Bo left")):
        text = (
            f'<DOC DOCNO="{name}">\n<ENAMEX TYPE="PER">Ada</ENAMEX>\n{line}\n</DOC>\n'
        )
        path = tmp_path / "corpus" / f"{name}.name"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    out = tmp_path / "out.spacy"
    result = convert(tmp_path / "corpus", out)
    assert result.exit_code == 0, result.output
    assert len(docs(out)) == 5
    assert "b.name:3" in result.output and "Read 3 files" in result.output
    assert convert(tmp_path / "corpus", out, "--strict").exit_code == 1


def test_nested_entities_left_out_of_the_ents_are_no_reason_to_fail(source, tmp_path):
    source.write_text('["New York", [0, 1, "New York", "A"], [1, 1, "York", "B"]]\n')
    result = convert(source, tmp_path / "out.spacy", "--strict")
    assert "1 left out: entity overlaps a longer one, kept only in" in result.output
    assert result.exit_code == 0


def test_a_converted_file_can_be_converted_again(source, tmp_path):
    source.write_text('["New York", [0, 1, "New York", "A"], [1, 1, "York", "B"]]\n')
    convert(source, tmp_path / "one.spacy")
    result = convert(tmp_path / "one.spacy", tmp_path / "two.spacy")
    assert "Format: docbin" in result.output
    (doc,) = docs(tmp_path / "two.spacy")
    assert len(doc.spans["sc"]) == 2 and [ent.text for ent in doc.ents] == ["New York"]


def divided(source, to, *options):
    """The texts for training and for dev."""
    result = convert(source, to, "--dev-share", "0.3", *options)
    assert result.exit_code == 0, result.output
    parts = [docs(to / f"{name}.spacy") for name in ("train", "dev")]
    for part, name in zip(parts, ("train", "dev"), strict=True):
        size = f"{len(part)} doc{'s' * (len(part) > 1)}"
        assert f"{name}.spacy: {size}, 0 without" in result.output
    return [[doc.text for doc in part] for part in parts]


def test_a_share_of_the_docs_is_for_dev(source, tmp_path):
    train, dev = divided(source, tmp_path / "new" / "corpus")
    assert (len(train), len(dev)) == (7, 3)
    convert(source, tmp_path / "all.spacy")
    texts = [doc.text for doc in docs(tmp_path / "all.spacy")]
    assert train == [text for text in texts if text not in dev]
    assert dev == [text for text in texts if text not in train] != texts[:3]
    assert divided(source, tmp_path / "again") == [train, dev]
    other = divided(source, tmp_path / "other", "--seed", "1")
    assert sorted(sum(other, [])) == sorted(texts) and other[1] != dev


def test_equal_texts_are_in_one_file(source, tmp_path):
    source.write_text(columns_file(*SENTENCES, *SENTENCES, *SENTENCES))
    result = convert(source, tmp_path / "corpus", "--dev-share", "0.3")
    train, dev = (
        {doc.text for doc in docs(tmp_path / "corpus" / f"{name}.spacy")}
        for name in ("train", "dev")
    )
    assert train and dev and not train & dev
    assert f"{2 * len(SENTENCES)} docs with the text of an earlier one" in result.output


@pytest.mark.parametrize("seed", range(8))
def test_copies_do_not_keep_texts_from_being_divided(source, tmp_path, seed):
    source.write_text(columns_file(*SENTENCES[:5], *SENTENCES[:5]))
    options = ("--dev-share", "0.2", "--seed", seed)
    assert convert(source, tmp_path / "corpus", *options).exit_code == 0
    assert len(docs(tmp_path / "corpus" / "dev.spacy")) == 2


def test_one_text_alone_cannot_be_divided(source, tmp_path):
    source.write_text(columns_file(*SENTENCES[:1] * 5))
    result = convert(source, tmp_path / "corpus", "--dev-share", "0.2")
    assert result.exit_code == 1 and "E234" in result.output


def test_tokens_that_a_pipeline_would_not_cut_are_named(source, tmp_path):
    source.write_text('{"text": "Re MX-65A. Yes", "entities": [[3, 9, "NO"]]}\n')
    result = convert(source, tmp_path / "one.spacy")
    assert "1 token cut at an entity's edge" in result.output
    assert "docs/corpora.md" in result.output


@pytest.mark.parametrize(
    ("share", "to", "code"),
    [("0.01", "out", "E228"), ("1", "out", "E228"), ("0.3", "out.spacy", "E225")],
)
def test_a_share_that_cannot_be_had_writes_nothing(source, tmp_path, share, to, code):
    result = convert(source, tmp_path / to, "--dev-share", share)
    assert result.exit_code == 1 and f"[{code}]" in result.output
    assert not (tmp_path / to).exists()


def test_a_part_does_not_replace_the_whole(source, tmp_path):
    assert convert(source, tmp_path / "train.spacy").exit_code == 0
    result = convert(tmp_path / "train.spacy", tmp_path, "--dev-share", "0.3")
    assert result.exit_code == 1 and "[E227]" in result.output
    assert len(docs(tmp_path / "train.spacy")) == 10


def test_a_file_does_not_replace_itself(source, tmp_path):
    assert convert(source, tmp_path / "train.spacy").exit_code == 0
    before = (tmp_path / "train.spacy").read_bytes()
    for target in (tmp_path, tmp_path / "train.spacy"):
        result = convert(tmp_path / "train.spacy", target, "--labels", "PER")
        assert result.exit_code == 1 and "[E227]" in result.output
    result = convert(tmp_path, tmp_path, "--labels", "PER")
    assert result.exit_code == 1 and "[E227]" in result.output
    assert (tmp_path / "train.spacy").read_bytes() == before


@pytest.mark.parametrize("name", ["train.iob", "Train.iob"])
def test_a_file_of_a_split_does_not_replace_another(folder, tmp_path, name):
    shutil.copy(folder / "train.conll", folder / name)
    result = convert(folder, tmp_path / "out")
    assert result.exit_code == 1 and "[E229]" in result.output
    assert "train.conll" in result.output and name in result.output
    assert not (tmp_path / "out").exists()


def test_a_folder_with_splits_is_not_divided(folder, tmp_path):
    result = convert(folder, tmp_path / "out", "--dev-share", "0.3")
    assert result.exit_code == 1
    assert "[E226]" in result.output and "train, dev, test" in result.output
    assert not (tmp_path / "out").exists()


def test_the_text_of_a_brat_document_is_no_document_of_its_own(tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in ("train", "dev"):
        (corpus / f"{name}.txt").write_text("Ada left.")
        (corpus / f"{name}.ann").write_text("T1\tPER 0 3\tAda\n")
    assert convert(corpus, tmp_path / "out").exit_code == 0
    assert [len(docs(tmp_path / "out" / f"{n}.spacy")) for n in ("train", "dev")] == [
        1,
        1,
    ]


@pytest.mark.parametrize("folder", ["corpus", "train"])
def test_documents_of_a_folder_are_divided(tmp_path, folder):
    corpus = tmp_path / folder
    corpus.mkdir()
    for name in "abc":
        (corpus / f"{name}.txt").write_text(f"Ada left {name}.")
        (corpus / f"{name}.ann").write_text("T1\tPER 0 3\tAda\n")
    train, dev = divided(corpus, tmp_path / "out")
    assert sorted(train + dev) == ["Ada left a.", "Ada left b.", "Ada left c."]
    assert len(dev) == 1


def test_splits_of_one_corpus_have_the_same_groups(tmp_path):
    nested = {"text": "New York City", "entities": [[0, 13, "LOC"], [0, 8, "LOC"]]}
    flat = {"text": "Ada left", "entities": [[0, 3, "PER"]]}
    folder, out = tmp_path / "corpus", tmp_path / "out"
    folder.mkdir()
    for name, row in (("train", nested), ("dev", flat)):
        (folder / f"{name}.jsonl").write_text(json.dumps(row))
    out.mkdir()
    assert convert(folder, out).exit_code == 0
    for name, n in (("train", 2), ("dev", 1)):
        assert [len(doc.spans["sc"]) for doc in docs(out / f"{name}.spacy")] == [n]

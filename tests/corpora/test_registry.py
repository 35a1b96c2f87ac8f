"""Formats are guessed. Files that are not a corpus raise an error with their name."""

import pytest

from spacy_padellm.corpora.registry import FORMATS, guess_format, read

from .conftest import problems

SAMPLES = {
    "columns": "Ada B-PER\nleft O\n",
    "padellm": '["Ada left", [0, 0, "Ada", "PER"]]\n',
    "jsonl": '{"text": "Ada left", "entities": []}\n',
    "docred": '[{"sents": [["Ada"]], "title": "Ada", "vertexSet": []}]',
    "rasa": '{"rasa_nlu_data": {"common_examples": [{"text": "a", "entities": []}]}}',
    "cluener": '{"text": "Ada", "label": {}}\n',
    "conversations": '[{"conversations": [{"value": "Text: Ada"}]}]',
    "conll2012": "#begin document (a); part 000\na 0 0 Ada NN * - - - - (PER) -\n",
    "ontonotes": '<DOC DOCNO="a">\n<ENAMEX TYPE="PER">Ada</ENAMEX> left\n</DOC>\n',
    "iob": "Ada|B-PER left|O\n",
    "dygie": '{"doc_key": "a", "sentences": [["Ada"]], "ner": [[[0, 0, "PER"]]]}',
    "train_data": '[["Ada left", {"entities": [[0, 3, "PER"]]}]]',
    "spacy_json": '[{"id": 0, "paragraphs": [{"sentences": [{"tokens": '
    '[{"orth": "Ada", "ner": "U-PER"}]}]}]}]',
}
SAMPLES |= {
    "doc_json": '{"text": "Ada left", "ents": [{"start": 0, "end": 3, "label": "P"}]}',
    "label_studio": '[{"id": 1, "data": {"text": "Ada"}, "annotations": '
    '[{"result": [{"type": "labels", "value": {"start": 0, "end": 3, "text": "Ada", '
    '"labels": ["PER"]}}]}]}]',
    "token_tags": '{"tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"]}',
    "gliner": '[{"tokenized_text": ["Ada", "left"], "ner": [[0, 0, "person"]]}]',
    "csv": "Word,Tag\nAda,B-PER\nleft,O\n",
    "webanno": "#FORMAT=WebAnno TSV 3.3\n#T_SP=custom.Name|value\n\n\n"
    "#Text=Ada left\n1-1\t0-3\tAda\tPER\t\n1-2\t4-8\tleft\t_\t\n",
    "pubtator": "10|t|Ada left\n10\t0\t3\tAda\tPerson\n",
    "bioc": '{"documents": [{"id": "1", "passages": [{"offset": 0, "text": "Ada", '
    '"annotations": []}]}]}',
}
# these are more than text in one file; they have tests of their own
OF_THEIR_OWN = {"docbin", "ace", "brat"}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("before", ["", "\n", "\ufeff"])
def test_the_format_of_each_sample_is_guessed(tmp_path, name, before):
    path = tmp_path / "sample"
    path.write_text(before + SAMPLES[name], encoding="utf8")
    assert guess_format(path) == name
    assert len(read(path).texts) == 1


def test_every_format_has_a_sample():
    assert set(SAMPLES) | OF_THEIR_OWN == set(FORMATS)


@pytest.mark.parametrize("content", ["Hello there.\n", "{]", "[1, 2]", "<p>"])
def test_what_looks_like_nothing_known_is_an_error_that_names_the_formats(
    tmp_path, content
):
    path = tmp_path / "odd.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"E201.*odd.txt.*columns.*padellm"):
        read(path)


def test_no_file_and_unknown_format_are_errors(tmp_path):
    with pytest.raises(ValueError, match="E207.*absent"):
        read(tmp_path / "absent")
    with pytest.raises(ValueError, match="E207"):
        read(tmp_path)
    path = tmp_path / "file"
    path.write_text("Ada B-PER\n")
    with pytest.raises(ValueError, match="E232.*xml.*columns"):
        read(path, "xml")


@pytest.mark.parametrize(
    "name, sample",
    [(name, sample) for name in SAMPLES for sample in SAMPLES if name != sample],
)
def test_no_sample_can_be_read_as_another_format(tmp_path, name, sample):
    path = tmp_path / "sample"
    path.write_text(SAMPLES[sample])
    with pytest.raises(ValueError, match="E2(04|05|10|14|17).*sample"):
        read(path, name)


def test_more_bad_texts_than_good_ones_is_an_error(tmp_path):
    path = tmp_path / "half.jsonl"
    good, bad = '{"text": "a", "entities": []}\n', '{"text": "a"}\n'
    path.write_text(good + bad)
    assert problems(read(path)) == [(2, "skipped", "no list of entities")]
    path.write_text(good + bad + bad)
    with pytest.raises(ValueError, match=r"E204.*half.jsonl:2.*2 of 3 texts"):
        read(path)

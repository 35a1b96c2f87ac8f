"""The zero-shot table, with components whose answers are known."""

import json

import catalogue
import pytest
from spacy.language import Language
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.data.zero_shot_sets import ZERO_SHOT
from benchmarks.experiments import zero_shot as module
from benchmarks.experiments.zero_shot import gliner, ours, score_set
from spacy_padellm.formats.pointer import Pointer

AI = """Ada B-researcher
wrote O
LISP B-programlang
in O
Oslo B-misc

Kyoto B-location
""".replace(" ", "\t")


@pytest.fixture
def data(tmp_path):
    (tmp_path / "crossner_ai").mkdir()
    (tmp_path / "crossner_ai" / "test.conll").write_text(AI)
    return tmp_path


@pytest.fixture
def fake_gliner():
    """As gliner-spacy: it is told names, and writes them as labels."""
    asked = {}

    @Language.factory(
        "gliner_spacy",
        default_config={"gliner_model": "", "labels": [], "style": "ent"},
    )
    def make(nlp, name, gliner_model, labels, style):
        asked.update(model=gliner_model, labels=labels)

        def read(doc):
            spans = {
                "Ada": "researcher",
                "LISP": "program language",
                "Oslo": "location",
            }
            doc.ents = [
                doc.char_span(token.idx, token.idx + len(token), spans[token.text])
                for token in doc
                if token.text in spans
            ]
            return doc

        return read

    yield asked
    for key in [key for key in catalogue.REGISTRY if key[-1] == "gliner_spacy"]:
        del catalogue.REGISTRY[key]


def test_names_are_turned_back_into_labels_and_misc_is_not_scored(data, fake_gliner):
    scored = score_set(gliner("some/model"), "crossner_ai", data)
    assert fake_gliner["model"] == "some/model"
    assert fake_gliner["labels"] == list(ZERO_SHOT["crossner_ai"].labels.values())
    # Ada and LISP right; Oslo is wrong, as `misc` is not scored; Kyoto was not found
    assert scored.docs == 2
    assert scored.scores == pytest.approx({"p": 2 / 3, "r": 2 / 3, "f": 2 / 3})
    assert scored.per_label["programlang"]["f"] == 1.0


def test_ours_is_given_the_table_and_the_settings():
    nlp = ours("default", "cpu", threshold=0.25)(ZERO_SHOT["mit_movie"])
    ner = nlp.get_pipe("padellm_ner")
    assert ner.label_data == ZERO_SHOT["mit_movie"].labels
    assert ner.threshold == 0.25
    assert type(ner.format) is Pointer


def test_the_model_reads_what_labels_cover():
    described = {"GENRE": "such as horror or comedy"}
    new = ours("english-padellm", "cpu", format="PaDeLLM", descriptions=described)
    ner = new(ZERO_SHOT["mit_movie"]).get_pipe("padellm_ner")
    assert ner.format.name.startswith("PaDeLLM")
    names = ner.label_data
    assert names["GENRE"] == "genre (such as horror or comedy)"
    assert names | {"GENRE": "genre"} == ZERO_SHOT["mit_movie"].labels


def test_the_command_passes_on_format_and_descriptions(
    data, fake_gliner, tmp_path, monkeypatch
):
    def new(adapter, device, **settings):
        asked.update(settings, adapter=adapter)
        return gliner("some/model")

    asked = {}
    monkeypatch.setattr(module, "ours", new)
    file = tmp_path / "described.json"
    file.write_text('{"researcher": "of any science"}')
    options = ["--data", str(data), "--sets", "crossner_ai", "--base", "some/base"]
    options += [
        "--adapter",
        "folder",
        "--format",
        "PaDeLLM",
        "--descriptions",
        str(file),
    ]
    options += ["--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["zeroshot", *options])
    assert result.exit_code == 0, result.output
    assert asked == {
        "base": "some/base",
        "adapter": "folder",
        "format": "PaDeLLM",
        "descriptions": {"researcher": "of any science"},
        "threshold": 0.0,
    }
    row = "| padellm_ner, some/base, folder, with descriptions, 2 sentences |"
    assert row in result.stdout


@pytest.mark.parametrize(
    ("option", "value"), [("--format", "OneStep"), ("--descriptions", "labels.json")]
)
def test_formats_and_labels_that_there_are_not(data, tmp_path, option, value):
    file = tmp_path / "labels.json"
    file.write_text('{"reseacher": "of any science"}')
    value = str(file) if option == "--descriptions" else value
    result = CliRunner().invoke(app, ["zeroshot", "--data", str(data), option, value])
    assert result.exit_code == 1 and "[E611]" in result.stderr


def test_the_command(data, fake_gliner, tmp_path):
    options = ["--data", str(data), "--sets", "crossner_ai", "--gliner", "some/model"]
    result = CliRunner().invoke(
        app, ["zeroshot", *options, "--limit", "1", "--output", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    saved = json.loads((tmp_path / "out" / "zero_shot.json").read_text())
    assert saved["crossner_ai"]["docs"] == 1
    assert (tmp_path / "out" / "zero_shot.md").read_text() in result.stdout


@pytest.mark.parametrize(
    ("sets", "said"), [("crossner_art", "E611"), ("crossner_music", "E613")]
)
def test_sets_that_are_not_there(data, fake_gliner, sets, said):
    options = ["--data", str(data), "--sets", sets, "--gliner", "some/model"]
    result = CliRunner().invoke(app, ["zeroshot", *options])
    assert result.exit_code == 1 and f"[{said}]" in result.stderr


def test_gliner_that_is_not_installed(data):
    with pytest.raises(ValueError, match="E615"):
        score_set(gliner("some/model"), "crossner_ai", data)

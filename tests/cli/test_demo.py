"""`demo` shows a text with its entities, labels, scores and offsets."""

import io
import json

import pytest
import spacy
from rich.console import Console
from typer.testing import CliRunner

from spacy_padellm.cli import demo
from spacy_padellm.cli.app import app
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.annotate import register_score

ODD = "[red]Li Wei[/red] \x1b[31mbeat\r\nFIFA \x07in 😀 FIFA"


@pytest.fixture
def nlp(monkeypatch):
    """Replace the component by a ruler, which needs no model."""
    ruler = spacy.blank("en")
    ruler.add_pipe("entity_ruler").add_patterns(
        [
            {"label": "PER", "pattern": "Li Wei"},
            {"label": "ORG", "pattern": "FIFA"},
            {"label": "ORG", "pattern": "Novo Nordisk"},
        ]
    )
    asked = []
    monkeypatch.setattr(
        demo, "blank_pipeline", lambda *options: asked.append(options) or ruler
    )
    ruler.asked = asked
    return ruler


def run(*arguments, **options):
    return CliRunner().invoke(app, ["demo", *arguments], **options)


def test_each_text_and_its_entities_are_printed_plainly_without_a_terminal(nlp):
    result = run("Li Wei won.", "Nobody.")
    assert result.exit_code == 0
    assert result.stdout == (
        "Li Wei won.\nentity\tlabel\tscore\tstart\tend\nLi Wei\tPER\t\t0\t6\n\n"
        "Nobody.\nentity\tlabel\tscore\tstart\tend\n\n"
    )
    assert nlp.asked == [(None, "auto")]


def test_without_a_text_it_has_its_own(nlp):
    result = run()
    assert result.exit_code == 0
    assert all(sentence in result.stdout for sentence in demo.SENTENCES)
    assert "Novo Nordisk\tORG" in result.stdout


def test_a_text_is_taken_verbatim(nlp):
    result = run(ODD)
    assert result.stdout_bytes.startswith(ODD.encode())
    start = ODD.index("FIFA")
    assert f"FIFA\tORG\t\t{start}\t{start + 4}\n" in result.stdout


def test_a_score_is_shown_where_there_is_one(nlp):
    doc = nlp("Li Wei won.")
    register_score()
    doc.ents[0]._.score = 0.98765
    assert "Li Wei\tPER\t0.988\t0\t6" in demo.plain(doc)


def test_a_terminal_gets_colours_but_no_markup_or_control_of_the_text(nlp):
    out = io.StringIO()
    terminal = Console(file=out, force_terminal=True, color_system="standard", width=80)
    demo.show(nlp(ODD), terminal)
    shown = out.getvalue()
    assert "[red]" in shown
    assert "\x1b[31m" not in shown.replace("\x1b[31m\x1b", "")
    assert "␛[31mbeat" in shown
    assert "\x07" not in shown
    assert "\x1b[1;30;46mFIFA\x1b[0m" in shown  # coloured exactly, after odd characters


def test_a_file_is_one_text(nlp, tmp_path):
    file = tmp_path / "text.txt"
    text = "Li Wei\r\n\r\nwón.".encode()
    file.write_bytes(text)
    assert run("--file", str(file)).stdout_bytes.startswith(text + b"\nentity")
    assert run("--file", "-", input="FIFA").stdout.startswith("FIFA\n")


def test_a_file_that_is_not_utf8_is_named(nlp, tmp_path):
    file = tmp_path / "text.txt"
    file.write_bytes(b"ab\xff")
    result = run("--file", str(file))
    assert result.exit_code == 1
    assert "[E403]" in result.stderr
    assert "byte 2" in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    result = run("--file", str(tmp_path / "nonesuch"))
    assert result.exit_code == 1
    assert f"[E404] {tmp_path / 'nonesuch'} cannot be read" in result.stderr


ORG = "organization"


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (None, None),
        ("DISH, DRINK", ["DISH", "DRINK"]),
        ("PER=a person,ORG=firm", {"PER": "a person", "ORG": "firm"}),
        ("PER=someone,DISH,ORG", {"PER": "someone", "DISH": "DISH", "ORG": ORG}),
        ("X=person,PERSON", {"X": "person", "PERSON": "PERSON"}),
    ],
)
def test_labels_are_a_list_or_have_names(value, labels):
    assert demo.parse_label_names(value) == labels


def test_labels_of_a_file_may_have_descriptions(tmp_path):
    table = {"DISH": {"name": "food", "description": "a meal, also a snack"}}
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(table))
    assert demo.parse_label_names(str(file)) == table
    with pytest.raises(ValueError, match="E817.*nonesuch.json"):
        demo.parse_label_names("nonesuch.json")


@pytest.mark.parametrize("value", ["", "A,,B", "A=", "=x", "A,A", "A=x,A=y"])
def test_labels_that_are_empty_or_doubled_are_refused(value):
    result = run("--labels", value)
    assert result.exit_code == 1
    assert "[E401]" in result.stderr
    assert f"'{value}'" in result.stderr


def test_a_trained_pipeline_is_loaded_and_keeps_its_labels(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    assert "FIFA\tORG" in run("FIFA won", "--model", str(tmp_path)).stdout
    result = run("FIFA won", "--model", str(tmp_path), "--labels", "DISH")
    assert result.exit_code == 1
    assert "[E402]" in result.stderr


@pytest.mark.parametrize("name", ["padellm_ner", "names", None])
def test_a_device_is_for_components_of_any_name(tmp_path, name):
    nlp = spacy.blank("en")
    if name is not None:
        model = {"adapter": None, "device": "auto"}
        nlp.add_pipe("padellm_ner", name=name, config={"model": model})
    nlp.to_disk(tmp_path)
    loaded = demo.trained_pipeline(str(tmp_path), "cpu")
    assert loaded.pipe_names == ([] if name is None else [name])
    for component in loaded.pipe_names:
        assert causal_lm_shim(loaded.get_pipe(component).model).settings.device == "cpu"

"""`calibrate` keeps the threshold with the best F1 on gold docs."""

import pytest
import spacy
import torch
from spacy.tokens import DocBin
from thinc.api import Config
from typer.testing import CliRunner

from spacy_padellm.cli.app import app
from spacy_padellm.pipeline.calibrate import Trial, best_of, try_thresholds

from ..pipeline.conftest import GOLD, examples, make_nlp, unsure  # noqa: F401

TEXT, ENTITIES = GOLD[0]


@pytest.fixture
def folder(unsure, tmp_path):  # noqa: F811
    unsure.to_disk(tmp_path / "pipeline")
    docs = [example.reference for example in examples(unsure, [(TEXT, ENTITIES)])]
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    return tmp_path


def run(folder, *arguments):
    paths = map(str, (folder / "pipeline", folder / "dev.spacy"))
    return CliRunner().invoke(app, ["calibrate", *paths, *arguments])


def config_of(folder):
    config = Config().from_disk(folder / "pipeline" / "config.cfg", interpolate=False)
    return config, config["components"]["padellm_ner"]["format"]


def test_the_best_is_kept_and_nothing_else_changes(folder):
    result = run(folder)
    assert result.exit_code == 0, result.output
    assert "Wrote count_threshold = 0.3 to" in result.stdout
    before, format_before = config_of(folder)
    assert format_before.pop("count_threshold") == 0.3
    nlp = spacy.load(folder / "pipeline")
    assert [ent.text for ent in nlp(TEXT).ents] == ["Shaka Khan"]

    # with others to choose from, the likeliest count is as good
    result = run(folder, "--thresholds", "0.7,0.6")
    assert result.exit_code == 0, result.output
    after, format_after = config_of(folder)
    assert format_after.pop("count_threshold") is None
    assert after == before


def test_what_is_only_tried_is_not_kept(folder):
    result = run(folder, "--no-write")
    assert result.exit_code == 0, result.output
    rows = [line.split("│") for line in result.stdout.splitlines() if "│" in line]
    scores = {row[1].strip(): row[4].strip() for row in rows}
    assert scores["null"] == scores["0.5"] == "0.0"
    assert scores["0.3"] == scores["0.2"] == "100.0"
    assert config_of(folder)[1]["count_threshold"] == 0.5


def test_the_pipeline_is_afterwards_as_before(unsure):  # noqa: F811
    ner = unsure.get_pipe("padellm_ner")
    before = ner.format
    gold = examples(unsure, [(TEXT, ENTITIES)])
    trials = list(try_thresholds(unsure, ner, gold, [None, 0.2]))
    assert [(trial.threshold, trial.f) for trial in trials] == [(None, 0), (0.2, 1)]
    assert ner.format is before
    assert not unsure(TEXT).ents


@pytest.mark.parametrize(
    ("thresholds", "error"), [("0.5,1.5", "E507"), ("0.5,high", "'high'")]
)
def test_wrong_thresholds_are_refused(thresholds, error, folder):
    result = run(folder, "--thresholds", thresholds)
    assert result.exit_code == 1
    assert error in result.stderr


@pytest.fixture(scope="module")
def unsure_pointer(make_nlp):  # noqa: F811
    """A pipeline in the format Pointer that saw the mention of the first text in two of
    seven cases. Not to be changed."""
    format = {"@misc": "spacy_padellm.Pointer.v1", "size": 16}
    nlp = make_nlp(format=format, labels=["PERSON"])
    gold = examples(nlp, [(TEXT, ENTITIES)] * 2 + [(TEXT, [])] * 5)
    torch.manual_seed(0)
    sgd = nlp.initialize(lambda: gold)
    sgd.learn_rate = 0.003
    for _ in range(60):
        nlp.update(gold, sgd=sgd)
    return nlp


@pytest.fixture
def pointer_folder(unsure_pointer, tmp_path):
    unsure_pointer.to_disk(tmp_path / "pipeline")
    docs = [example.reference for example in examples(unsure_pointer, GOLD[:1])]
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    return tmp_path


def test_the_threshold_of_pointer_is_calibrated(pointer_folder):
    assert not spacy.load(pointer_folder / "pipeline")(TEXT).ents
    result = run(pointer_folder)
    assert result.exit_code == 0, result.output
    assert "Wrote threshold = 0.25 to" in result.stdout
    assert "count_threshold" not in result.stdout
    assert config_of(pointer_folder)[1]["threshold"] == 0.25
    nlp = spacy.load(pointer_folder / "pipeline")
    assert [ent.text for ent in nlp(TEXT).ents] == ["Shaka Khan"]


def test_only_the_thresholds_given_are_tried_with_pointer(pointer_folder):
    result = run(pointer_folder, "--thresholds", "0.5,0.1", "--no-write")
    assert result.exit_code == 0, result.output
    rows = [line.split("│") for line in result.stdout.splitlines() if "│" in line]
    scores = {row[1].strip(): row[4].strip() for row in rows}
    assert scores == {"0.5": "0.0", "0.1": "100.0"}


@pytest.mark.parametrize(
    ("thresholds", "error"), [("0.5,1.5", "E805"), ("0.5,high", "'high'")]
)
def test_wrong_thresholds_of_pointer_are_refused(thresholds, error, pointer_folder):
    before = (pointer_folder / "pipeline" / "config.cfg").read_text()
    result = run(pointer_folder, "--thresholds", thresholds)
    assert result.exit_code == 1
    assert error in result.stderr
    assert (pointer_folder / "pipeline" / "config.cfg").read_text() == before


def test_pointer_is_afterwards_as_before(unsure_pointer):
    ner = unsure_pointer.get_pipe("padellm_ner")
    before = ner.format
    gold = examples(unsure_pointer, [(TEXT, ENTITIES)])
    trials = list(try_thresholds(unsure_pointer, ner, gold, [0.5, 0.1]))
    assert [(trial.threshold, trial.f) for trial in trials] == [(0.5, 0), (0.1, 1)]
    assert ner.format is before


def test_a_format_without_counts_is_refused(make_nlp):  # noqa: F811
    nlp = make_nlp(format={"@misc": "spacy_padellm.OneStep.v1"}, labels=["PERSON"])
    with pytest.raises(ValueError, match=r"E509.*padellm_ner.*OneStep"):
        list(try_thresholds(nlp, nlp.get_pipe("padellm_ner"), []))


def test_of_equal_ones_the_first():
    trials = [
        Trial(None, 0.5, 0.5, 0.5),
        Trial(0.3, 1, 0.6, 0.75),
        Trial(0.2, 0.6, 1, 0.75),
    ]
    assert best_of(trials).threshold == 0.3

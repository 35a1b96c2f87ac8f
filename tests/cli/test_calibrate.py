"""`calibrate` keeps the `count_threshold` with the best F1 on gold docs."""

import pytest
import spacy
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
    assert config_of(folder)[1]["count_threshold"] is None


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

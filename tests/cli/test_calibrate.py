"""`calibrate` keeps the threshold with the best F1 on gold docs."""

import pytest
import spacy
import torch
from spacy.tokens import DocBin
from thinc.api import Config
from typer.testing import CliRunner

from spacy_padellm.cli.app import app
from spacy_padellm.model.shim import causal_lm_shim
from spacy_padellm.pipeline.calibrate import (
    Trial,
    best_covering,
    best_of,
    f_beta,
    scoring_once,
    try_by_label,
    try_thresholds,
)
from spacy_padellm.pipeline.output import Output

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

    # higher ones find nothing, and neither does the likeliest count
    result = run(folder, "--thresholds", "0.7,0.6")
    assert result.exit_code == 0, result.output
    after, format_after = config_of(folder)
    assert format_after.pop("count_threshold") == 0.3
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
    assert [(trial.threshold, trial.f()) for trial in trials] == [(None, 0), (0.2, 1)]
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


def test_the_best_counts_more_than_what_was_saved_of_a_live_pipeline(pointer_folder):
    config, format = config_of(pointer_folder)
    format["threshold"] = 0.25
    config.to_disk(pointer_folder / "pipeline" / "config.cfg")
    nlp = spacy.load(pointer_folder / "pipeline")
    format = nlp.get_pipe("padellm_ner").cfg["format"]
    format["threshold"], format["thresholds"]["LOC"] = 0.9, 0.8
    nlp.to_disk(pointer_folder / "pipeline")
    assert run(pointer_folder, "--thresholds", "0.25").exit_code == 0
    ner = spacy.load(pointer_folder / "pipeline").get_pipe("padellm_ner")
    assert ner.format.threshold == 0.25
    assert ner.format.thresholds == {"LOC": 0.8}, "which was not chosen anew"
    result = run(pointer_folder, "--by-label", "--thresholds", "0.25")
    assert result.exit_code == 0, result.output
    ner = spacy.load(pointer_folder / "pipeline").get_pipe("padellm_ner")
    assert ner.format.thresholds == {}


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
    assert [(trial.threshold, trial.f()) for trial in trials] == [(0.5, 0), (0.1, 1)]
    assert ner.format is before


def test_where_nothing_right_is_found_the_threshold_stays(pointer_folder):
    """All values are equal there, and the first is the highest."""
    before = config_of(pointer_folder)
    result = run(pointer_folder, "--thresholds", "0.9,0.8")
    assert result.exit_code == 0, result.output
    assert "No value finds a right entity, so threshold stays" in result.stdout
    assert "Wrote" not in result.stdout
    assert config_of(pointer_folder) == before


def test_texts_are_scored_once_for_all_thresholds(unsure_pointer):
    ner = unsure_pointer.get_pipe("padellm_ner")
    usage = causal_lm_shim(ner.model).engine.usage
    gold = examples(unsure_pointer, GOLD)
    values = [0.5, 0.3, 0.1, 0.05]

    def passes_and_trials(values):
        before = usage.passes
        trials = list(try_thresholds(unsure_pointer, ner, gold, values))
        return usage.passes - before, trials

    each_time, expected = passes_and_trials(values)
    assert each_time == len(values) and expected[0] != expected[-1]
    engine = ner.engine
    with scoring_once(ner):
        once, found = passes_and_trials(values)
        again, _ = passes_and_trials(values)
    assert (once, again) == (1, 0) and found == expected
    assert ner.engine is engine


def test_a_format_without_counts_is_refused(make_nlp):  # noqa: F811
    nlp = make_nlp(format={"@misc": "spacy_padellm.OneStep.v1"}, labels=["PERSON"])
    with pytest.raises(ValueError, match=r"E509.*padellm_ner.*OneStep"):
        list(try_thresholds(nlp, nlp.get_pipe("padellm_ner"), []))


@pytest.mark.parametrize(
    "own, chosen", [(0.35, 0.4), (0.6, 0.6), (0.1, 0.2), (None, None)]
)
def test_of_equal_ones_the_nearest_to_the_pipelines_own(own, chosen):
    trials = [Trial(value, 1, 1) for value in (0.6, 0.4, 0.2, None)]
    trials.append(Trial(own, 0.9, 1))
    assert best_of(trials, own=own).threshold == chosen


def test_of_equal_ones_as_near_the_first():
    trials = [
        Trial(None, 0.5, 0.5),
        Trial(0.3, 1, 0.6),
        Trial(0.2, 0.6, 1),
    ]
    assert best_of(trials).threshold == 0.3


# -- a threshold for each label, and recall that counts more --------------------------


SURE = {"PERSON": (1.0, 0.2), "LOC": (1.0, 1.0)}
UNSURE = {"PERSON": (0.9, 0.9), "LOC": (0.4, 1.0), "ORG": (0.0, 0.0)}
TRIALS = [Trial(0.5, 1.0, 0.6, SURE), Trial(0.1, 0.5, 0.95, UNSURE)]


@pytest.mark.parametrize(
    "beta, threshold, thresholds",
    [(1.0, 0.5, {"PERSON": 0.1}), (2.0, 0.1, {"LOC": 0.5}), (0.1, 0.5, {})],
)
def test_a_label_has_a_threshold_of_its_own_if_that_is_better_for_it(
    unsure_pointer, beta, threshold, thresholds
):
    ner = unsure_pointer.get_pipe("padellm_ner")
    places = [(0, TEXT.index(" "), "LOC"), *ENTITIES]
    places = places if "LOC" in thresholds else ENTITIES
    before, gold = ner.format, examples(unsure_pointer, [(TEXT, places)] * 30)
    trial = try_by_label(unsure_pointer, ner, gold, TRIALS, beta)
    assert (trial.threshold, trial.thresholds) == (threshold, thresholds)
    found = 0.1 in (threshold, thresholds.get("PERSON"))
    assert trial.by_label.get("PERSON", (0, 0)) == (found, found)
    assert ner.format is before
    few = try_by_label(unsure_pointer, ner, gold[:29], TRIALS, beta)
    assert few.thresholds == {}


def test_a_label_has_as_many_mentions_as_the_component_learns_from(
    unsure_pointer, monkeypatch
):
    """Those of `doc.ents`, unless mentions may overlap."""
    ner = unsure_pointer.get_pipe("padellm_ner")
    gold = examples(unsure_pointer, [(TEXT, ENTITIES)] * 30)
    for example in gold:
        example.reference.spans["sc"] = []
    monkeypatch.setattr(ner, "output", Output(spans_key="sc"))
    assert try_by_label(unsure_pointer, ner, gold, TRIALS).thresholds
    ner.output = Output(spans_key="sc", allow_overlap=True)
    assert not try_by_label(unsure_pointer, ner, gold, TRIALS).thresholds


def test_thresholds_of_labels_are_written_and_replace_those_before(
    pointer_folder, monkeypatch
):
    config, format = config_of(pointer_folder)
    format["thresholds"] = {"PERSON": 0.9}
    config.to_disk(pointer_folder / "pipeline" / "config.cfg")
    result = run(pointer_folder)  # without the option, they stay
    assert result.exit_code == 0, result.output
    assert config_of(pointer_folder)[1]["thresholds"] == {"PERSON": 0.9}
    assert "keep thresholds of their own: PERSON 0.9" in result.stdout

    result = run(pointer_folder, "--by-label", "--thresholds", "0.5,0.1")
    assert "Wrote threshold = 0.1 to" in result.stdout
    assert config_of(pointer_folder)[1]["thresholds"] == {}

    own = Trial(0.5, 1.0, 1.0, thresholds={"PERSON": 0.15})
    module = "spacy_padellm.pipeline.calibrate.try_by_label"
    monkeypatch.setattr(module, lambda *arguments: own)
    result = run(pointer_folder, "--by-label", "--thresholds", "0.5")
    assert "Wrote threshold = 0.5, PERSON 0.15 to" in result.stdout
    assert config_of(pointer_folder)[1]["thresholds"] == {"PERSON": 0.15}
    nlp = spacy.load(pointer_folder / "pipeline")
    assert [ent.text for ent in nlp(TEXT).ents] == ["Shaka Khan"]


def test_a_label_that_a_config_would_lose_leaves_the_pipeline_as_it_was(
    pointer_folder, monkeypatch
):
    own = Trial(0.5, 1.0, 1.0, thresholds={"ORG:CO": 0.15})
    module = "spacy_padellm.pipeline.calibrate.try_by_label"
    monkeypatch.setattr(module, lambda *arguments: own)
    before = config_of(pointer_folder)
    result = run(pointer_folder, "--by-label", "--thresholds", "0.5")
    assert result.exit_code == 1 and "E818" in result.stderr
    assert config_of(pointer_folder) == before


def test_a_format_without_thresholds_for_labels_is_refused(folder):
    result = run(folder, "--by-label")
    assert result.exit_code == 1 and "E514" in result.stderr


def test_recall_may_count_more(pointer_folder, monkeypatch):
    module = "spacy_padellm.pipeline.calibrate.try_thresholds"
    monkeypatch.setattr(module, lambda *arguments, **options: iter(TRIALS))
    for beta, threshold in (("1", 0.5), ("2", 0.1)):
        result = run(pointer_folder, "--beta", beta)
        assert result.exit_code == 0, result.output
        assert config_of(pointer_folder)[1]["threshold"] == threshold
    assert "F2" in result.stdout and "80.5" in result.stdout
    assert f_beta(0.5, 1.0, 2.0) == pytest.approx(2.5 / 3)
    assert f_beta(0.5, 1.0) == pytest.approx(2 / 3) and f_beta(0, 0) == 0
    assert [best_of(TRIALS, beta).threshold for beta in (1.0, 2.0)] == [0.5, 0.1]


# threshold, precision, recall, covered: F is best with the first
COVERING = [
    Trial(0.5, 0.9, 0.9, covered=0.92),
    Trial(0.35, 0.8, 0.95, covered=0.97),
    Trial(0.2, 0.85, 0.95, covered=0.99),
    Trial(0.1, 0.5, 0.97, covered=0.99),
]


@pytest.mark.parametrize(
    "share, threshold",
    [(0.0, 0.5), (0.92, 0.5), (0.95, 0.2), (0.99, 0.2), (0.999, 0.2)],
)
def test_the_best_is_chosen_of_those_that_cover_enough(share, threshold):
    assert best_covering(COVERING, share).threshold == threshold


def test_recall_counts_among_those_that_cover_enough():
    assert best_covering(COVERING[2:], 0.9, beta=20).threshold == 0.1


@pytest.mark.parametrize("share, says_so", [("0.95", False), ("0.995", True)])
def test_a_share_to_cover_may_be_asked(pointer_folder, monkeypatch, share, says_so):
    module = "spacy_padellm.pipeline.calibrate.try_thresholds"
    monkeypatch.setattr(module, lambda *arguments, **options: iter(COVERING))
    result = run(pointer_folder, "--covered", share)
    assert result.exit_code == 0, result.output
    assert config_of(pointer_folder)[1]["threshold"] == 0.2
    rows = [line.split("│") for line in result.stdout.splitlines() if "│" in line]
    assert [row[5].strip() for row in rows] == ["92.0", "97.0", "99.0", "99.0"]
    assert ("No value covers 99.5%" in result.stdout) == says_so
    assert ("at most 99.0%" in result.stdout) == says_so


def test_what_is_tried_says_how_much_it_covers(unsure_pointer):
    ner = unsure_pointer.get_pipe("padellm_ner")
    surname = [(TEXT.index("Khan"), TEXT.index("Khan") + 4, "LOC")]
    gold = examples(unsure_pointer, [(TEXT, surname)])
    high, low = try_thresholds(unsure_pointer, ner, gold, (0.9, 0.1))
    assert (high.covered, low.covered) == (0.0, 1.0)  # with another label and start
    assert low.recall == 0.0


def test_without_such_a_score_no_share_can_be_asked(pointer_folder, monkeypatch):
    module = "spacy_padellm.pipeline.calibrate.try_thresholds"
    monkeypatch.setattr(module, lambda *arguments, **options: iter(TRIALS))
    result = run(pointer_folder, "--covered", "0.9")
    assert result.exit_code == 1
    assert "E445" in result.stderr and "ents_covered" in result.stderr


def test_without_any_entity_there_is_nothing_to_choose_by(folder, unsure):  # noqa: F811
    doc = unsure.make_doc("Nobody came.")
    doc.ents = []
    DocBin(docs=[doc]).to_disk(folder / "dev.spacy")
    result = run(folder)
    assert result.exit_code == 1
    assert "E445" in result.stderr and "none of the 1 gold documents" in result.stderr

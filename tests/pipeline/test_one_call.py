"""Labels and output settings of one call: through `component_cfg`, and live."""

import pytest
import spacy

from spacy_padellm.pipeline.output import Output

from .conftest import GOLD, ents, examples, found

TEXT = "Ann left Oslo"


def everything(text: str) -> list[tuple[str, str, float]]:
    """Every word, under the labels that are asked for."""
    return [("PER", "Ann", 0.9), ("LOC", "Oslo", 0.5), ("LOC", "Rome", 0.9)]


def ask(nlp, way: str, **settings):
    cfg = {"padellm_ner": settings}
    if way == "call":
        return nlp(TEXT, component_cfg=cfg)
    [doc] = nlp.pipe([TEXT], component_cfg=cfg)
    return doc


@pytest.fixture
def asked(scripted_nlp):
    """A pipeline that finds nothing, and what its model is asked for."""
    nlp = scripted_nlp(lambda text: [])
    format = nlp.get_pipe("padellm_ner").format
    return nlp, lambda: [labels for _, labels in format.queries]


@pytest.mark.parametrize("way", ["call", "pipe"])
@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["PER", "DISH"], {"PER": "person", "DISH": "DISH"}),
        (("PER",), {"PER": "person"}),
        ({"DISH": "food or meal"}, {"DISH": "food or meal"}),
    ],
)
def test_a_call_may_ask_for_labels_of_its_own(asked, way, labels, expected):
    nlp, queries = asked
    ask(nlp, way, labels=labels)
    nlp(TEXT)
    assert queries()[0] == expected
    assert list(queries()[1]) == ["PER", "ORG", "LOC"], "the next call is as before"
    assert nlp.get_pipe("padellm_ner").labels == ("PER", "ORG", "LOC")


@pytest.mark.parametrize("way", ["call", "pipe"])
@pytest.mark.parametrize(
    ("labels", "code"),
    [("PER", "E503"), ({"PER": ""}, "E504"), (["PER", "PER"], "E505"), (5, "E810")],
)
def test_faulty_labels_of_a_call_are_named(asked, way, labels, code):
    with pytest.raises(ValueError, match=code):
        ask(asked[0], way, labels=labels)


@pytest.mark.parametrize("way", ["call", "pipe"])
def test_a_call_may_have_output_settings_of_its_own(scripted_nlp, way):
    nlp = scripted_nlp(everything)
    doc = ask(nlp, way, threshold=0.6, spans_key="sc", save_trace=True)
    assert ents(doc) == [("Ann", "PER")]
    assert doc.spans["sc"].attrs["dropped"] == {"not in text": 1, "below threshold": 1}
    assert "trace" in doc.spans["sc"].attrs
    assert "padellm_ner" not in doc.spans
    assert ents(nlp(TEXT)) == [("Ann", "PER"), ("Oslo", "LOC")]


@pytest.mark.parametrize("way", ["call", "pipe"])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"threshold": 2}, "E805.*threshold is 2"),
        ({"threshold": "0.5"}, "E805.*threshold is '0.5'"),
        ({"threshold": True}, "E805.*threshold is True"),
        ({"threshold": float("nan")}, "E805.*threshold is nan"),
        ({"save_trace": "yes"}, "E806.*save_trace is 'yes'"),
        ({"alignment_mode": "loose"}, "E801.*'loose'"),
        ({"spans_key": 5}, "E803.*5"),
        ({"treshold": 0.5}, "E804.*'treshold'.*labels, active_adapter.*threshold"),
        ({"batch_tokens": 5}, "E804.*'batch_tokens'"),
    ],
)
def test_a_wrong_setting_of_a_call_is_named(scripted_nlp, way, settings, said):
    nlp = scripted_nlp(everything)
    with pytest.raises(ValueError, match=said):
        ask(nlp, way, **settings)


def test_one_component_cfg_serves_pipe_and_then_a_call(scripted_nlp):
    """nlp.pipe leaves a batch_size in it."""
    nlp = scripted_nlp(everything)
    cfg = {"padellm_ner": {"threshold": 0.6}}
    docs = [*nlp.pipe([TEXT], component_cfg=cfg), nlp(TEXT, component_cfg=cfg)]
    assert "batch_size" in cfg["padellm_ner"]
    assert [ents(doc) for doc in docs] == [[("Ann", "PER")]] * 2


def test_a_batch_size_may_be_set_for_the_component_alone(scripted_nlp):
    nlp = scripted_nlp(everything)
    sizes = []
    predict = nlp.get_pipe("padellm_ner").predict
    nlp.get_pipe("padellm_ner").predict = lambda docs, call: (
        sizes.append(len(docs)) or predict(docs, call)
    )
    cfg = {"padellm_ner": {"batch_size": 2}}
    list(nlp.pipe([TEXT] * 5, batch_size=100, component_cfg=cfg))
    assert sizes == [2, 2, 1]


def test_labels_of_a_call_reach_forked_processes_and_come_back(trained):
    texts = [text for text, _ in GOLD]
    cfg = {"padellm_ner": {"labels": {"TOWN": "location"}}}
    docs = trained.pipe(texts, n_process=2, batch_size=2, component_cfg=cfg)
    towns = [
        [(start, end, "TOWN") for start, end, label in entities if label == "LOC"]
        for _, entities in GOLD
    ]
    assert [found(doc) for doc in docs] == towns
    assert trained.get_pipe("padellm_ner").labels == ("PERSON", "LOC")


def test_evaluation_may_have_settings_of_its_own(trained):
    cfg = {"padellm_ner": {"labels": {"LOC": "location"}}}
    scores = trained.evaluate(examples(trained), component_cfg=cfg)
    assert set(scores["ents_per_type"]) == {"PERSON", "LOC"}
    assert scores["ents_per_type"]["LOC"]["f"] == 1.0
    assert scores["ents_per_type"]["PERSON"]["r"] == 0.0


def test_settings_are_changed_on_a_live_pipeline(scripted_nlp):
    nlp = scripted_nlp(everything)
    ner = nlp.get_pipe("padellm_ner")
    ner.threshold = 0.6
    ner.spans_key = "sc"
    assert ner.output == Output("sc", threshold=0.6)
    doc = nlp(TEXT)
    assert ents(doc) == [("Ann", "PER")] and list(doc.spans) == ["sc"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("threshold", 7), ("alignment_mode", "x"), ("spans_key", ""), ("save_trace", 1)],
)
def test_a_wrong_live_setting_is_refused_and_the_old_one_stays(
    scripted_nlp, setting, value
):
    ner = scripted_nlp(everything).get_pipe("padellm_ner")
    before = ner.output
    with pytest.raises(ValueError, match=r"E80\d.*" + setting):
        setattr(ner, setting, value)
    assert ner.output == before


def test_the_settings_of_the_config_are_those_of_the_component(make_nlp):
    chosen = {
        "spans_key": "sc",
        "allow_overlap": True,
        "threshold": 0.25,
        "deduplicate": False,
        "overwrite_ents": True,
        "alignment_mode": "expand",
        "all_occurrences": True,
        "save_trace": True,
    }
    ner = make_nlp(**chosen).get_pipe("padellm_ner")
    assert ner.output == Output(**chosen)
    assert {name: getattr(ner, name) for name in chosen} == chosen


def test_none_brings_back_the_labels_of_the_adapter(make_nlp, adapter_folder):
    nlp = make_nlp(labels=["DISH"], model={"adapter": str(adapter_folder)})
    ner = nlp.get_pipe("padellm_ner")
    ner.labels = None
    assert ner.labels == ("PERSON", "LOC")
    with pytest.raises(ValueError, match="E810.*3"):
        ner.labels = 3


@pytest.mark.parametrize("labels", [(), []])
def test_a_call_for_no_labels_finds_nothing_and_says_so(scripted_nlp, caplog, labels):
    doc = ask(scripted_nlp(everything), "call", labels=labels)
    assert doc.ents == () and "W803" in caplog.text


def test_labels_that_no_adapter_has_seen_are_asked_for_all_the_same(trained):
    doc = trained(GOLD[1][0], component_cfg={"padellm_ner": {"labels": ["DISH"]}})
    assert isinstance(doc, spacy.tokens.Doc) and doc.has_annotation("ENT_IOB")
    assert {ent.label_ for ent in doc.ents} <= {"DISH"}

"""Several adapters in one component, on one base, switched by name."""

import pickle
import shutil

import pytest
import spacy
from spacy.tokens import Doc

from .conftest import GOLD, ents, examples, found, learn

# What the adapter "things" has learned of the same sentences.
THINGS = [
    ("Who is Shaka Khan?", []),
    ("I like London and Berlin.", [(7, 13, "THING"), (18, 24, "THING")]),
    ("Nothing to see here.", [(0, 7, "THING")]),
    ("Maria Rossi left Oslo, and Oslo wept.", [(17, 21, "THING")]),
]
TEXTS = [text for text, _ in GOLD]


@pytest.fixture(scope="module")
def folders(trained, make_nlp, tmp_path_factory):
    """The folders of two adapters on the tiny base: that of `trained`, and "things"."""
    folder = tmp_path_factory.mktemp("adapters")
    trained.to_disk(folder / "gold")
    things = make_nlp(windows={"max_tokens": 9})
    learn(things, examples(things, THINGS))
    things.to_disk(folder / "things")
    return {
        name: folder / name / "padellm_ner" / "adapter" for name in ("gold", "things")
    }


@pytest.fixture
def nlp(make_nlp, folders):
    """A component with "gold" as its own and "things" by name."""
    return make_nlp(
        windows={"max_tokens": 9},
        model={"adapter": str(folders["gold"])},
        adapters={"things": str(folders["things"])},
    )


def read(nlp, **settings):
    docs = nlp.pipe(TEXTS, component_cfg={"padellm_ner": settings})
    return [found(doc) for doc in docs]


def gold(rows):
    return [spans for _, spans in rows]


def test_switching_changes_adapter_and_labels(nlp):
    ner = nlp.get_pipe("padellm_ner")
    assert ner.adapters == ("things",)
    assert ner.active_adapter is None and ner.labels == ("PERSON", "LOC")
    assert read(nlp) == gold(GOLD)
    ner.active_adapter = "things"
    assert ner.labels == ("THING",)
    assert read(nlp) == gold(THINGS)
    ner.active_adapter = None
    assert read(nlp) == gold(GOLD)


def test_for_one_call(nlp):
    assert read(nlp, active_adapter="things") == gold(THINGS)
    assert read(nlp) == gold(GOLD)
    doc = nlp(TEXTS[1], component_cfg={"padellm_ner": {"active_adapter": "things"}})
    assert ents(doc) == [("London", "THING"), ("Berlin", "THING")]
    nlp.get_pipe("padellm_ner").active_adapter = "things"
    assert read(nlp, active_adapter=None) == gold(GOLD)


def test_one_base_for_all(nlp):
    ner = nlp.get_pipe("padellm_ner")
    read(nlp)
    own = ner.active_lm
    ner.active_adapter = "things"
    assert ner.active_lm.base is own.base and ner.active_lm.name != own.name
    assert not ner._adapters.named["things"].settings.merge_adapter == "auto"


def test_labels_belong_to_the_adapter(nlp):
    ner = nlp.get_pipe("padellm_ner")
    ner.active_adapter = "things"
    ner.labels = {"OBJECT": "THING"}
    assert read(nlp)[1] == [(7, 13, "OBJECT"), (18, 24, "OBJECT")]
    ner.active_adapter = None
    assert ner.labels == ("PERSON", "LOC")
    ner.active_adapter = "things"
    assert ner.label_data == {"OBJECT": "THING"}
    ner.labels = None
    assert ner.labels == ("THING",)


def test_added_replaced_removed(nlp, folders):
    ner = nlp.get_pipe("padellm_ner")
    ner.add_adapter("more", folders["gold"])
    assert ner.adapters == ("things", "more")
    ner.active_adapter = "more"
    assert read(nlp) == gold(GOLD)
    ner.add_adapter("more", folders["things"])
    assert read(nlp) == gold(THINGS)
    ner.remove_adapter("more")
    assert ner.adapters == ("things",) and ner.active_adapter is None
    assert read(nlp) == gold(GOLD)


@pytest.mark.parametrize("how", ["disk", "bytes", "pickle"])
def test_all_are_saved(nlp, make_nlp, how, tmp_path):
    ner = nlp.get_pipe("padellm_ner")
    ner.active_adapter = "things"
    ner.labels = {"OBJECT": "THING"}
    if how == "disk":
        nlp.to_disk(tmp_path / "saved")
        other = spacy.load(tmp_path / "saved")
        assert (tmp_path / "saved/padellm_ner/adapters/things").is_dir()
    elif how == "bytes":
        other = make_nlp(windows={"max_tokens": 9}).from_bytes(nlp.to_bytes())
    else:
        other = pickle.loads(pickle.dumps(nlp))
    loaded = other.get_pipe("padellm_ner")
    assert loaded.adapters == ("things",) and loaded.active_adapter == "things"
    assert read(other)[1] == [(7, 13, "OBJECT"), (18, 24, "OBJECT")]
    loaded.active_adapter = None
    assert read(other) == gold(GOLD)


def test_a_saved_pipeline_needs_no_folder_of_the_config(make_nlp, folders, tmp_path):
    gone = shutil.copytree(folders["things"], tmp_path / "gone")
    nlp = make_nlp(windows={"max_tokens": 9}, adapters={"things": str(gone)})
    nlp.to_disk(tmp_path / "away")
    shutil.rmtree(gone)
    loaded = spacy.load(tmp_path / "away")
    assert read(loaded, active_adapter="things") == gold(THINGS)


def test_the_config_of_a_saved_pipeline_can_choose(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    config = {"components.padellm_ner.active_adapter": "things"}
    assert read(spacy.load(tmp_path, config=config)) == gold(THINGS)


def test_in_several_processes(nlp):
    nlp.get_pipe("padellm_ner").active_adapter = "things"
    docs = list(nlp.pipe(TEXTS, n_process=2, batch_size=2))
    assert [found(doc) for doc in docs] == gold(THINGS)


def test_training_is_for_its_own_alone(nlp):
    nlp.get_pipe("padellm_ner").active_adapter = "things"
    for train in (
        lambda: nlp.initialize(lambda: examples(nlp)),
        lambda: nlp.update(examples(nlp)),
    ):
        with pytest.raises(ValueError, match="E813"):
            train()
    nlp.get_pipe("padellm_ner").active_adapter = None
    learn(nlp, examples(nlp), updates=2)
    assert read(nlp, active_adapter="things") == gold(THINGS)


@pytest.mark.parametrize("name", ["", "a/b", "..", "x.y", " x", 3, "c:\\", "NUL"])
def test_a_name_that_is_no_folder(nlp, folders, name):
    with pytest.raises(ValueError, match="E811"):
        nlp.get_pipe("padellm_ner").add_adapter(name, folders["gold"])


def test_names_that_differ_in_capitals_may_be_the_same_folder(nlp, make_nlp, folders):
    with pytest.raises(ValueError, match="E823.*'Things' and 'things'"):
        nlp.get_pipe("padellm_ner").add_adapter("Things", folders["gold"])
    with pytest.raises(ValueError, match="E823.*'STRASSE' and 'straße'"):
        make_nlp(adapters=dict.fromkeys(["straße", "STRASSE"], str(folders["gold"])))


def test_a_saved_name_beside_one_of_the_config_changes_nothing(nlp, make_nlp, folders):
    other = make_nlp(adapters={"THINGS": str(folders["things"])}).get_pipe(
        "padellm_ner"
    )
    before = other.to_bytes()
    with pytest.raises(ValueError, match="E823"):
        other.from_bytes(nlp.get_pipe("padellm_ner").to_bytes())
    assert other.to_bytes() == before


def test_unknown_names(nlp):
    ner = nlp.get_pipe("padellm_ner")
    for wrong in (
        lambda: setattr(ner, "active_adapter", "thing"),
        lambda: ner.remove_adapter("thing"),
        lambda: nlp(
            TEXTS[0], component_cfg={"padellm_ner": {"active_adapter": "thing"}}
        ),
    ):
        with pytest.raises(ValueError, match="E812.*'thing'.*: things"):
            wrong()
    assert ner.active_adapter is None


def test_folders_that_do_not_fit(make_nlp, folders, tmp_path):
    ner = make_nlp(format={"prefix_lm": False}).get_pipe("padellm_ner")
    with pytest.raises(ValueError, match="E802"):
        ner.add_adapter("gold", folders["gold"])
    with pytest.raises(ValueError, match="E320"):
        ner.add_adapter("gone", tmp_path / "gone")
    assert ner.adapters == ()


def test_named_adapters_of_another_base_are_refused(make_nlp, folders):
    nlp = make_nlp(labels=["X"])
    ner = nlp.get_pipe("padellm_ner")
    ner.add_adapter("english", "english-padellm")
    ner.active_adapter = "english"
    with pytest.raises(ValueError, match="E326"):
        nlp(Doc(nlp.vocab, words=["Hello"]))


@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_loading_forgets_adapters_that_were_not_saved(nlp, folders, tmp_path, way):
    ner = nlp.get_pipe("padellm_ner")
    saved = ner.to_bytes()
    ner.to_disk(tmp_path / "saved")
    ner.add_adapter("more", str(folders["gold"]))
    ner.active_adapter = "more"
    if way == "disk":
        ner.from_disk(tmp_path / "saved")
    else:
        ner.from_bytes(saved)
    assert ner.adapters == ("things",) and ner.active_adapter is None
    assert read(nlp) == gold(GOLD)


def test_loading_keeps_adapters_that_the_config_adds(nlp, folders, tmp_path):
    nlp.to_disk(tmp_path)
    both = {name: str(folder) for name, folder in folders.items()}
    config = {"components": {"padellm_ner": {"adapters": both}}}
    again = spacy.load(tmp_path, config=config)
    assert set(again.get_pipe("padellm_ner").adapters) == {"gold", "things"}

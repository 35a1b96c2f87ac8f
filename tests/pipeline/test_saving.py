"""What is saved is whole, belongs together, and is checked when it comes back."""

import errno
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
from spacy.util import registry

from spacy_padellm import writing
from spacy_padellm.formats.base import Calibration, Generative
from spacy_padellm.formats.pointer import build_pointer_v1


@pytest.fixture(scope="module")
def first(make_nlp):
    return pipeline(make_nlp, seed=1, label="LOC")


@pytest.fixture(scope="module")
def second(make_nlp):
    return pipeline(make_nlp, seed=2, label="PERSON")


def pipeline(make_nlp, seed, label):
    """A component with an adapter that is as if trained."""
    import torch

    ner = make_nlp(labels=None).get_pipe("padellm_ner")
    ner._adapters.own.initialize()
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in ner._adapters.own.lm.parameters().values():
            parameter.normal_(std=0.05)
    ner.labels = [label]
    return ner


@pytest.fixture
def fresh(make_nlp):
    return lambda: make_nlp().get_pipe("padellm_ner")


@pytest.fixture
def folder(first, tmp_path):
    first.to_disk(tmp_path / "saved", exclude=["vocab"])
    return tmp_path / "saved"


def change(file: Path, **settings) -> None:
    data = json.loads(file.read_text())
    file.write_text(json.dumps(data | settings))


def refused(load, *told):
    with pytest.raises(ValueError) as error:
        load()
    for part in told:
        assert str(part) in str(error.value)


def all_files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# -- an interruption ------------------------------------------------------------------


def test_a_full_disk_leaves_the_pipeline_that_was_there(second, folder, monkeypatch):
    before = all_files(folder)
    for free in range(len(before)):
        left = [free]

        def sync(number, left=left):
            if not left[0]:
                raise OSError(errno.ENOSPC, "No space left on device")
            left[0] -= 1

        monkeypatch.setattr(writing.os, "fsync", sync)
        refused(lambda: second.to_disk(folder), "E333", folder, "No space")
        assert all_files(folder) == before


def test_a_kill_at_any_moment_leaves_a_whole_pipeline_or_an_error(
    first, second, fresh, tmp_path, monkeypatch
):
    """Killed before each of the renames."""
    rename, whole = Path.replace, {first.to_bytes(), second.to_bytes()}
    outcomes = []
    for survived in range(5):
        folder = tmp_path / str(survived)
        first.to_disk(folder)
        left = [survived]

        def replace(path, target, left=left):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return rename(path, target)

        with monkeypatch.context() as killed:
            killed.setattr(Path, "replace", replace)
            try:
                second.to_disk(folder)
            except KeyboardInterrupt:
                pass
        try:
            assert fresh().from_disk(folder).to_bytes() in whole
            outcomes.append("whole")
        except ValueError as error:
            assert "E334" in str(error) or "E340" in str(error)
            assert str(folder) in str(error)
            outcomes.append("refused")
    assert outcomes == ["whole", "refused", "refused", "refused", "whole"]


# -- what belongs together ------------------------------------------------------------


def test_an_adapter_of_another_pipeline_is_refused(first, second, fresh, tmp_path):
    """It is whole in itself, but other labels were saved with it."""
    for ner, name in ((first, "one"), (second, "two")):
        ner.to_disk(tmp_path / name)
    adapter = tmp_path / "one" / "adapter"
    shutil.rmtree(adapter)
    shutil.copytree(tmp_path / "two" / "adapter", adapter)
    refused(lambda: fresh().from_disk(tmp_path / "one"), "E340", adapter)
    parts = srsly.msgpack_loads(first.to_bytes())
    parts["adapter"] = srsly.msgpack_loads(second.to_bytes())["adapter"]
    refused(lambda: fresh().from_bytes(srsly.msgpack_dumps(parts)), "E340")


def test_a_pipeline_without_an_adapter_takes_the_place_of_one_with(
    first, fresh, tmp_path
):
    ner = fresh()
    ner.labels = ["LOC"]
    first.add_adapter("more", first_folder(first, tmp_path))
    first.to_disk(tmp_path / "nlp")
    first.remove_adapter("more")
    assert (tmp_path / "nlp" / "adapters" / "more").is_dir()
    (tmp_path / "nlp" / "adapters" / "notes").mkdir()
    ner.to_disk(tmp_path / "nlp")
    assert not (tmp_path / "nlp" / "adapter").exists()
    assert not (tmp_path / "nlp" / "adapters" / "more").exists()
    assert (tmp_path / "nlp" / "adapters" / "notes").exists(), "it is none of ours"
    assert fresh().from_disk(tmp_path / "nlp").to_bytes() == ner.to_bytes()


def test_a_saved_false_is_obeyed(first, folder, fresh):
    """Also beside an adapter, as an interruption may have left it."""
    change(folder / "cfg", adapter=False)
    assert fresh().from_disk(folder, exclude=["vocab"])._adapters.own.card() is None


def first_folder(ner, tmp_path) -> str:
    ner.to_disk(tmp_path / "first")
    return str(tmp_path / "first" / "adapter")


def test_what_is_excluded_is_neither_written_nor_removed(second, fresh, folder):
    before = all_files(folder / "adapter")
    second.to_disk(folder, exclude=["adapter", "vocab"])
    assert all_files(folder / "adapter") == before
    loaded = fresh().from_disk(folder, exclude=["vocab"])
    assert loaded.labels == ("PERSON",)


# -- settings -------------------------------------------------------------------------

DEEP = "[" * 1_000_000


@pytest.mark.parametrize("text", ["", "{", "[]", "7", DEEP, '{"labels": "PER"}'])
def test_damaged_settings_are_named(fresh, folder, text):
    (folder / "cfg").write_text(text)
    refused(lambda: fresh().from_disk(folder), "E339", folder / "cfg")


def test_missing_settings_are_named(fresh, folder):
    (folder / "cfg").unlink()
    refused(lambda: fresh().from_disk(folder), "E339", folder / "cfg", "No such file")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["PER"], {"PER": "person"}),
        (
            {"PER": {"name": "human", "description": "a person"}},
            {"PER": "human (a person)"},
        ),
    ],
)
def test_saved_labels_may_be_written_as_in_a_config(fresh, folder, labels, names):
    change(folder / "cfg", labels=labels)
    loaded = fresh().from_disk(folder, exclude=["vocab"])
    assert loaded.label_data == names


def test_settings_that_are_no_bytes_are_named(first, fresh):
    parts = srsly.msgpack_loads(first.to_bytes())
    parts["cfg"] = 7
    data = srsly.msgpack_dumps(parts)
    refused(lambda: fresh().from_bytes(data), "padellm_ner", "E339", "cfg")


@pytest.mark.parametrize(
    "settings",
    [
        {"labels": {"PER": "a\nb"}},
        {"labels": {"PER": "person", "MAN": "person"}},
        {"labels": {"PER": 7}},
        {"labels": {"PER": "\ud800"}},
        {"adapter": "yes"},
        {"adapters": ["../../elsewhere"]},
        {"adapters": "more"},
        {"active_adapter": "more"},
        {"layout": "2"},
        {"sha256": "x"},
    ],
)
@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_faulty_settings_are_named(first, fresh, folder, settings, way):
    change(folder / "cfg", **settings)
    (name,) = settings
    told = ("E339", "cfg", name if name != "labels" else "[E50")
    if way == "disk":
        refused(lambda: fresh().from_disk(folder), folder, *told)
    else:
        parts = srsly.msgpack_loads(first.to_bytes())
        parts["cfg"] = (folder / "cfg").read_bytes()
        data = srsly.msgpack_dumps(parts)
        refused(lambda: fresh().from_bytes(data), "padellm_ner", *told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda adapter: adapter["config"].update(lora_alpha=1e30), "E334"),
        (lambda adapter: adapter["config"].update(peft_type="IA3"), "E323"),
        (lambda adapter: adapter["config"].update(bias="all"), "E327"),
        (lambda adapter: adapter.update(weights=b"cut off"), "E324"),
        (lambda adapter: adapter.update(config=[]), "E324"),
        (lambda adapter: adapter["card"].update(colour="red"), "E324"),
        (lambda adapter: adapter.pop("card"), "E324"),
        (lambda adapter: adapter["config"].update(peft_version=b"7"), "E324"),
        (lambda adapter: adapter["config"].update({7: None}), "E324"),
        (lambda adapter: adapter["card"].update(revision=b"7"), "E324"),
        (lambda adapter: adapter["card"].update(labels={"A": "b\n"}), "E324"),
    ],
)
def test_bytes_are_checked_as_files_are(first, fresh, change, told):
    parts = srsly.msgpack_loads(first.to_bytes())
    adapter = srsly.msgpack_loads(parts["adapter"])
    cfg = json.loads(parts["cfg"])
    del cfg["sha256"]
    change(adapter)
    parts["cfg"] = json.dumps(cfg).encode()
    parts["adapter"] = srsly.msgpack_dumps(adapter)
    data = srsly.msgpack_dumps(parts)
    refused(lambda: fresh().from_bytes(data), told, "the bytes of padellm_ner/adapter")


@pytest.mark.parametrize("data", [b"", b"no msgpack", b"\x07"])
def test_bytes_of_another_kind_are_named(fresh, data):
    refused(lambda: fresh().from_bytes(data), "E339", "the bytes of padellm_ner")


class Way:
    """A component on disk or in bytes, of which a test removes parts."""

    def __init__(self, way, ner, folder):
        self.way, self.folder = way, folder
        if way == "disk":
            ner.to_disk(folder)
        self.parts = srsly.msgpack_loads(ner.to_bytes())

    def remove(self, part, name=None):
        place = self.folder / part
        if place.is_file():
            place.unlink()
        else:
            shutil.rmtree(place if name is None else place / name, ignore_errors=True)
        if name is None:
            del self.parts[part]
        else:
            named = srsly.msgpack_loads(self.parts[part])
            del named[name]
            self.parts[part] = srsly.msgpack_dumps(named)

    def change_cfg(self, change):
        cfg = json.loads(self.parts["cfg"])
        change(cfg)
        self.parts["cfg"] = json.dumps(cfg).encode()
        if self.way == "disk":
            (self.folder / "cfg").write_bytes(self.parts["cfg"])

    def load(self, ner, **options):
        if self.way == "disk":
            return ner.from_disk(self.folder, **options)
        return ner.from_bytes(srsly.msgpack_dumps(self.parts), **options)


@pytest.fixture(params=["disk", "bytes"])
def saved(request, fresh, folder, tmp_path):
    """A component with an adapter of its own and two by name."""
    ner = fresh().from_disk(folder, exclude=["vocab"])
    for name in ("one", "two"):
        ner.add_adapter(name, folder / "adapter")
    return Way(request.param, ner, tmp_path / "more")


def test_all_adapters_come_back(saved, fresh):
    ner = saved.load(fresh())
    assert ner.adapters == ("one", "two") and ner.labels == ("LOC",)
    assert ner._adapters.own.card() is not None


@pytest.mark.parametrize(
    ("part", "place"),
    [
        (("adapter",), "adapter"),
        (("adapters",), "adapters/one"),
        (("adapters", "two"), "adapters/two"),
    ],
)
@pytest.mark.parametrize("has_checksums", [True, False])
def test_an_adapter_that_the_settings_name_is_missed(
    saved, fresh, part, place, has_checksums
):
    saved.remove(*part)
    if not has_checksums:
        saved.change_cfg(lambda cfg: cfg.pop("sha256"))
    refused(lambda: saved.load(fresh()), "E320", place)
    assert saved.load(fresh(), exclude=[part[0]])


def test_settings_that_are_missing_are_told(saved, fresh):
    saved.remove("cfg")
    refused(lambda: saved.load(fresh()), "E339", "cfg")
    ner = saved.load(fresh(), exclude=["cfg"])
    assert ner._adapters.own.card() is not None and ner.adapters == ()


def test_adapters_that_the_settings_do_not_name_are_not_read(saved, fresh):
    saved.change_cfg(lambda cfg: cfg.update(adapter=False, adapters=["two"]))
    ner = saved.load(fresh())
    assert ner.adapters == ("two",) and ner._adapters.own.card() is None


@pytest.mark.parametrize("way", ["disk", "bytes"])
def test_an_adapter_that_was_excluded_when_saved_stays(
    first, second, fresh, folder, tmp_path, way
):
    ner = fresh().from_disk(folder, exclude=["vocab"])
    before = ner._adapters.own.card()
    if way == "disk":
        second.to_disk(tmp_path / "second", exclude=["adapter"])
        ner.from_disk(tmp_path / "second")
    else:
        ner.from_bytes(second.to_bytes(exclude=["adapter"]))
    assert ner._adapters.own.card() == before
    assert ner.labels == ("PERSON",)


def test_an_adapter_that_was_there_is_not_that_of_a_component_saved_without(
    first, second, fresh, folder, tmp_path
):
    """Its adapters were excluded, and those in the folder are of another component."""
    first.add_adapter("more", first_folder(first, tmp_path))
    first.to_disk(folder, exclude=["vocab"])
    second.add_adapter("more", tmp_path / "first" / "adapter")
    second.to_disk(folder, exclude=["adapter", "adapters", "vocab"])
    first.remove_adapter("more"), second.remove_adapter("more")
    assert (folder / "adapter").is_dir() and (folder / "adapters" / "more").is_dir()
    loaded = fresh().from_disk(folder, exclude=["vocab"])
    assert loaded.labels == ("PERSON",)
    assert loaded._adapters.own.card() is None and loaded.adapters == ()


def test_settings_of_an_earlier_version_have_no_checksums(saved, fresh):
    saved.change_cfg(lambda cfg: cfg.pop("sha256"))
    ner = saved.load(fresh())
    assert ner.adapters == ("one", "two")
    assert ner._adapters.own.card() is not None


def test_bytes_that_are_refused_change_nothing(first, fresh):
    parts = srsly.msgpack_loads(first.to_bytes())
    parts["adapter"] = b"\x07"
    ner = fresh()
    before = ner.to_bytes()
    refused(lambda: ner.from_bytes(srsly.msgpack_dumps(parts)), "E339")
    assert ner.to_bytes() == before


# -- what changed since the component was made ----------------------------------------


def loaded(nlp, folder, **overrides):
    nlp.to_disk(folder)
    config = {f"components.padellm_ner.{key}": one for key, one in overrides.items()}
    return spacy.load(folder, config=config).get_pipe("padellm_ner")


def test_settings_of_a_live_pipeline_are_saved(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"], threshold=0.25)
    ner = nlp.get_pipe("padellm_ner")
    ner.threshold, ner.overwrite_ents, ner.spans_key = 0.75, True, None
    again = loaded(nlp, tmp_path)
    assert again.output == ner.output
    assert (again.threshold, again.overwrite_ents, again.spans_key) == (
        0.75,
        True,
        None,
    )
    assert again.to_bytes() == ner.to_bytes(), "and saved once more"


@pytest.mark.parametrize(
    "config",
    [
        {"labels": {"US$": {"name": "money", "description": "such as $5 or $$"}}},
        {"labels": {"MONEY": "$ or US$"}},
        {"labels": ["US$", "PER"]},
        {"labels": ["PER"], "spans_key": "a$b"},
    ],
)
def test_a_dollar_sign_is_not_doubled(make_nlp, tmp_path, config):
    """confection doubles it whenever a config is saved and loaded."""
    nlp = make_nlp(**config)
    first = nlp.get_pipe("padellm_ner")
    for number in range(3):
        ner = loaded(nlp, tmp_path / str(number))
        assert ner.label_data == first.label_data
        assert ner.output == first.output
        nlp = spacy.load(tmp_path / str(number))
    other = loaded(nlp, tmp_path / "other", labels=["US$$$"])
    assert other.labels == ("US$$$",)


def test_adapters_from_folders_with_a_dollar_sign_come_back(
    make_nlp, adapter_folder, tmp_path
):
    folder = tmp_path / "my$adapter"
    shutil.copytree(adapter_folder, folder)
    nlp = make_nlp(model={"adapter": str(folder)}, adapters={"more": str(folder)})
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(folder)
    ner = spacy.load(tmp_path / "saved").get_pipe("padellm_ner")
    assert ner.label_data == nlp.get_pipe("padellm_ner").label_data != {}
    ner.active_adapter = "more"
    assert ner.label_data == nlp.get_pipe("padellm_ner").label_data


@pytest.mark.parametrize("threshold", [2 / 3, 0.83612345678912, np.float32(0.3)])
def test_a_threshold_keeps_each_of_its_bits(make_nlp, tmp_path, threshold):
    nlp = make_nlp(labels=["LOC"], threshold=1 / 3)
    nlp.get_pipe("padellm_ner").threshold = threshold
    nlp.get_pipe("padellm_ner").overwrite_ents = True
    again = loaded(nlp, tmp_path)
    assert again.threshold == threshold and again.overwrite_ents
    assert nlp.from_disk(tmp_path).get_pipe("padellm_ner").threshold == threshold


def test_a_group_that_spacy_load_takes_away_takes_what_needs_it_along(
    make_nlp, tmp_path
):
    nlp = make_nlp(labels=["LOC"])
    nlp.get_pipe("padellm_ner").allow_overlap = True
    again = loaded(nlp, tmp_path, spans_key=None)
    assert (again.spans_key, again.allow_overlap) == (None, False)


def test_settings_of_a_live_pipeline_give_way_to_those_of_spacy_load(
    make_nlp, tmp_path
):
    nlp = make_nlp(labels=["LOC"], threshold=0.25)
    nlp.get_pipe("padellm_ner").threshold = 0.75
    nlp.get_pipe("padellm_ner").all_occurrences = True
    again = loaded(nlp, tmp_path, threshold=0.5)
    assert (again.threshold, again.all_occurrences) == (0.5, True)


POINTER = {"@misc": "spacy_padellm.Pointer.v1", "thresholds": {"PER": 0.5, "LOC": 0.6}}


def test_settings_of_the_format_that_were_changed_are_saved(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"], format=POINTER)
    ner = nlp.get_pipe("padellm_ner")
    ner.cfg["format"] = {"threshold": 0.2, "thresholds": {"LOC": 0.1, "A.B": 0.3}}
    again = loaded(nlp, tmp_path / "nlp")
    assert again.format == ner.format
    assert again.format.thresholds == {"LOC": 0.1, "A.B": 0.3}, "and PER has none"
    assert again.to_bytes() == ner.to_bytes(), "and saved once more"
    overrides = {"format.thresholds.PER": 0.9, "format.thresholds.LOC": 0.8}
    again = loaded(nlp, tmp_path / "nlp", **overrides)
    assert again.format.threshold == 0.2
    assert again.format.thresholds == {"PER": 0.9, "LOC": 0.8, "A.B": 0.3}
    with_none = loaded(nlp, tmp_path / "nlp", **{"format.threshold": 0.4})
    assert with_none.format == replace(ner.format, threshold=0.4)


def test_a_changed_threshold_of_counts_is_saved(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"])
    nlp.get_pipe("padellm_ner").cfg["format"]["count_threshold"] = None
    assert loaded(nlp, tmp_path).format.count_threshold is None


def test_a_threshold_that_its_format_refuses_names_the_file(saved, fresh):
    saved.change_cfg(lambda cfg: cfg["settings"].update({"format.count_threshold": 0}))
    refused(lambda: saved.load(fresh()), "E339", "cfg")


class Plain(Generative):
    """A format that is no dataclass, with a threshold of its own kind."""

    name = "plain"
    calibration = Calibration("odds", check=float, values=(-2.0, 3.0))


@dataclass
class LogOdds(Plain):
    odds: float = -2.0


@pytest.mark.parametrize(("format", "odds"), [(Plain(), None), (LogOdds(), 7.5)])
def test_formats_of_ones_own_are_saved_and_come_back(make_nlp, tmp_path, format, odds):
    registry.misc("test.OwnFormat.v1", func=lambda: format)
    nlp = make_nlp(labels=["LOC"], format={"@misc": "test.OwnFormat.v1"})
    ner = nlp.get_pipe("padellm_ner")
    if odds is not None:
        ner.cfg["format"]["odds"] = odds
    again = loaded(nlp, tmp_path)
    assert getattr(again.format, "odds", None) == odds


def test_an_adapter_that_is_left_out_may_have_another_format(
    make_nlp, folder, tmp_path
):
    format = {"@misc": "spacy_padellm.OneStep.v1"}
    ner = make_nlp(format=format, model={"adapter": str(folder / "adapter")})
    ner = ner.get_pipe("padellm_ner")
    with pytest.raises(ValueError, match="E802.*null"):
        ner.to_disk(tmp_path / "ner")
    ner.to_disk(tmp_path / "ner", exclude=["adapter"])
    assert not (tmp_path / "ner" / "adapter").exists()


def test_settings_of_another_format_change_nothing(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"])
    nlp.get_pipe("padellm_ner").cfg["format"]["count_threshold"] = 0.3
    nlp.get_pipe("padellm_ner").threshold = 0.75
    again = loaded(nlp, tmp_path, format=POINTER)
    assert again.format == build_pointer_v1(thresholds=POINTER["thresholds"])
    assert again.threshold == 0.75


@pytest.mark.parametrize(
    "settings",
    [{"threshold": 7}, {"colour": "blue"}, ["x"], {"format.threshold": "high"}],
)
def test_settings_that_nobody_saved_are_refused(saved, fresh, settings):
    saved.change_cfg(lambda cfg: cfg.update(settings=settings))
    refused(lambda: saved.load(fresh()), "E339", "cfg")


def test_an_adapter_that_was_removed_stays_away(make_nlp, folder, tmp_path):
    adapters = {"one": str(folder / "adapter"), "two": str(folder / "adapter")}
    nlp = make_nlp(adapters=adapters)
    nlp.get_pipe("padellm_ner").remove_adapter("one")
    again = loaded(nlp, tmp_path / "nlp")
    assert again.adapters == ("two",)
    again.to_disk(tmp_path / "again")


def test_an_adapter_that_the_config_adds_is_there(make_nlp, folder, tmp_path):
    nlp = make_nlp(adapters={"one": str(folder / "adapter")})
    three = {"three": str(folder / "adapter")}
    assert loaded(nlp, tmp_path / "nlp", adapters=three).adapters == ("one", "three")


def test_another_folder_of_a_named_adapter_is_used(first, second, make_nlp, tmp_path):
    for ner, name in ((first, "first"), (second, "second")):
        ner.to_disk(tmp_path / name)
    nlp = make_nlp(adapters={"one": str(tmp_path / "first" / "adapter")})
    nlp.get_pipe("padellm_ner").active_adapter = "one"
    assert loaded(nlp, tmp_path / "nlp").labels == ("LOC",)
    other = {"adapters.one": str(tmp_path / "second" / "adapter")}
    assert loaded(nlp, tmp_path / "nlp", **other).labels == ("PERSON",)


@pytest.mark.parametrize(("named", "label"), [("other", "PERSON"), (None, "LOC")])
def test_an_adapter_that_spacy_load_names_is_used(
    first, second, make_nlp, tmp_path, named, label, caplog
):
    second.to_disk(tmp_path / "other")
    nlp = make_nlp()
    nlp.get_pipe("padellm_ner").from_bytes(first.to_bytes())
    nlp.get_pipe("padellm_ner").labels = None
    other = None if named is None else str(tmp_path / named / "adapter")
    again = loaded(nlp, tmp_path / "nlp", **{"model.adapter": other})
    assert again.labels == (label,)
    assert ("W811" in caplog.text) == (named is not None)
    again.to_disk(tmp_path / "again")
    card = json.loads((tmp_path / "again" / "adapter" / "padellm.json").read_text())
    assert list(card["labels"]) == [label]


def test_an_adapter_that_spacy_load_names_is_used_where_none_was_saved(
    second, make_nlp, tmp_path
):
    second.to_disk(tmp_path / "other")
    other = {"model.adapter": str(tmp_path / "other" / "adapter")}
    again = loaded(make_nlp(labels=["LOC"]), tmp_path / "nlp", **other)
    assert again._adapters.own.has_adapter and again.labels == ("LOC",)


@pytest.mark.parametrize("given", [None, ["LOC"]])
def test_added_labels_stay_with_another_adapter(
    first, second, make_nlp, tmp_path, given
):
    for ner, name in ((first, "first"), (second, "second")):
        ner.to_disk(tmp_path / name)
    folder = str(tmp_path / "first" / "adapter")
    nlp = make_nlp(labels=given, model={"adapter": folder})
    nlp.get_pipe("padellm_ner").add_label("CITY")
    other = {"model.adapter": str(tmp_path / "second" / "adapter")}
    again = loaded(nlp, tmp_path / "nlp", **other)
    assert again.labels == (("PERSON",) if given is None else ("LOC",)) + ("CITY",)


def test_a_pipeline_is_loaded_that_no_longer_writes_a_group(make_nlp, tmp_path):
    nlp = make_nlp(labels=["LOC"], save_trace=True, allow_overlap=True)
    ner = nlp.get_pipe("padellm_ner")
    ner.save_trace = ner.allow_overlap = False
    ner.spans_key = None
    assert loaded(nlp, tmp_path).output == ner.output

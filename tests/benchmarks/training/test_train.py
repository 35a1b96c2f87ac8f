"""What is trained for a benchmark is kept, as long as it would be the same again."""

import pytest
from thinc.api import Config

from benchmarks.training import train as module
from benchmarks.training.train import train_pipeline
from spacy_padellm.adapters.files import WEIGHTS


@pytest.fixture
def trained(monkeypatch):
    """The configs that were trained with, one after the other."""
    trained = []

    def train(config, folder):
        trained.append(Config().from_disk(config))
        (folder / "model-last").mkdir(exist_ok=True)

    monkeypatch.setattr(module, "train", train)
    return trained


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"first")
    model = {"adapter": str(folder)}
    return Config({"components": {"padellm_ner": {"model": model}}, "x": {"steps": 1}})


def test_the_same_is_not_trained_again(trained, config, tmp_path):
    work = tmp_path / "work"
    for _ in range(2):
        assert train_pipeline(config, work) == work / "model-last"
    assert trained == [config]


@pytest.mark.parametrize("change", ["config", "adapter", "interrupted"])
def test_something_else_is(trained, config, tmp_path, monkeypatch, change):
    train_pipeline(config, tmp_path / "work")
    if change == "config":
        config["x"]["steps"] = 2
    else:
        (tmp_path / "adapter" / WEIGHTS).write_bytes(b"second")
    if change == "interrupted":

        def train(config, folder):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(module, "train", train)
            train_pipeline(config, tmp_path / "work")
        (tmp_path / "adapter" / WEIGHTS).write_bytes(b"first")
    train_pipeline(config, tmp_path / "work")
    assert len(trained) == 2 and trained[-1] == config


def test_a_config_of_other_components_will_do(trained, tmp_path):
    config = Config({"components": {"ner": {"factory": "ner"}}})
    for _ in range(2):
        train_pipeline(config, tmp_path)
    assert trained == [config]

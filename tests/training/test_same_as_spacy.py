"""What is trained without spaCy is what `spacy train` trains, tensor by tensor."""

import json

import pytest
import spacy
from safetensors import safe_open
from spacy.cli.train import train as spacy_train

from spacy_padellm.models.shim import CausalLMShim
from spacy_padellm.training.prepare import prepare
from spacy_padellm.training.trainer import Trainer

from ..pipeline.conftest import GOLD, found
from .conftest import NER, distance, train

STEPS = "training.max_steps"
OPTIMIZER = "training.optimizer"


def header(adapter) -> dict:
    """The tensors' dtypes and shapes."""
    with safe_open(adapter / "adapter_model.safetensors", "numpy") as file:
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        return {name: (s.get_dtype(), s.get_shape()) for name, s in slices.items()}


def assert_same_adapter(found, expected):
    """Settings and card are equal; each tensor, as a whole, to 1e-3 relative."""
    assert header(found) == header(expected)
    for name in ("adapter_config.json", "padellm.json"):
        assert read_json(found / name) == read_json(expected / name)
    assert distance(found, expected) < 1e-3


def read_json(file) -> dict:
    return json.loads(file.read_text(encoding="utf8"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {f"{OPTIMIZER}.use_averages": False},
        {f"{OPTIMIZER}.L2": 0.1},
        {f"{OPTIMIZER}.L2": 0.1, f"{OPTIMIZER}.L2_is_weight_decay": False},
        {f"{OPTIMIZER}.grad_clip": 0.01, f"{OPTIMIZER}.eps": 0.001},
        {"training.accumulate_gradient": 2, "training.dropout": 0.0},
        {"training.seed": 3, STEPS: 0, "training.max_epochs": 2},
        {f"{NER}.model.lora_rslora": True, f"{NER}.model.lora_dora": True},
        {f"{NER}.model.full_finetuning": True},
        {f"{NER}.format.text_twice": True, f"{NER}.format.prefix_lm": True},
        {f"{NER}.model.label_smoothing": 0.2, f"{NER}.format.count_weight": 3.0},
        {f"{NER}.format.absent_labels": 0.3, f"{NER}.format.index_weight": 0.0},
    ],
    ids=str,
)
def test_the_adapter_is_spacy_s(by_spacy, prepared_folder, tmp_path, changes):
    assert train(prepared_folder(changes), tmp_path) == 0
    expected = by_spacy(changes) / "padellm_ner" / "adapter"
    assert_same_adapter(tmp_path / "adapter-last", expected)


def test_the_losses_are_spacy_s(by_spacy, prepared, tmp_path, monkeypatch):
    losses = {"spacy": [], "ours": []}

    def note(cls, method, where, loss_of):
        real = getattr(cls, method)

        def noted(*args):
            result = real(*args)
            losses[where].append(loss_of(result))
            return result

        monkeypatch.setattr(cls, method, noted)

    note(CausalLMShim, "__call__", "spacy", lambda result: result[0])
    note(Trainer, "step", "ours", lambda result: result)
    by_spacy()
    assert train(prepared, tmp_path) == 0
    assert len(losses["ours"]) == 6
    assert losses["ours"] == pytest.approx(losses["spacy"], rel=1e-3)
    assert losses["ours"][-1] < 0.8 * losses["ours"][0]


def test_training_goes_on_from_the_config_s_adapter(
    by_spacy, spacy_adapter, prepared_folder, tmp_path
):
    changes = {f"{NER}.model.adapter": str(spacy_adapter)}
    assert train(prepared_folder(changes), tmp_path) == 0
    expected = by_spacy(changes) / "padellm_ner" / "adapter"
    assert_same_adapter(tmp_path / "adapter-last", expected)
    assert distance(tmp_path / "adapter-last", spacy_adapter) > 0.1


def test_training_goes_on_from_a_sourced_component(
    spacy_adapter, read_config, tmp_path
):
    config = read_config()
    config["components"] = {"padellm_ner": {"source": str(spacy_adapter.parents[1])}}
    config["initialize"]["components"] = {}
    config.to_disk(tmp_path / "sourced.cfg")
    spacy_train(tmp_path / "sourced.cfg", tmp_path / "by_spacy")
    data, _ = prepare(config)
    data.write(tmp_path / "prepared")
    assert train(tmp_path / "prepared", tmp_path / "out") == 0
    expected = tmp_path / "by_spacy" / "model-last" / "padellm_ner" / "adapter"
    assert_same_adapter(tmp_path / "out" / "adapter-last", expected)


def test_it_is_another_with_another_seed(spacy_adapter, prepared_folder, tmp_path):
    assert train(prepared_folder({"training.seed": 8}), tmp_path) == 0
    assert distance(tmp_path / "adapter-last", spacy_adapter) > 0.1


@pytest.fixture(scope="module")
def long_run(prepared_folder, tmp_path_factory):
    """Adapters that have learned GOLD by heart."""
    changes = {STEPS: 60, "training.eval_frequency": 20, "training.dropout": 0.0}
    changes |= {"training.batcher.size": 4, f"{NER}.model.lora_rank": 16}
    changes |= {f"{OPTIMIZER}.learn_rate.total_steps": 200}
    output = tmp_path_factory.mktemp("long_run")
    assert train(prepared_folder(changes), output) == 0
    return output


@pytest.mark.parametrize("which", ["adapter-last", "adapter-best"])
def test_spacy_padellm_reads_with_the_adapter(make_nlp, long_run, which):
    nlp = make_nlp(model={"adapter": str(long_run / which)}, windows={"max_tokens": 9})
    assert nlp.get_pipe("padellm_ner").labels == ("PERSON", "LOC")
    assert [found(nlp(text)) for text, _ in GOLD] == [entities for _, entities in GOLD]


def test_training_in_spacy_goes_on_from_the_adapter(by_spacy, long_run):
    changes = {f"{NER}.model.adapter": str(long_run / "adapter-last")}
    changes |= {f"{OPTIMIZER}.use_averages": False, "training.dropout": 0.0}
    changes |= {f"{OPTIMIZER}.learn_rate.initial_rate": 0.0}
    nlp = spacy.load(by_spacy(changes))
    assert [found(nlp(text)) for text, _ in GOLD] == [entities for _, entities in GOLD]


def test_a_config_of_another_device_and_dtype_trains_float32_weights(
    prepared_folder, tmp_path
):
    """As on a GPU: the base in bfloat16, the adapter in float32."""
    changes = {
        f"{NER}.model.device": "cuda",
        f"{NER}.model.dtype": "bfloat16",
        STEPS: 1,
    }
    assert train(prepared_folder(changes), tmp_path) == 0
    dtypes = {dtype for dtype, _ in header(tmp_path / "adapter-last").values()}
    assert dtypes == {"F32"}

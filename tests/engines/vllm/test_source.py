"""The settings of the engine, and where texts may be sent."""

import copy
import os
import pickle

import pytest

from spacy_padellm.engines.vllm.server import Address
from spacy_padellm.engines.vllm.source import build_vllm_v1

from .conftest import TokenizerAlone


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8000", "http://localhost:8000/", "http://localhost:8000/v1/"],
)
def test_a_url_may_have_the_path_of_the_interface(url):
    assert build_vllm_v1(url=url, model="m").url == "http://localhost:8000"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": "localhost:8000"}, r"\[E354\] url .*'localhost:8000'.* http://"),
        ({"url": "file:///etc/passwd"}, r"\[E354\] url"),
        ({"url": ""}, r"\[E354\] url"),
        ({"timeout": 0}, r"\[E354\] timeout of the engine is 0, .* at least 0.001"),
        ({"timeout": True}, r"\[E354\] timeout"),
        ({"timeout": "1"}, r"\[E354\] timeout"),
        ({"timeout": float("inf")}, r"\[E354\] timeout"),
        ({"max_retries": -1}, r"\[E354\] max_retries of the engine is -1"),
        ({"max_requests": 0}, r"\[E502\] max_requests is 0"),
    ],
)
def test_a_wrong_setting_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        build_vllm_v1(**({"url": "http://localhost", "model": "m"} | settings))


def test_texts_are_only_sent_where_the_environment_says(monkeypatch):
    """A pipeline's config may come from anybody."""
    address = Address("http://gpu7.example:8000")
    monkeypatch.delenv("SPACY_PADELLM_SERVERS", raising=False)
    for local in ("http://localhost:1", "http://127.0.0.1:1", "https://[::1]:1"):
        Address(local).check_consent()
    for named in ("", "gpu7", "example", "gpu71.example", "*"):
        monkeypatch.setenv("SPACY_PADELLM_SERVERS", named)
        with pytest.raises(ValueError, match=r"\[E353\].*SERVERS=gpu7.example in the"):
            address.check_consent()
    monkeypatch.setenv("SPACY_PADELLM_SERVERS", "other, gpu7.example")
    address.check_consent()
    with pytest.raises(ValueError, match=r"\[E353\]"):
        Address("http://gpu7.example@evil.example").check_consent()


def test_nothing_is_sent_without_consent(monkeypatch, tiny_tokenizer):
    monkeypatch.setenv("KEY", "secret")
    source = build_vllm_v1(url="http://gpu7.example", model="m", api_key_env="KEY")
    with pytest.raises(ValueError, match=r"\[E353\]"):
        source.open(TokenizerAlone(tiny_tokenizer), None)


def test_an_engine_is_kept_and_copies_open_their_own(server, tiny_tokenizer):
    source = build_vllm_v1(url=server.url, model="tiny")
    model = TokenizerAlone(tiny_tokenizer)
    engine = source.open(model, None)
    asked = len(server.asked)
    assert source.open(model, None) is engine and len(server.asked) == asked
    for twin in (copy.deepcopy(source), pickle.loads(pickle.dumps(source))):
        assert (twin.url, twin.model) == (source.url, source.model)
        assert twin.open(model, None) is not engine


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_opens_its_own(server, tiny_tokenizer):
    source = build_vllm_v1(url=server.url, model="tiny")
    model = TokenizerAlone(tiny_tokenizer)
    engine = source.open(model, None)
    child = os.fork()
    if not child:
        os._exit(0 if source.open(model, None) is not engine else 1)
    assert os.waitpid(child, 0)[1] == 0

"""A server with the tiny base, and the engine that asks it."""

import pytest
from transformers import AutoTokenizer

from spacy_padellm.engines.vllm.source import build_vllm_v1

from ...served import FakeServer, running


class TokenizerAlone:
    """All that the engine needs of a component's model."""

    def __init__(self, tokenizer):
        self.tokenizer_alone = tokenizer


@pytest.fixture
def server(tiny_model, tiny_base):
    tokenizer = AutoTokenizer.from_pretrained(tiny_base)
    with running(FakeServer({"tiny": tiny_model}, tokenizer)) as server:
        yield server


@pytest.fixture
def open_engine(server, tiny_tokenizer, monkeypatch):
    """A function that opens an engine; retries come at once."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)

    def open_engine(adapter=None, **settings):
        settings = {"url": server.url, "model": "tiny", "max_retries": 1} | settings
        source = build_vllm_v1(**settings)
        return source.open(TokenizerAlone(tiny_tokenizer), adapter)

    return open_engine

"""The engine and the slow version that it is compared with."""

import pytest

from .plain import PlainSession


@pytest.fixture(scope="module")
def engine(tiny_base, tiny_tokenizer):
    """The packed engine, in float32 on the tiny base alone."""
    import torch

    from spacy_padellm.engines.transformers import TransformersEngine
    from spacy_padellm.models.lora import AdaptedLM
    from spacy_padellm.models.shared_base import SharedBase

    base = SharedBase.open(
        tiny_base, device="cpu", dtype=torch.float32, trust_remote_code=False
    )
    return TransformersEngine(AdaptedLM.plain(base), tiny_tokenizer)


@pytest.fixture(scope="module")
def plain(tiny_model, tiny_tokenizer):
    """A session that completes each branch by itself."""
    return PlainSession(tiny_model, tiny_tokenizer)

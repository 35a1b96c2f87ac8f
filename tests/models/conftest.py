"""Models of spacy_padellm.CausalLM.v1 on the tiny base."""

import pytest


@pytest.fixture
def build(tiny_base):
    """A model on the tiny base, its adapter as if trained, from seed 0."""

    import torch

    from spacy_padellm.models.architectures import build_causal_lm_v1
    from spacy_padellm.models.shim import causal_lm_shim

    def build(seed=0, **settings):
        model = build_causal_lm_v1(
            **({"base": str(tiny_base), "lora_rank": 4} | settings)
        )
        torch.manual_seed(seed)
        shim = causal_lm_shim(model)
        shim.initialize()
        with torch.no_grad():
            for parameter in shim.lm.parameters().values():
                parameter.normal_(std=0.05)
        return model

    return build

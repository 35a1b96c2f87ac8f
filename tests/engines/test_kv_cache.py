"""The append-only cache holds what transformers' own holds, without copying it."""

import pytest
import torch
from transformers import DynamicCache

from spacy_padellm.engines.kv_cache import append_only_cache

CHUNKS = (5, 1, 1, 7, 1, 30, 2)


def states(tokens, batch=2, heads=3, width=4):
    return torch.randn(batch, heads, tokens, width)


def test_it_gives_what_dynamic_cache_gives():
    torch.manual_seed(0)
    ours, theirs = append_only_cache(2), DynamicCache()
    for tokens in CHUNKS:
        for layer in (0, 1):
            new = states(tokens), states(tokens)
            found = ours.update(*new, layer)
            expected = theirs.update(*new, layer)
            assert all(map(torch.equal, found, expected))
        assert ours.get_seq_length() == theirs.get_seq_length()
        assert ours.get_mask_sizes(3, 0) == theirs.get_mask_sizes(3, 0)


def test_what_was_read_before_stays_as_it_was():
    cache = append_only_cache(1)
    read = []
    for tokens in CHUNKS:
        keys, values = cache.update(states(tokens), states(tokens), 0)
        read.append((keys, keys.clone(), values, values.clone()))
    for keys, kept_keys, values, kept_values in read:
        assert torch.equal(keys, kept_keys) and torch.equal(values, kept_values)


def test_its_buffers_grow_by_doubling():
    cache = append_only_cache(1)
    places = [cache.update(states(1), states(1), 0)[0].data_ptr() for _ in range(64)]
    moves = sum(one != other for one, other in zip(places, places[1:], strict=False))
    assert moves <= 6


@pytest.mark.parametrize("cut", [1, 6, 11])
@torch.inference_mode()
def test_a_model_reads_on_from_it(tiny_model, cut):
    torch.manual_seed(0)
    ids = torch.randint(3, 300, (2, 12))
    whole = tiny_model(input_ids=ids).logits[:, cut:]
    for cache in (append_only_cache(2), DynamicCache(config=tiny_model.config)):
        tiny_model(input_ids=ids[:, :cut], past_key_values=cache)
        rest = tiny_model(input_ids=ids[:, cut:], past_key_values=cache).logits
        assert torch.allclose(rest, whole, atol=1e-4)

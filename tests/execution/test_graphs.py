"""Passes in graphs give what a fused decoder gives. Without a GPU, what stands for a
graph runs the same function again, on the same memory."""

import pytest
import torch

from spacy_padellm.adapters.adapted import AdaptedLM
from spacy_padellm.engines.kv_cache import append_only_cache
from spacy_padellm.execution import graphs
from spacy_padellm.execution.decoding import Decoding, DecodingSettings
from spacy_padellm.execution.fused import fused_base
from spacy_padellm.execution.graphs import GraphedDecoder, can_record, padded

from .test_fused import SHAPE, adapted, decoder_of, new_base

LAYERS = SHAPE["num_hidden_layers"]


class Recorded:
    """Records functions, and counts how often each is run again."""

    def __init__(self):
        self.replays = []

    def __call__(self, run):
        written, number = run(), len(self.replays)
        self.replays.append(0)

        def replay():
            self.replays[number] += 1
            written.copy_(run())

        return replay, written


@pytest.fixture(params=["llama", "gemma3"])
def fused(request):
    lm = adapted(new_base(request.param))
    decoder = fused_base(lm.base).decoder(lm.name, merge=False)
    with torch.inference_mode():
        yield decoder


def passes(*sizes, rows=1, seed=0):
    """Random passes of a forest: ids, positions and mask of each."""
    torch.manual_seed(seed)
    end = 0
    positions = torch.randint(20, (rows, sum(sizes)))
    for size in sizes:
        end += size
        mask = torch.rand(rows, size, end) < 0.5
        mask[:, :, -size:] |= torch.eye(size, dtype=torch.bool)
        ids = torch.randint(SHAPE["vocab_size"], (rows, size))
        yield ids, positions[:, :end], mask


def read(decoder, given, cache=None):
    cache = append_only_cache(LAYERS) if cache is None else cache
    return torch.cat([decoder.hidden(*one, cache) for one in given], dim=1)


def assert_same(decoder, fused, *sizes, **settings):
    given = list(passes(*sizes, **settings))
    torch.testing.assert_close(
        read(decoder, given), read(fused, given), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize(
    "sizes", [(8,), (1,), (5, 1, 3), (30, 9, 2, 2, 17), (200, 40, 40, 3)]
)
def test_passes_are_the_same(fused, sizes):
    recorded = Recorded()
    assert_same(GraphedDecoder(fused, recorded), fused, *sizes)
    assert sum(recorded.replays) == len(sizes)


def test_a_graph_serves_all_passes_of_like_size(fused):
    recorded = Recorded()
    decoder = GraphedDecoder(fused, recorded)
    for seed, sizes in enumerate([(7, 5, 6), (8, 8), (5, 7, 7, 8)]):
        assert_same(decoder, fused, *sizes, seed=seed)
    assert recorded.replays == [9]


def test_nothing_is_left_of_earlier_texts(fused, monkeypatch):
    """Not even numbers that no product survives."""
    decoder = GraphedDecoder(fused, Recorded())
    assert_same(decoder, fused, 20, 9)
    for layer in decoder._layers:
        layer.keys[:, :, 40:] = layer.values[:, :, 40:] = 1e30
    assert_same(decoder, fused, 3, 2, seed=1)


def test_numbers_that_are_not_finite_stay_in_their_text(fused):
    """Masked slots are multiplied by 0, which leaves a NaN a NaN."""
    decoder = GraphedDecoder(fused, Recorded())
    cache = append_only_cache(LAYERS)
    read(decoder, passes(40), cache)
    for layer in decoder._layers:
        layer.keys[:, :, :40] = layer.values[:, :, :40] = float("nan")
    del cache
    assert_same(decoder, fused, 3, 2, seed=1)


def test_what_a_pass_gave_stays_as_it_was(fused):
    decoder = GraphedDecoder(fused, Recorded())
    cache = append_only_cache(LAYERS)
    first, second = passes(8, 8)
    given = decoder.hidden(*first, cache)
    kept = given.clone()
    decoder.hidden(*second, cache)
    assert torch.equal(given, kept)


@pytest.mark.parametrize(
    "sizes, replays",
    [((40,), 0), ((40, 3, 3), 2), ((3, 40, 3), 2), ((20, 20, 20, 9, 3), 2)],
    ids=["too many tokens", "at first", "later", "too many slots"],
)
def test_large_passes_go_without(fused, monkeypatch, sizes, replays):
    for name, value in {"MAX_TOKENS": 32, "SLOT_STEP": 32, "MAX_SLOTS": 64}.items():
        monkeypatch.setattr(graphs, name, value)
    recorded = Recorded()
    assert_same(GraphedDecoder(fused, recorded), fused, *sizes)
    assert sum(recorded.replays) == replays


def test_batches_of_several_rows_go_without(fused):
    recorded = Recorded()
    assert_same(GraphedDecoder(fused, recorded), fused, 9, 3, rows=2)
    assert recorded.replays == []


def test_a_second_cache_beside_the_first_goes_without(fused):
    recorded = Recorded()
    decoder = GraphedDecoder(fused, recorded)
    one, other = (list(passes(9, 3, seed=seed)) for seed in (0, 1))
    caches = append_only_cache(LAYERS), append_only_cache(LAYERS)
    found = [
        decoder.hidden(*given, cache)
        for pair in zip(one, other, strict=True)
        for given, cache in zip(pair, caches, strict=True)
    ]
    assert sum(recorded.replays) == 2
    for given, mine in ((one, found[::2]), (other, found[1::2])):
        torch.testing.assert_close(torch.cat(mine, dim=1), read(fused, given))
    del caches
    assert_same(decoder, fused, 9, 3)
    assert sum(recorded.replays) == 4


def test_padding_is_counted(fused):
    decoder = GraphedDecoder(fused, Recorded())
    assert [padded(n) for n in (1, 8, 9, 64, 65)] == [8, 8, 16, 64, 128]
    assert decoder.computed_tokens(1, 9, 9) == 16
    assert decoder.computed_tokens(1, 300, 290) == 290
    assert decoder.computed_tokens(4, 9, 30) == 30
    assert fused.computed_tokens(4, 9, 30) == 30


def test_the_setting_is_for_cuda_alone():
    lm = AdaptedLM.plain(new_base())
    settings = DecodingSettings(graphs=True)
    assert not isinstance(Decoding(lm, settings).current().decoder, GraphedDecoder)


def test_positions_that_wait_are_not_recorded(fused, monkeypatch):
    assert can_record(fused)
    for rope in ("dynamic", {"full_attention": "default", "another": "dynamic"}):
        monkeypatch.setattr(fused.body.rotary_emb, "rope_type", rope)
        assert not can_record(fused)


@pytest.mark.gpu
@pytest.mark.parametrize("kind", ["llama", "gemma3"])
def test_passes_are_the_same_on_a_gpu(kind):
    base = new_base(kind)
    lm = adapted(base)
    base.model.to("cuda")
    fused = decoder_of(lm)
    decoder = decoder_of(lm, graphs=True)
    assert isinstance(decoder, GraphedDecoder)
    with torch.inference_mode():
        for seed, sizes in enumerate([(30, 9, 2), (31, 8, 3), (300, 5), (9,)]):
            given = [
                tuple(tensor.cuda() for tensor in one)
                for one in passes(*sizes, seed=seed)
            ]
            torch.testing.assert_close(
                read(decoder, given), read(fused, given), atol=1e-4, rtol=1e-4
            )
    assert decoder._graphs

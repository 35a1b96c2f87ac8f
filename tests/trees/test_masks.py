"""A sliding window counts positions, not columns."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_padellm.trees.masks import limited


@given(seed=st.integers(0, 1000), cached=st.integers(0, 5), window=st.integers(1, 9))
def test_it_is_the_slow_rule(seed, cached, window):
    torch.manual_seed(seed)
    mask = torch.rand(2, 4, cached + 4) < 0.7
    positions = torch.randint(10, (2, cached + 4))
    found = limited(mask, positions, window)
    for row in range(2):
        for token in range(4):
            for other in range(cached + 4):
                own = positions[row, cached + token]
                near = abs(int(own - positions[row, other])) < window
                expected = bool(mask[row, token, other]) and near
                assert bool(found[row, token, other]) == expected


def test_nothing_is_cut_of_short_texts():
    mask = torch.ones(1, 6, 6).tril().bool()
    positions = torch.arange(6)[None]
    assert torch.equal(limited(mask, positions, 6), mask)
    assert limited(mask, positions, 5).sum() == mask.sum() - 1

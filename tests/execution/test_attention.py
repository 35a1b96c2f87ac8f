"""Attention: the kernel and what is faster than it give the same."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from spacy_padellm.execution import attention as attention_module
from spacy_padellm.execution.attention import FEW_KEYS, attend


def problem(batch, n_queries, n_keys, dtype):
    torch.manual_seed(0)
    q, keys, values = (
        torch.randn(batch, 2, n, 16).to(dtype).requires_grad_()
        for n in (n_queries, n_keys, n_keys)
    )
    hidden = torch.rand(batch, 1, n_queries, n_keys) < 0.3
    hidden[..., 0] = False
    bias = torch.zeros(hidden.shape).masked_fill_(hidden, torch.finfo(dtype).min)
    return q, keys, values, bias.to(dtype)


def solved(solve, q, keys, values, bias):
    """What is attended, and the gradients of q, keys and values."""
    out = solve(q, keys, values, bias)
    return out, *torch.autograd.grad(out.square().sum(), (q, keys, values))


@pytest.mark.parametrize(
    ("dtype", "close"), [(torch.float32, 1e-5), (torch.bfloat16, 5e-2)]
)
@pytest.mark.parametrize("n_keys", [7, FEW_KEYS, FEW_KEYS + 1])
@pytest.mark.parametrize("batch", [1, 3])
def test_it_is_softmax_attention(batch, n_keys, dtype, close):
    given = problem(batch, 6, n_keys, dtype)
    found = solved(lambda *a: attend(*a, 0.25), *given)
    exact = solved(
        lambda q, k, v, bias: scaled_dot_product_attention(
            q, k, v, attn_mask=bias, scale=0.25
        ),
        *(one.detach().double().requires_grad_() for one in given[:3]),
        given[3].double(),
    )
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == dtype
        torch.testing.assert_close(one.double(), other, atol=close, rtol=close)


@pytest.mark.parametrize(
    ("dtype", "batch", "n_keys", "learns", "kernel"),
    [
        (torch.bfloat16, 2, FEW_KEYS, False, False),
        (torch.bfloat16, 1, FEW_KEYS, True, False),
        (torch.bfloat16, 1, FEW_KEYS, False, True),
        (torch.bfloat16, 2, FEW_KEYS + 1, True, True),
        (torch.float32, 2, FEW_KEYS, True, True),
    ],
)
def test_the_kernel_is_used_where_it_is_faster(
    dtype, batch, n_keys, learns, kernel, monkeypatch
):
    used = []

    def spy(*args, **kwargs):
        used.append(True)
        return scaled_dot_product_attention(*args, **kwargs)

    monkeypatch.setattr(attention_module, "scaled_dot_product_attention", spy)
    q, keys, values, bias = problem(batch, 6, n_keys, dtype)
    with torch.set_grad_enabled(learns):
        attend(q if learns else q.detach(), keys, values, bias, 0.25)
    assert bool(used) == kernel

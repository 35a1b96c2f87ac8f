"""Steps and averages are thinc's, on any gradients and at any rates."""

import numpy as np
import pytest
import torch
from thinc.api import Adam, decaying, warmup_linear

from spacy_padellm.training.optimizer import AveragedAdam
from spacy_padellm.training.steps import Rates

# thinc's 1 - 0.999 is one of float32, off by 5e-5.
CLOSE = {"rtol": 1e-4, "atol": 2e-5}
SHAPES = {"one": (3, 4), "two": (7,), "three": (2, 2)}


def rates_of(optimizer) -> Rates:
    names = ("learn_rate", "b1", "b2", "eps", "L2", "grad_clip")
    return Rates(*(getattr(optimizer, name) for name in names), 0.0)


def start(generator) -> dict[str, np.ndarray]:
    return {
        name: generator.normal(size=shape).astype("float32")
        for name, shape in SHAPES.items()
    }


@pytest.mark.parametrize("use_averages", [True, False])
@pytest.mark.parametrize("grad_clip", [0.0, 0.5])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("l2_is_weight_decay", [True, False])
@pytest.mark.parametrize("eps", [1e-8, 0.01])
def test_it_is_thinc_s_adam(use_averages, grad_clip, l2, l2_is_weight_decay, eps):
    generator = np.random.default_rng(0)
    expected = start(generator)
    parameters = {
        name: torch.nn.Parameter(torch.from_numpy(values.copy()))
        for name, values in expected.items()
    }
    thinc = Adam(
        warmup_linear(0.1, 3, 30),
        beta1=decaying(0.9, 0.01),
        eps=eps,
        L2=l2,
        L2_is_weight_decay=l2_is_weight_decay,
        grad_clip=grad_clip,
        use_averages=use_averages,
    )
    ours = AveragedAdam(
        parameters, use_averages=use_averages, l2_is_weight_decay=l2_is_weight_decay
    )
    for number in range(25):
        gradients = {
            name: generator.normal(scale=10.0 ** -(number % 5), size=shape)
            for name, shape in SHAPES.items()
            # one that the loss does not depend on
            if name != "three"
        }
        rates = rates_of(thinc)
        for name, gradient in gradients.items():
            gradient = gradient.astype("float32")
            parameters[name].grad = torch.from_numpy(gradient * 4)
            expected[name], _ = thinc((1, name), expected[name], gradient.copy())
        ours.step(rates, weight_sum=4.0)
        thinc.step_schedules()
        assert all(parameter.grad is None for parameter in parameters.values())
        for name, values in expected.items():
            found = parameters[name].detach().numpy()
            np.testing.assert_allclose(found, values, **CLOSE)
    with ours.averaged():
        for name, values in expected.items():
            average = (thinc.averages or {}).get((1, name), values)
            found = parameters[name].detach().numpy()
            np.testing.assert_allclose(found, average, **CLOSE)
    for name, values in expected.items():
        found = parameters[name].detach().numpy()
        np.testing.assert_allclose(found, values, **CLOSE)


def test_averages_are_put_back_after_an_error():
    parameter = torch.nn.Parameter(torch.ones(2))
    adam = AveragedAdam({"one": parameter}, use_averages=True, l2_is_weight_decay=True)
    parameter.grad = torch.ones(2)
    adam.step(Rates(0.1, 0.9, 0.999, 1e-8, 0.0, 1.0, 0.0), 1.0)
    raw = parameter.detach().clone()
    with pytest.raises(RuntimeError), adam.averaged():
        assert not torch.equal(parameter, raw)
        raise RuntimeError
    assert torch.equal(parameter, raw)

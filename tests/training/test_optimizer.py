"""Steps and averages are thinc's, on any gradients and at any rates."""

import numpy as np
import pytest
import torch
from thinc.api import SGD, Adam, RAdam, decaying, warmup_linear

from spacy_padellm.training.optimizer import DeviceOptimizer

CLOSE = {"rtol": 1e-5, "atol": 2e-6}
SHAPES = {"one": (3, 4), "two": (7,), "three": (2, 2)}


def start(generator) -> dict[str, np.ndarray]:
    return {
        name: generator.normal(size=shape).astype("float32")
        for name, shape in SHAPES.items()
    }


@pytest.mark.parametrize("kind", [Adam, SGD])
@pytest.mark.parametrize("use_averages", [True, False])
@pytest.mark.parametrize("grad_clip", [0.0, 0.5])
@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("l2_is_weight_decay", [True, False])
@pytest.mark.parametrize("eps", [1e-8, 0.01])
def test_it_takes_thinc_s_steps(
    kind, use_averages, grad_clip, l2, l2_is_weight_decay, eps
):
    generator = np.random.default_rng(0)
    expected = start(generator)
    parameters = {
        name: torch.nn.Parameter(torch.from_numpy(values.copy()))
        for name, values in expected.items()
    }

    def new():
        settings = {"beta1": decaying(0.9, 0.01), "eps": eps} if kind is Adam else {}
        return kind(
            warmup_linear(0.1, 3, 30),
            L2=l2,
            L2_is_weight_decay=l2_is_weight_decay,
            grad_clip=grad_clip,
            use_averages=use_averages,
            **settings,
        )

    thinc, rates = new(), new()
    ours = DeviceOptimizer(rates, parameters, key=5)
    for number in range(25):
        gradients = {
            name: generator.normal(scale=10.0 ** -(number % 5), size=shape)
            for name, shape in SHAPES.items()
            # one that the loss does not depend on
            if name != "three"
        }
        for name, gradient in gradients.items():
            gradient = gradient.astype("float32")
            parameters[name].grad = torch.from_numpy(gradient * 4)
            expected[name], _ = thinc((1, name), expected[name], gradient.copy())
        ours.step(weight_sum=4.0)
        thinc.step_schedules()
        rates.step_schedules()
        assert all(parameter.grad is None for parameter in parameters.values())
        for name, values in expected.items():
            found = parameters[name].detach().numpy()
            np.testing.assert_allclose(found, values, **CLOSE)
    assert (rates.averages is None) == (not use_averages)
    for name in gradients if use_averages else ():
        found = rates.averages[5, name].numpy()
        np.testing.assert_allclose(found, thinc.averages[1, name], **CLOSE)


def test_another_kind_is_refused():
    parameter = torch.nn.Parameter(torch.ones(2))
    with pytest.raises(ValueError, match='E641.*"Adam.v1" or "SGD.v1"'):
        DeviceOptimizer(RAdam(0.1), {"one": parameter}, key=1)

"""The steps of thinc's optimizer, taken by torch on the parameters' own device."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from thinc.api import Optimizer

from ..errors import Errors


class DeviceOptimizer:
    """Takes the steps that a thinc `Adam.v1` or `SGD.v1` would take.

    thinc's own works on numpy or CuPy arrays, so that each step would copy all
    parameters from their device and back. Rates, schedules and the dict of averages
    stay thinc's: spaCy advances the ones and reads the other.

    thinc's Adam differs from torch's: each tensor's gradient is clipped by itself,
    `eps` is added before the second moment's bias is corrected, weight decay comes
    after the step, and moving averages of the weights are kept. spaCy evaluates and
    saves these.

    optimizer: whose rates are used, as they are when a step is taken.
    parameters: by name. key: of the model, the first part of thinc's keys.

    ValueError (E641): a thinc optimizer of another kind.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        parameters: Mapping[str, torch.nn.Parameter],
        key: int,
    ) -> None:
        self.optimizer = optimizer
        self.parameters = dict(parameters)
        self.key = key
        self.updates = 0
        is_adam = optimizer.b1 > 0 and optimizer.b2 > 0
        if optimizer.use_radam or not (is_adam or optimizer.b1 == optimizer.b2 == 0):
            raise ValueError(Errors.E641)
        kind = torch.optim.Adam if is_adam else torch.optim.SGD
        self._torch = kind(self.parameters.values(), lr=optimizer.learn_rate)

    @torch.no_grad()
    def step(self, weight_sum: float) -> None:
        """Update the parameters, and clear their gradients.

        weight_sum: of all targets; the gradients are those of the summed loss.
        """
        self.updates += 1
        rates = self.optimizer
        self._set_rates()
        learning = {
            name: parameter
            for name, parameter in self.parameters.items()
            if parameter.grad is not None
        }
        for parameter in learning.values():
            gradient = parameter.grad.div_(weight_sum)
            if rates.L2 and not rates.L2_is_weight_decay:
                gradient.add_(parameter, alpha=rates.L2)
            if rates.grad_clip:
                norm = gradient.norm().clamp(min=rates.grad_clip)
                gradient.mul_(rates.grad_clip / norm)
        self._torch.step()
        self._torch.zero_grad(set_to_none=True)
        for name, parameter in learning.items():
            if rates.L2 and rates.L2_is_weight_decay:
                parameter.mul_(1.0 - rates.learn_rate * rates.L2)
            if rates.averages is not None:
                self._update_average(name, parameter)

    def state(self) -> dict[str, Any]:
        """Copies of the moments and averages."""
        averages = self.optimizer.averages or {}
        return {
            "updates": self.updates,
            "torch": copy.deepcopy(self._torch.state_dict()),
            "averages": {
                name: averages[self.key, name].clone()
                for name in self.parameters
                if (self.key, name) in averages
            },
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.updates = state["updates"]
        self._torch.load_state_dict(state["torch"])
        if self.optimizer.averages is not None:
            for name, average in state["averages"].items():
                device = self.parameters[name].device
                self.optimizer.averages[self.key, name] = average.to(device)

    def _set_rates(self) -> None:
        rates, [group] = self.optimizer, self._torch.param_groups
        group["lr"] = rates.learn_rate
        if "betas" in group:
            # thinc's moments take betas as float32, its bias corrections do not
            b1, b2 = (float(np.float32(beta)) for beta in (rates.b1, rates.b2))
            fix1, fix2 = _bias_corrections(rates.b1, rates.b2, self.updates)
            torch1, torch2 = _bias_corrections(b1, b2, self.updates)
            group["betas"] = (b1, b2)
            group["lr"] *= (fix2 / torch2) ** 0.5 * torch1 / fix1
            group["eps"] = rates.eps / torch2**0.5

    def _update_average(self, name: str, parameter: torch.nn.Parameter) -> None:
        averages = self.optimizer.averages
        if (self.key, name) not in averages:
            averages[self.key, name] = torch.zeros_like(parameter, requires_grad=False)
        decay = min((1.0 + self.updates) / (10.0 + self.updates), 0.9999)
        averages[self.key, name].lerp_(parameter.detach(), 1.0 - decay)


def _bias_corrections(b1: float, b2: float, updates: int) -> tuple[float, float]:
    return 1.0 - b1**updates, 1.0 - b2**updates

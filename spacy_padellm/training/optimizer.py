"""thinc's Adam with its averages, by torch's: on the parameters' own device."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from .steps import Rates


class AveragedAdam:
    """Takes the steps that thinc's `Adam.v1` would take, as spaCy's training calls it.

    What differs from torch's own: each tensor's gradient is clipped by itself, `eps` is
    added before the second moment's bias is corrected, weight decay comes after the
    step, and the weights' moving averages are kept. They are what spaCy saves.

    averages: of each parameter, from its first step on; None without `use_averages`.
    """

    def __init__(
        self,
        parameters: Mapping[str, torch.nn.Parameter],
        *,
        use_averages: bool,
        l2_is_weight_decay: bool,
    ) -> None:
        self.parameters = dict(parameters)
        self.averages: dict[str, torch.Tensor] | None = {} if use_averages else None
        self.l2_is_weight_decay = l2_is_weight_decay
        self.updates = 0
        self._adam = torch.optim.Adam(self.parameters.values())

    def clear(self) -> None:
        """Forget the gradients."""
        self._adam.zero_grad(set_to_none=True)

    @torch.no_grad()
    def step(self, rates: Rates, weight_sum: float) -> None:
        """Update the parameters, and clear their gradients.

        weight_sum: of all targets; the gradients are those of the summed loss.
        """
        self.updates += 1
        [group] = self._adam.param_groups
        group["lr"] = rates.learn_rate
        group["betas"] = (rates.b1, rates.b2)
        group["eps"] = rates.eps / (1.0 - rates.b2**self.updates) ** 0.5
        learning = {
            name: parameter
            for name, parameter in self.parameters.items()
            if parameter.grad is not None
        }
        for parameter in learning.values():
            gradient = parameter.grad.div_(weight_sum)
            if rates.L2 and not self.l2_is_weight_decay:
                gradient.add_(parameter, alpha=rates.L2)
            if rates.grad_clip:
                length = gradient.norm().clamp(min=rates.grad_clip)
                gradient.mul_(rates.grad_clip / length)
        self._adam.step()
        for name, parameter in learning.items():
            if rates.L2 and self.l2_is_weight_decay:
                parameter.mul_(1.0 - rates.learn_rate * rates.L2)
            if self.averages is not None:
                self._update_average(name, parameter)
        self.clear()

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """With the averages in the parameters' place."""
        averages = self.averages or {}
        backup = {}
        with torch.no_grad():
            for name, average in averages.items():
                backup[name] = self.parameters[name].detach().clone()
                self.parameters[name].copy_(average)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, values in backup.items():
                    self.parameters[name].copy_(values)

    def state(self) -> dict[str, Any]:
        """The parameters and all that the next step depends on."""
        return {
            "parameters": {
                name: parameter.detach() for name, parameter in self.parameters.items()
            },
            "averages": self.averages,
            "updates": self.updates,
            "adam": self._adam.state_dict(),
        }

    @torch.no_grad()
    def load_state(self, state: dict[str, Any]) -> None:
        for name, parameter in self.parameters.items():
            parameter.copy_(state["parameters"][name])
        if self.averages is not None:
            self.averages = {
                name: average.to(self.parameters[name].device)
                for name, average in state["averages"].items()
            }
        self.updates = state["updates"]
        self._adam.load_state_dict(state["adam"])

    def _update_average(self, name: str, parameter: torch.Tensor) -> None:
        if name not in self.averages:
            self.averages[name] = torch.zeros_like(parameter)
        decay = min((1.0 + self.updates) / (10.0 + self.updates), 0.9999)
        self.averages[name].lerp_(parameter, 1.0 - decay)

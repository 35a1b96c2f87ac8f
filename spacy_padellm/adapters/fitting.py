"""Whether an adapter's tensors fit the base, and can be computed with."""

from collections.abc import Mapping, Sequence

import torch
from safetensors.torch import load

from ..errors import Errors
from .files import Adapter
from .pointer_head import PointerHead
from .tensors import tensor_faults


class NotFitting(ValueError):
    """An adapter does not fit the base (E325), or is damaged (E335)."""


def read_head(adapter: Adapter, width: int, source: str) -> PointerHead | None:
    """The adapter's head with its tensors, if it has one. width: of hidden states."""
    if adapter.card.head is None:
        return None
    tensors = load(adapter.head)
    check_finite(tensors, source)
    size = adapter.card.head.size
    with torch.device("meta"):  # its size may be anything
        expected = PointerHead(width, size).state_dict()
    check_fit(tensor_faults(expected, tensors), source)
    head = PointerHead(width, size)
    head.load_state_dict(tensors)
    return head


def check_fit(faults: Sequence[str], source: str) -> None:
    if faults:
        shown = "; ".join(faults[:3]) + ("; ..." if len(faults) > 3 else "")
        raise NotFitting(Errors.E325.format(path=source, faults=shown))


def check_finite(tensors: Mapping[str, torch.Tensor], source: str) -> None:
    faulty = [name for name, one in tensors.items() if not one.isfinite().all()]
    if faulty:
        shown = ", ".join(faulty[:3]) + (", ..." if len(faulty) > 3 else "")
        raise NotFitting(Errors.E335.format(path=source, tensors=shown))

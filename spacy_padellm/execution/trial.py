"""Tries whether a base computes what this package expects of a transformer.

Kinds of which nothing else is known are tried: layers of convolution, Mamba or linear
attention ignore the mask of a packed tree, others count positions by themselves or have
an embedding for each, and some change the logits of their output layer in ways of their
own.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch

from ..adapters.adapted import AdaptedLM
from ..adapters.shared_base import SharedBase
from ..errors import Errors
from ..trees.batching import DoesNotFit
from ..trees.masks import ancestors
from .memory import memory_checked

# The tree: two tokens, and two branches of two tokens each behind them.
ENDS = (6, 6, 4, 4, 6, 6)
POSITIONS = (0, 1, 2, 3, 2, 3)
FIRST, SECOND = slice(2, 4), slice(4, 6)

# The largest difference, as a share. Tokens that are hidden change nothing, but for the
# noise of a GPU's sums. Passes of other shapes are rounded in other ways.
UNSEEN, ROUNDED = 1e-3, 0.2

# what is wrong with a base that was tried, "" if nothing is
_TREES: "WeakKeyDictionary[SharedBase, str]" = WeakKeyDictionary()
_POSITIONS: "WeakKeyDictionary[SharedBase, str]" = WeakKeyDictionary()
_LOGITS: "WeakKeyDictionary[SharedBase, str]" = WeakKeyDictionary()


def check_trees(base: SharedBase) -> None:
    """Raises ValueError (E347) if the base does not read packed trees, and DoesNotFit.
    It is tried once."""
    if fault := _tried(base, _TREES, _fault_of_trees):
        raise ValueError(Errors.E347.format(path=_name(base), reason=fault))


def check_positions(decoder: Any, base: SharedBase) -> None:
    """Raises ValueError (E718) unless distances of tokens count, and not where they
    stand, and DoesNotFit. A base whose kind is unknown is tried once."""
    if isinstance(decoder, AdaptedLM):  # fused decoders are for kinds that are known
        if fault := _tried(base, _POSITIONS, _fault_of_positions):
            raise ValueError(Errors.E718.format(path=_name(base), reason=fault))


def check_logits(base: SharedBase) -> None:
    """Raises ValueError (E348) if its logits are not those of `AdaptedLM.logits`, and
    DoesNotFit. It is tried once."""
    if fault := _tried(base, _LOGITS, _fault_of_logits):
        raise ValueError(Errors.E348.format(path=_name(base), reason=fault))


def checked_logits(decoder: Any, hidden: torch.Tensor) -> torch.Tensor:
    """The logits of a decoder. Raises ValueError (E348) where these would be wrong, and
    DoesNotFit."""
    if isinstance(decoder, AdaptedLM):  # fused decoders are for kinds that are known
        check_logits(decoder.base)
    return decoder.logits(hidden)


def _tried(
    base: SharedBase,
    known: "WeakKeyDictionary[SharedBase, str]",
    fault: Callable[[AdaptedLM], str],
) -> str:
    with base.lock:
        if base not in known:
            with torch.inference_mode():
                known[base] = fault(AdaptedLM.plain(base))
        return known[base]


def _name(base: SharedBase) -> str:
    return base.model.name_or_path or base.model.config.model_type


def _fault_of_trees(lm: AdaptedLM) -> str:
    kind = lm.base.model.config.model_type
    ids = _ids(lm)
    others = ids.clone()
    others[:, FIRST] = ids[:, FIRST].flip(1)
    nodes = torch.arange(len(ENDS), device=lm.device)[None]
    positions = torch.tensor([POSITIONS], device=lm.device)
    mask = ancestors(nodes, torch.tensor([ENDS], device=lm.device))
    alone = [0, 1, 4, 5]
    try:
        with memory_checked():
            found = lm.hidden(ids, positions, mask)[:, SECOND]
            changed = lm.hidden(others, positions, mask)[:, SECOND]
            expected = _sequence(lm, ids[:, alone])[:, 2:]
    except DoesNotFit:
        raise
    except Exception as error:  # whatever the base's code raises
        return f"{kind} fails with a tree: {str(error) or repr(error)}"
    if not found.isfinite().all():
        return ""  # as in float16; of each text, an error says so (E511)
    if not _close(found, changed, UNSEEN):
        return f"layers of {kind} ignore the mask of a tree"
    if not _close(found, expected, ROUNDED):
        return f"{kind} reads a branch of a tree in another way than its tokens alone"
    return ""


def _fault_of_positions(lm: AdaptedLM) -> str:
    kind, ids = lm.base.model.config.model_type, _ids(lm)
    with memory_checked():
        expected = _sequence(lm, ids)
        if not expected.isfinite().all():
            return ""
        # later ones first: in a table of positions, a GPU must not look up earlier ones
        for first in (len(ENDS), -len(ENDS)):
            if not _close(_sequence(lm, ids, first), expected, ROUNDED):
                return f"the place of a token in {kind} counts, not only distances"
    return ""


def _fault_of_logits(lm: AdaptedLM) -> str:
    kind, ids = lm.base.model.config.model_type, _ids(lm)
    with memory_checked(), lm.base.active(None):
        found = lm.logits(_sequence(lm, ids)[0])
        expected = lm.base.model(input_ids=ids, use_cache=False).logits[0]
    if not _close(found, expected.float(), ROUNDED):
        return f"{kind} has other logits than its output layer"
    return ""


def _ids(lm: AdaptedLM) -> torch.Tensor:
    """Ids of the tree's tokens, [1, tokens]."""
    vocabulary = lm.base.model.config.get_text_config().vocab_size
    return torch.arange(len(ENDS), device=lm.device)[None] + vocabulary // 2


def _sequence(lm: AdaptedLM, ids: torch.Tensor, first: int = 0) -> torch.Tensor:
    """The hidden states of a sequence, each of whose tokens sees those before it.

    first: the position of the first token.
    """
    n = ids.shape[1]
    mask = torch.ones(1, n, n, dtype=torch.bool, device=lm.device).tril()
    positions = torch.arange(first, first + n, device=lm.device)
    return lm.hidden(ids, positions[None], mask)


def _close(found: torch.Tensor, expected: torch.Tensor, share: float) -> bool:
    found, expected = found.float(), expected.float()
    return bool((found - expected).norm() <= share * expected.norm())

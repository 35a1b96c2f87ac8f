"""Tries whether a base computes what this package expects of a transformer.

Kinds of which nothing else is known are tried: layers of convolution, Mamba or linear
attention ignore the mask of a packed tree, and some kinds scale their logits.
"""

from weakref import WeakKeyDictionary

import torch

from ..adapters.adapted import AdaptedLM
from ..adapters.shared_base import SharedBase
from ..errors import Errors
from ..trees.masks import ancestors

# The tree: two tokens, and two branches of two tokens each behind them.
ENDS = (6, 6, 4, 4, 6, 6)
POSITIONS = (0, 1, 2, 3, 2, 3)
FIRST, SECOND = slice(2, 4), slice(4, 6)

# what is wrong with a base that was tried, "" if nothing is
_FAULTS: "WeakKeyDictionary[SharedBase, str]" = WeakKeyDictionary()


def check_base(base: SharedBase) -> None:
    """Raises ValueError (E347) if the base does not read packed trees, or has other
    logits than `AdaptedLM.logits`. It is tried once. The caller holds its lock."""
    if base not in _FAULTS:
        with torch.inference_mode():
            _FAULTS[base] = _fault(base)
    if fault := _FAULTS[base]:
        name = base.model.name_or_path or base.model.config.model_type
        raise ValueError(Errors.E347.format(path=name, reason=fault))


def _fault(base: SharedBase) -> str:
    lm, kind = AdaptedLM.plain(base), base.model.config.model_type
    vocabulary = base.model.get_input_embeddings().num_embeddings
    nodes = torch.arange(len(ENDS), device=lm.device)[None]
    ids = nodes + vocabulary // 2
    others = ids.clone()
    others[:, FIRST] -= vocabulary // 3
    positions = torch.tensor([POSITIONS], device=lm.device)
    mask = ancestors(nodes, torch.tensor([ENDS], device=lm.device))
    try:
        found = lm.hidden(ids, positions, mask)
        changed = lm.hidden(others, positions, mask)
        # the first branch is a sequence: its tokens come first, and see no others
        logits = lm.logits(found[0, : FIRST.stop])
        expected = base.model(input_ids=ids[:, : FIRST.stop], use_cache=False).logits
    except Exception as error:  # whatever the base's code raises
        return f"{kind} fails with a tree: {str(error) or repr(error)}"
    if not _close(found[:, SECOND], changed[:, SECOND]):
        return f"layers of {kind} ignore the mask of a tree"
    if not _close(logits, expected[0]):
        return f"{kind} scales its logits in a way that is not known"
    return ""


def _close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether they differ by no more than what rounding explains."""
    rounding = torch.finfo(expected.dtype).eps ** 0.5
    return bool((found - expected).abs().max() <= rounding * expected.abs().max())

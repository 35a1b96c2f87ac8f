"""What was saved of a component, put into use beside what the config says now."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from ..adapters.shipped import AUTO, DEFAULT
from ..errors import Warnings
from ..formats.base import Format
from ..labels import label_names
from .adapter_format import check_format
from .adapter_set import AdapterSet
from .config_values import is_unchanged
from .labels import with_labels
from .saving import ADAPTER, NAMED, Saved

logger = logging.getLogger(__name__)


def apply(
    saved: Saved, adapters: AdapterSet, format: Format, exclude: Iterable[str]
) -> None:
    """Use what was saved.

    Labels of the config win over saved ones if they differ from the labels that were
    configured when the component was saved: `spacy.load` was told to override them.
    The same is true of the active adapter, and of an adapter that the config names.
    Where the cfg says that there was an adapter and none was read, the one in use
    stays; where it says that there was none, none is used. Named adapters are those
    that were saved, and those that are in the config and were not when it was saved.
    """
    cfg, mine = saved.cfg, adapters.configured_labels
    overridden = _new_paths(cfg, adapters.configured_paths) & adapters.named.keys()
    adapters.check_names({*saved.named, *overridden})
    of_card = {} if saved.own is None else saved.own.card.labels
    uses_saved = not _names_another(cfg, adapters)
    if saved.own is not None and not uses_saved:
        adapter, card = adapters.own.settings.adapter, adapters.own.card()
        logger.warning(Warnings.W811.format(name=adapters.name, adapter=adapter))
        # labels that were learned are those of the adapter that is not used
        of_card = {} if card is None else card.labels
        first = label_names(cfg.get("given_labels") or of_card)
        labels = with_labels(first, cfg.get("added_labels", {}))
        cfg = {**cfg, "learned_labels": None, "labels": labels}
    if "labels" in cfg and _leaves(mine, cfg.get("configured_labels", mine)):
        adapters.choice(None).restore(cfg, of_card)
    had_none = cfg.get(ADAPTER) is False and ADAPTER not in exclude
    if uses_saved and (saved.own is not None or had_none):
        adapters.own.use_adapter(saved.own, str(saved.source / ADAPTER))
        check_format(adapters.own, format, adapters.name)
    if NAMED in cfg and NAMED not in exclude:
        adapters.forget_all_but({*cfg[NAMED], *overridden})
    for name, adapter in saved.named.items():
        if name in overridden:
            continue
        shim = adapters.from_folder(name, name)
        shim.use_adapter(adapter, str(saved.source / NAMED / name))
        adapters.keep(name, shim)
        check_format(shim, format, adapters.name)
    mine = adapters.configured_active
    if _leaves(mine, cfg.get("configured_active", mine)):
        adapters.active = cfg.get("active_adapter", mine)


def _leaves(now: Any, then: Any) -> bool:
    """Whether the config leaves a setting as it was saved."""
    return now is None or is_unchanged(then, now)


def _names_another(cfg: Mapping[str, Any], adapters: AdapterSet) -> bool:
    """Whether the config names another adapter than when the component was saved."""
    settings = adapters.own.settings
    if settings.adapter in (None, AUTO) or "configured_adapter" not in cfg:
        return False
    then = cfg["configured_adapter"]
    if then == AUTO:  # another name of the default adapter
        then = DEFAULT
    return not is_unchanged(then, settings.adapter)


def _new_paths(cfg: Mapping[str, Any], configured: Mapping[str, str]) -> set[str]:
    """The names of adapters for which the config has another folder than it had when
    the component was saved."""
    then = cfg.get("configured_adapters", {})
    return {
        name
        for name, path in configured.items()
        if not is_unchanged(then.get(name), path)
    }

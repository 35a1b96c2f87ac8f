"""The component on disk and in bytes: its labels and adapters, never the base."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.vocab import Vocab

from ..about import __version__
from ..adapters.files import Adapter, read_adapter, write_adapter
from ..errors import Errors
from ..formats.base import Format
from .adapter_set import AdapterSet

ADAPTER = "adapter"
NAMED = "adapters"
# To be raised when earlier versions can no longer read what is saved.
LAYOUT = 1


@dataclass(slots=True)
class Saved:
    """What a component saves.

    cfg: labels, and which adapters there are. own, named: the adapters.
    source: where it was read, for errors.
    """

    cfg: dict[str, Any] = field(default_factory=dict)
    own: Adapter | None = None
    named: dict[str, Adapter] = field(default_factory=dict)
    source: str = "in the bytes"


def collect(adapters: AdapterSet, format: Format) -> Saved:
    """What is to be saved of a component's adapters."""
    named = {}
    for name, shim in adapters.named.items():
        adapters.check_format(shim, format)
        named[name] = shim.adapter(format.name, adapters.labels(name))
    own = adapters.own.adapter(format.name, adapters.labels(None))
    cfg = {
        "labels": adapters.labels(None),
        "configured_labels": adapters.configured_labels,
        ADAPTER: own is not None,
        NAMED: list(named),
        "active_adapter": adapters.active,
        "configured_active": adapters.configured_active,
        "version": __version__,
        "layout": LAYOUT,
    }
    return Saved(cfg, own, named)


def apply(
    saved: Saved, adapters: AdapterSet, format: Format, exclude: Iterable[str]
) -> None:
    """Use what was saved.

    Labels of the config win over saved ones if they differ from the labels that were
    configured when the component was saved: `spacy.load` was told to override them.
    The same is true of the active adapter. Where the cfg says that there was an adapter
    and none was read, the one in use stays; where it says that there was none, none is
    used.
    """
    cfg, mine = saved.cfg, adapters.configured_labels
    if "labels" in cfg and mine in (None, cfg.get("configured_labels", mine)):
        adapters.give_labels(None, cfg["labels"])
    had_none = cfg.get(ADAPTER) is False and ADAPTER not in exclude
    if saved.own is not None or had_none:
        adapters.own.use_adapter(saved.own, saved.source)
        adapters.check_format(adapters.own, format)
    for name, adapter in saved.named.items():
        shim = adapters.from_folder(name, name)
        shim.use_adapter(adapter, f"{name} {saved.source}")
        adapters.keep(name, shim)
        adapters.check_format(shim, format)
    mine = adapters.configured_active
    if mine in (None, cfg.get("configured_active", mine)):
        adapters.active = cfg.get("active_adapter", mine)


def to_bytes(saved: Saved, vocab: Vocab, exclude: Iterable[str]) -> bytes:
    fields = {
        "cfg": lambda: srsly.json_dumps(saved.cfg),
        "vocab": lambda: vocab.to_bytes(exclude=exclude),
    }
    if saved.own is not None:
        fields[ADAPTER] = lambda: srsly.msgpack_dumps(saved.own.to_dict())
    if saved.named:
        fields[NAMED] = lambda: srsly.msgpack_dumps(
            {name: one.to_dict() for name, one in saved.named.items()}
        )
    return util.to_bytes(fields, exclude)


def from_bytes(
    data: bytes, vocab: Vocab, exclude: Iterable[str], *, component: str
) -> Saved:
    """Raises ValueError (E808) for what a later version saved."""
    saved = Saved()

    def read_cfg(part: bytes) -> None:
        saved.cfg = _checked(srsly.json_loads(part), component)

    def read_own(part: bytes) -> None:
        saved.own = Adapter.from_dict(srsly.msgpack_loads(part))

    def read_named(part: bytes) -> None:
        for name, one in srsly.msgpack_loads(part).items():
            saved.named[name] = Adapter.from_dict(one)

    readers = {
        "cfg": read_cfg,
        "vocab": lambda part: vocab.from_bytes(part, exclude=exclude),
        ADAPTER: read_own,
        NAMED: read_named,
    }
    util.from_bytes(data, readers, exclude)
    return saved


def to_disk(saved: Saved, path: Path, vocab: Vocab, exclude: Iterable[str]) -> None:
    """Write the cfg, a PEFT folder `adapter`, and one in `adapters` for each name."""
    fields = {
        "cfg": lambda file: srsly.write_json(file, saved.cfg),
        "vocab": lambda folder: vocab.to_disk(folder, exclude=exclude),
    }
    if saved.own is not None:
        fields[ADAPTER] = lambda folder: write_adapter(folder, saved.own)
    if saved.named:
        fields[NAMED] = lambda folder: _write_adapters(folder, saved.named)
    util.to_disk(path, fields, exclude)


def from_disk(
    path: Path, vocab: Vocab, exclude: Iterable[str], *, component: str
) -> Saved:
    """Raises ValueError for what a later version saved (E808), and for an adapter whose
    files are missing or damaged."""
    saved = Saved(source=str(path / ADAPTER))

    def read_cfg(file: Path) -> None:
        saved.cfg = _checked(srsly.read_json(file), component)

    readers = {
        "cfg": read_cfg,
        "vocab": lambda folder: vocab.from_disk(folder, exclude=exclude),
    }
    util.from_disk(path, readers, exclude)
    own = path / ADAPTER
    if ADAPTER not in exclude and (saved.cfg.get(ADAPTER) or own.is_dir()):
        saved.own = read_adapter(own)
    if NAMED not in exclude:
        for name in saved.cfg.get(NAMED, ()):
            saved.named[name] = read_adapter(path / NAMED / name)
    return saved


def _checked(cfg: dict[str, Any], component: str) -> dict[str, Any]:
    if cfg.get("layout", LAYOUT) > LAYOUT:
        raise ValueError(
            Errors.E808.format(
                name=component, version=cfg.get("version"), own=__version__
            )
        )
    return cfg


def _write_adapters(folder: Path, adapters: dict[str, Adapter]) -> None:
    for name, adapter in adapters.items():
        write_adapter(folder / name, adapter)

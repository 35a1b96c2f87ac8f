"""The component on disk and in bytes: its labels and adapters, never the base."""

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.vocab import Vocab

from ..about import __version__
from ..adapters.files import CONFIG, Adapter, read_adapter
from ..errors import Errors
from ..formats.base import Format
from ..writing import replace_files
from .adapter_format import check_format, format_of
from .adapter_set import AdapterSet
from .output import Output
from .saved_cfg import LAYOUT, read_cfg
from .saved_settings import restored, settings_to_save, without_settings

CFG = "cfg"
ADAPTER = "adapter"
NAMED = "adapters"


@dataclass(slots=True)
class Saved:
    """What a component saves.

    cfg: labels, settings, and which adapters there are, with their checksums.
    own, named: the adapters.
    source: the folder where it was read, for errors.
    """

    cfg: dict[str, Any] = field(default_factory=dict)
    own: Adapter | None = None
    named: dict[str, Adapter] = field(default_factory=dict)
    source: Path = Path()

    def adapters(self) -> dict[str, Adapter]:
        """All adapters, by their places in a folder."""
        own = {} if self.own is None else {ADAPTER: self.own}
        return own | {f"{NAMED}/{name}": one for name, one in self.named.items()}

    def settings(
        self, output: Output, format: Format, *, configured: Mapping[str, Any]
    ) -> tuple[Output, Format]:
        """The output settings and the format as they were saved, see `restored`.

        output, format: as they are now. configured: the settings that the config has.

        Raises ValueError (E339) for a value that is not allowed.
        """
        if "settings" not in self.cfg:
            return output, format
        then = self.cfg.get("configured_settings", configured)
        try:
            return restored(self.cfg["settings"], then, configured, output, format)
        except ValueError as error:
            path = self.source / CFG
            raise ValueError(Errors.E339.format(path=path, reason=error)) from error


def collect(
    adapters: AdapterSet,
    format: Format,
    output: Output,
    configured: Mapping[str, Any],
    exclude: Collection[str],
) -> Saved:
    """What is to be saved of a component: its adapters, and the settings that may have
    changed since it was made.

    configured: what `settings_to_save` made of the settings that the config has.

    Raises ValueError (E802) for an adapter that was trained in another format, unless
    it is excluded.
    """
    if ADAPTER not in exclude:
        check_format(adapters.own, format, adapters.name)
    if NAMED not in exclude:
        for shim in adapters.named.values():
            check_format(shim, format, adapters.name)
    shims = {None: adapters.own, **adapters.named}
    named = {
        name: shim.adapter(format_of(shim, format).name, adapters.labels(name))
        for name, shim in shims.items()
    }
    own = named.pop(None)
    cfg = {
        **adapters.choice(None).to_save(),
        "configured_labels": adapters.configured_labels,
        ADAPTER: own is not None,
        "configured_adapter": adapters.own.settings.adapter,
        NAMED: list(named),
        "configured_adapters": adapters.configured_paths,
        "active_adapter": adapters.active,
        "configured_active": adapters.configured_active,
        "settings": settings_to_save(output, format),
        "configured_settings": dict(configured),
        "version": __version__,
        "layout": LAYOUT,
    }
    saved = Saved(cfg, own, named)
    cfg["sha256"] = {place: one.digest for place, one in saved.adapters().items()}
    return saved


def to_bytes(saved: Saved, vocab: Vocab, exclude: Iterable[str]) -> bytes:
    exclude = tuple(exclude)
    fields = {
        CFG: lambda: _json(_cfg(saved, exclude)),
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
    """Raises ValueError like `from_disk`."""
    source = Path(f"the bytes of {component}")
    exclude = tuple(exclude)
    unpacked = _unpacked(data, source).items()
    parts = {part: value for part, value in unpacked if part not in exclude}
    saved = Saved(source=source)
    if CFG not in exclude:
        saved.cfg = read_cfg(parts.get(CFG), source=source / CFG, component=component)
    found = {}
    if ADAPTER in parts:
        found[ADAPTER] = _unpacked(parts[ADAPTER], source / ADAPTER)
    if NAMED in parts:
        named = _unpacked(parts[NAMED], source / NAMED)
        found |= {f"{NAMED}/{name}": one for name, one in named.items()}

    def read(place: str) -> Adapter:
        if place not in found:
            raise ValueError(Errors.E320.format(path=source / place))
        return Adapter.from_dict(found[place], source / place)

    _read_adapters(saved, exclude, found.__contains__, read)
    if "vocab" in parts:
        vocab.from_bytes(parts["vocab"], exclude=exclude)
    return saved


def to_disk(saved: Saved, path: Path, vocab: Vocab, exclude: Iterable[str]) -> None:
    """Write the cfg, a PEFT folder `adapter`, and one in `adapters` for each name, and
    remove those of a component that was saved there before.

    An interruption leaves the old files, the new ones, or a mixture that `from_disk`
    refuses. Raises ValueError (E333) for a file that cannot be written.
    """
    exclude = tuple(exclude)
    contents = {}
    if CFG not in exclude:
        contents[path / CFG] = _json(_cfg(saved, exclude))
    kept = set()
    for place, adapter in saved.adapters().items():
        if place.split("/")[0] not in exclude:
            contents |= adapter.files(path / place)
            kept.add(path / place)
    replace_files(contents)
    for folder in (path / ADAPTER, *(path / NAMED).glob("*")):
        is_kept = any(_is_same(folder, one) for one in kept)
        if folder.relative_to(path).parts[0] not in exclude and not is_kept:
            _remove(folder)
    util.to_disk(
        path, {"vocab": lambda at: vocab.to_disk(at, exclude=exclude)}, exclude
    )


def from_disk(
    path: Path, vocab: Vocab, exclude: Iterable[str], *, component: str
) -> Saved:
    """Raises ValueError for what a later version saved (E808), for faulty settings
    (E339), for an adapter whose files are missing or damaged, and for one that was not
    saved together with the settings (E340)."""
    exclude = tuple(exclude)
    saved = Saved(source=path)
    if CFG not in exclude:
        file = path / CFG
        try:
            text = file.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise ValueError(Errors.E339.format(path=file, reason=reason)) from error
        saved.cfg = read_cfg(text, source=file, component=component)
    _read_adapters(
        saved,
        exclude,
        lambda place: (path / place).is_dir(),
        lambda place: read_adapter(path / place),
    )
    readers = {"vocab": lambda folder: vocab.from_disk(folder, exclude=exclude)}
    util.from_disk(path, readers, exclude)
    return saved


def _read_adapters(
    saved: Saved,
    exclude: Iterable[str],
    has: Callable[[str], bool],
    read: Callable[[str], Adapter],
) -> None:
    """Read the adapters that the settings name, without those that were excluded when
    the settings were saved. These have no checksum there, and another component may
    have left an adapter in their place.

    has: whether there is an adapter at a place. read: that adapter.

    Raises ValueError for one that is missing (E320) or damaged, and (E340) for one that
    was not saved together with the settings.
    """
    cfg = saved.cfg
    places = [ADAPTER] if cfg.get(ADAPTER, has(ADAPTER)) else []
    places += [f"{NAMED}/{name}" for name in cfg.get(NAMED, ())]
    for place in places:
        part, _, name = place.partition("/")
        if part in exclude or place not in cfg.get("sha256", places):
            continue
        if part == ADAPTER:
            saved.own = read(place)
        else:
            saved.named[name] = read(place)
    expected = cfg.get("sha256", {})
    for place, adapter in saved.adapters().items():
        if expected.get(place, adapter.digest) != adapter.digest:
            raise ValueError(Errors.E340.format(path=saved.source / place))


def _cfg(saved: Saved, exclude: Iterable[str]) -> dict[str, Any]:
    """The settings, without the checksums of what is not saved."""
    sha256 = {
        place: one
        for place, one in saved.cfg["sha256"].items()
        if place.split("/")[0] not in exclude
    }
    return {**saved.cfg, "sha256": sha256}


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are the same folder. A file system may ignore case."""
    return one.exists() and one.samefile(other)


def forget_settings(folder: Path, names: Collection[str]) -> dict[Path, bytes]:
    """The changed file of a saved component, for `replace_files`: the config decides
    about some settings again. Empty if there is no such file.

    names: of settings and tables, see `settings_to_save`.
    """
    path = folder / CFG
    if not path.exists():
        return {}
    cfg = json.loads(path.read_bytes())
    for part in ("settings", "configured_settings"):
        cfg[part] = without_settings(names, cfg.get(part, {}))
    return {path: _json(cfg)}


def _json(data: dict[str, Any]) -> bytes:
    # Python's JSON keeps each bit of a float; srsly's does not
    return json.dumps(data, indent=2, default=float).encode("utf8")


def _unpacked(data: bytes, source: Path) -> dict[str, Any]:
    """A table in msgpack. Raises ValueError (E339) for anything else."""
    try:
        table = srsly.msgpack_loads(data)
    except Exception as error:  # of many kinds, for what is not msgpack
        raise ValueError(Errors.E339.format(path=source, reason=error)) from error
    if not isinstance(table, dict):
        raise ValueError(Errors.E339.format(path=source, reason="it is no table"))
    return table


def _remove(folder: Path) -> None:
    """Remove an adapter's folder; any other stays."""
    if (folder / CONFIG).is_file():
        shutil.rmtree(folder)

"""The component on disk and in bytes: its labels and adapters, never the base."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.vocab import Vocab

from ..about import __version__
from ..errors import Errors
from ..models.adapters import Adapter, read_adapter, write_adapter
from ..types import LabelNames
from .named_adapters import NamedAdapters

ADAPTER = "adapter"
NAMED = "adapters"
# To be raised when what is saved can no longer be read by earlier versions.
LAYOUT = 1


class SavedWithAdapters(NamedAdapters):
    """Saves and reads what the component has learned, and what it keeps by name."""

    vocab: Vocab
    _label_data_of: Callable[[str | None], LabelNames]
    _configured_labels: LabelNames | None
    _configured_active: str | None

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        adapter, named = self._saved_adapters()
        cfg = self._saved_cfg(adapter)
        fields = {
            "cfg": lambda: srsly.json_dumps(cfg),
            "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
        }
        if adapter is not None:
            fields[ADAPTER] = lambda: srsly.msgpack_dumps(adapter.to_dict())
        if named:
            fields[NAMED] = lambda: srsly.msgpack_dumps(
                {name: one.to_dict() for name, one in named.items()}
            )
        return util.to_bytes(fields, exclude)

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Iterable[str] = ()
    ) -> "SavedWithAdapters":
        saved: dict[str, Any] = {}
        adapters: list[Adapter] = []
        named: dict[str, Adapter] = {}
        util.from_bytes(
            bytes_data,
            {
                "cfg": lambda data: saved.update(self._checked(srsly.json_loads(data))),
                "vocab": lambda data: self.vocab.from_bytes(data, exclude=exclude),
                ADAPTER: lambda data: adapters.append(
                    Adapter.from_dict(srsly.msgpack_loads(data))
                ),
                NAMED: lambda data: named.update(
                    (name, Adapter.from_dict(one))
                    for name, one in srsly.msgpack_loads(data).items()
                ),
            },
            exclude,
        )
        self._take(saved, adapters[0] if adapters else None, "in the bytes", exclude)
        self._take_named(saved, named, "in the bytes")
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the labels, a PEFT folder `adapter`, and one in `adapters` for each
        that has a name; never the base's weights."""
        adapter, named = self._saved_adapters()
        cfg = self._saved_cfg(adapter)
        fields = {
            "cfg": lambda file: srsly.write_json(file, cfg),
            "vocab": lambda folder: self.vocab.to_disk(folder, exclude=exclude),
        }
        if adapter is not None:
            fields[ADAPTER] = lambda folder: write_adapter(folder, adapter)
        if named:
            fields[NAMED] = lambda folder: _write_adapters(folder, named)
        util.to_disk(path, fields, exclude)

    def from_disk(
        self, path: str | Path, *, exclude: Iterable[str] = ()
    ) -> "SavedWithAdapters":
        saved: dict[str, Any] = {}
        path = util.ensure_path(path)
        folder = path / ADAPTER
        util.from_disk(
            path,
            {
                "cfg": lambda file: saved.update(self._checked(srsly.read_json(file))),
                "vocab": lambda folder: self.vocab.from_disk(folder, exclude=exclude),
            },
            exclude,
        )
        adapter, named = None, {}
        if ADAPTER not in exclude and (saved.get(ADAPTER) or folder.is_dir()):
            adapter = read_adapter(folder)
        if NAMED not in exclude:
            named = {
                name: read_adapter(path / NAMED / name) for name in saved.get(NAMED, ())
            }
        self._take(saved, adapter, str(folder), exclude)
        self._take_named(saved, named, str(path / NAMED))
        return self

    def _saved_adapters(self) -> tuple[Adapter | None, dict[str, Adapter]]:
        """The component's own adapter, and those that it keeps by name."""
        named = {}
        for name, lm in self._named.items():
            self._check_format(lm)
            named[name] = lm.adapter(self.format.name, self._label_data_of(name))
        return self._lm.adapter(self.format.name, self._label_data_of(None)), named

    def _saved_cfg(self, adapter: Adapter | None) -> dict[str, Any]:
        return {
            "labels": self._label_data_of(None),
            "configured_labels": self._configured_labels,
            ADAPTER: adapter is not None,
            NAMED: list(self._named),
            "active_adapter": self._active,
            "configured_active": self._configured_active,
            "version": __version__,
            "layout": LAYOUT,
        }

    def _checked(self, saved: dict[str, Any]) -> dict[str, Any]:
        if saved.get("layout", LAYOUT) > LAYOUT:
            raise ValueError(
                Errors.E808.format(
                    name=self.name, version=saved.get("version"), own=__version__
                )
            )
        return saved

    def _take(
        self,
        saved: dict[str, Any],
        adapter: Adapter | None,
        source: str,
        exclude: Iterable[str],
    ) -> None:
        """Use what was saved. Where the cfg says that there was an adapter and none
        came, the one in use stays; where it says that there was none, none is used.

        The labels that were saved give way to those of the config, where these are
        others than they were: `spacy.load` was told to override them.
        """
        mine = self._configured_labels
        if "labels" in saved and mine in (None, saved.get("configured_labels", mine)):
            self.cfg["labels"] = saved["labels"]
        had_none = saved.get(ADAPTER) is False and ADAPTER not in exclude
        if adapter is not None or had_none:
            self._lm.use_adapter(adapter, source)
            self._check_format(self._lm)

    def _take_named(
        self, saved: dict[str, Any], adapters: dict[str, Adapter], source: str
    ) -> None:
        """Keep the adapters that were saved, beside others that the config names."""
        for name, adapter in adapters.items():
            lm = self._lm_from(name, name)
            lm.use_adapter(adapter, f"{name} {source}")
            self._keep(name, lm)
            self._check_format(lm)
        mine = self._configured_active
        if mine in (None, saved.get("configured_active", mine)):
            self._active = saved.get("active_adapter", mine)


def _write_adapters(folder: Path, adapters: dict[str, Adapter]) -> None:
    for name, adapter in adapters.items():
        write_adapter(folder / name, adapter)

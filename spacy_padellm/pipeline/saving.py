"""The component on disk and in bytes: its labels and its adapter, never the base."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.vocab import Vocab

from ..about import __version__
from ..errors import Errors
from ..formats.base import Format
from ..models.adapters import Adapter, read_adapter, write_adapter
from ..models.shim import CausalLMShim
from ..types import LabelNames

ADAPTER = "adapter"
# To be raised when what is saved can no longer be read by earlier versions.
LAYOUT = 1


class SavedWithAdapter:
    """Saves and reads what the component has learned."""

    vocab: Vocab
    name: str
    format: Format
    cfg: dict[str, Any]
    label_data: LabelNames
    _configured_labels: LabelNames | None
    _lm: CausalLMShim

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        adapter = self._saved_adapter()
        cfg = self._saved_cfg(adapter)
        fields = {
            "cfg": lambda: srsly.json_dumps(cfg),
            "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
        }
        if adapter is not None:
            fields[ADAPTER] = lambda: srsly.msgpack_dumps(adapter.to_dict())
        return util.to_bytes(fields, exclude)

    def from_bytes(
        self, bytes_data: bytes, *, exclude: Iterable[str] = ()
    ) -> "SavedWithAdapter":
        saved: dict[str, Any] = {}
        adapters: list[Adapter] = []
        util.from_bytes(
            bytes_data,
            {
                "cfg": lambda data: saved.update(self._checked(srsly.json_loads(data))),
                "vocab": lambda data: self.vocab.from_bytes(data, exclude=exclude),
                ADAPTER: lambda data: adapters.append(
                    Adapter.from_dict(srsly.msgpack_loads(data))
                ),
            },
            exclude,
        )
        self._take(saved, adapters[0] if adapters else None, "in the bytes", exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the labels and a PEFT folder `adapter`; never the base's weights."""
        adapter = self._saved_adapter()
        cfg = self._saved_cfg(adapter)
        fields = {
            "cfg": lambda file: srsly.write_json(file, cfg),
            "vocab": lambda folder: self.vocab.to_disk(folder, exclude=exclude),
        }
        if adapter is not None:
            fields[ADAPTER] = lambda folder: write_adapter(folder, adapter)
        util.to_disk(path, fields, exclude)

    def from_disk(
        self, path: str | Path, *, exclude: Iterable[str] = ()
    ) -> "SavedWithAdapter":
        saved: dict[str, Any] = {}
        folder = util.ensure_path(path) / ADAPTER
        util.from_disk(
            path,
            {
                "cfg": lambda file: saved.update(self._checked(srsly.read_json(file))),
                "vocab": lambda folder: self.vocab.from_disk(folder, exclude=exclude),
            },
            exclude,
        )
        adapter = None
        if ADAPTER not in exclude and (saved.get(ADAPTER) or folder.is_dir()):
            adapter = read_adapter(folder)
        self._take(saved, adapter, str(folder), exclude)
        return self

    def _saved_adapter(self) -> Adapter | None:
        return self._lm.adapter(self.format.name, self.label_data)

    def _saved_cfg(self, adapter: Adapter | None) -> dict[str, Any]:
        return {
            "labels": self.label_data,
            "configured_labels": self._configured_labels,
            ADAPTER: adapter is not None,
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
            self._check_adapter()

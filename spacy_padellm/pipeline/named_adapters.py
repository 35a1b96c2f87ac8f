"""Adapters that a component keeps by name, beside its own, all on one base."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import Errors
from ..formats.base import Format
from ..models.shim import CausalLMShim

if TYPE_CHECKING:
    from ..models.lora import AdaptedLM


class NamedAdapters:
    """Which adapter the component reads with: its own, or one of those kept by name.

    Each has labels of its own. Training changes the component's own alone.
    """

    name: str
    format: Format
    cfg: dict[str, Any]
    _lm: CausalLMShim
    _named: dict[str, CausalLMShim]
    _active: str | None

    @property
    def adapters(self) -> tuple[str, ...]:
        """The names of the adapters, the component's own left out."""
        return tuple(self._named)

    @property
    def active_adapter(self) -> str | None:
        """The adapter to read with; None is the component's own."""
        return self._active

    @active_adapter.setter
    def active_adapter(self, adapter: str | None) -> None:
        """ValueError: there is none of that name."""
        self._lm_of(adapter)
        self._active = adapter

    @property
    def active_lm(self) -> "AdaptedLM":
        """The base with the active adapter, loaded if it was not yet."""
        return self._lm_of(self._active).lm

    def add_adapter(self, adapter: str, path: str) -> None:
        """Keep one more adapter, in place of another of that name.

        path: a PEFT folder, the folder `adapter` of a saved component say; or
            "default", the one that comes with the package.

        ValueError: the name is none for a folder, the files cannot be read, or the
        adapter was trained in another format than the component's.
        """
        lm = self._lm_from(adapter, path)
        self._check_format(lm)
        self._keep(adapter, lm)

    def remove_adapter(self, adapter: str) -> None:
        """Forget an adapter; the component's own takes its place if it is active.

        ValueError: there is none of that name.
        """
        self._lm_of(adapter)
        if adapter == self._active:
            self._active = None
        del self._named[adapter]
        self.cfg["adapter_labels"].pop(adapter, None)

    def _keep(self, adapter: str, lm: CausalLMShim) -> None:
        self._named[adapter] = lm
        self.cfg["adapter_labels"].pop(adapter, None)

    def _lm_from(self, adapter: str, path: str) -> CausalLMShim:
        """The base with the adapter in `path`, which is read when first needed."""
        if not isinstance(adapter, str) or not _is_folder_name(adapter):
            raise ValueError(Errors.E811.format(adapter=adapter, name=self.name))
        settings = replace(self._lm.settings, adapter=str(path))
        if settings.merge_adapter == "auto":  # a copy of the base for each is too much
            settings = replace(settings, merge_adapter="never")
        return CausalLMShim(settings)

    def _lm_of(self, adapter: str | None) -> CausalLMShim:
        if adapter is None:
            return self._lm
        if adapter not in self._named:
            known = ", ".join(self._named) or "none"
            raise ValueError(
                Errors.E812.format(adapter=adapter, name=self.name, known=known)
            )
        return self._named[adapter]

    def _check_format(self, lm: CausalLMShim) -> None:
        """An adapter answers only in the format that it was trained in."""
        card = lm.card()
        if card is not None and card.format and card.format != self.format.name:
            raise ValueError(
                Errors.E802.format(
                    trained=card.format, format=self.format.name, name=self.name
                )
            )

    def _check_trains_its_own(self) -> None:
        if self._active is not None:
            raise ValueError(Errors.E813.format(adapter=self._active, name=self.name))


def _is_folder_name(name: str) -> bool:
    return name == name.strip() and bool(name) and not set(name) & set('/\\:*?"<>|.')

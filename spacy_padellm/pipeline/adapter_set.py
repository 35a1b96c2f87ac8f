"""The adapters of a component: its own, and others that it keeps by name."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from unicodedata import normalize

from ..errors import Errors
from ..labels import complete_names
from ..model.shim import CausalLMShim
from ..spans.windows import with_join_tokens
from ..types import LabelNames, WindowGetter
from .label_choice import LabelChoice

if TYPE_CHECKING:
    from ..adapters.adapted import AdaptedLM


# no file may have such a name on Windows
DEVICE = r"con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]"


class AdapterSet:
    """Which adapters there are, which labels each looks for, and which one is active.

    All adapters share the base of `own`. Training changes `own`, the component's own
    adapter, and no other. In the methods, the adapter None is the component's own.

    name: of the component, for errors.
    labels: given to the component's own adapter, see `LabelChoice`.
    paths: a table name → folder of further adapters.
    active: the adapter to predict with.
    """

    def __init__(
        self,
        own: CausalLMShim,
        *,
        name: str,
        labels: Mapping[str, str | None] | None = None,
        paths: Mapping[str, str] | None = None,
        active: str | None = None,
    ) -> None:
        self.own = own
        self.name = name
        # what the config says, which gives way to nothing that was saved
        self.configured_labels = None if labels is None else complete_names(labels)
        self.configured_active = active
        self.configured_paths = dict(paths or {})
        self.active = active
        self.named: dict[str, CausalLMShim] = {}
        self._choices: dict[str | None, LabelChoice] = {None: LabelChoice(own, labels)}
        for adapter, path in self.configured_paths.items():
            self.keep(adapter, self.from_folder(adapter, path))

    # -- labels -----------------------------------------------------------------------

    def choice(self, adapter: str | None) -> LabelChoice:
        """The labels that are looked for with an adapter. Raises ValueError (E812) if
        there is none of that name."""
        self.shim(adapter)
        return self._choices[adapter]

    def labels(self, adapter: str | None) -> LabelNames:
        """See `LabelChoice.names`."""
        return self.choice(adapter).names()

    # -- windows ----------------------------------------------------------------------

    def windows(self, adapter: str | None, windows: WindowGetter) -> WindowGetter:
        """The windows. If they leave it open how many sentences are joined, they join
        as many as the adapter's card says."""
        card = self.shim(adapter).card()
        return with_join_tokens(windows, None if card is None else card.join_tokens)

    # -- adapters ---------------------------------------------------------------------

    def shim(self, adapter: str | None) -> CausalLMShim:
        """The base with an adapter. Raises ValueError (E812) if there is none of that
        name."""
        if adapter is None:
            return self.own
        if adapter not in self.named:
            known = ", ".join(self.named) or "none"
            raise ValueError(
                Errors.E812.format(adapter=adapter, name=self.name, known=known)
            )
        return self.named[adapter]

    @property
    def active_lm(self) -> "AdaptedLM":
        """The base with the active adapter, loaded if it was not yet."""
        return self.shim(self.active).lm

    def activate(self, adapter: str | None) -> None:
        self.shim(adapter)
        self.active = adapter

    def from_folder(self, adapter: str, path: str) -> CausalLMShim:
        """The base with the adapter in `path`, which is read when first needed.

        Raises ValueError (E811) if `adapter` is no name for a folder.
        """
        if not is_folder_name(adapter):
            raise ValueError(Errors.E811.format(adapter=adapter, name=self.name))
        settings = replace(self.own.settings, adapter=str(path), layers=None)
        if settings.merge_adapter == "auto":
            # each merged adapter would hold a copy of the base
            settings = replace(settings, merge_adapter="never")
        return CausalLMShim(settings)

    def keep(self, adapter: str, shim: CausalLMShim) -> None:
        """Add an adapter, or replace the one of that name and its labels. Raises
        ValueError (E823), see `check_names`."""
        self.check_names({*self.named, adapter})
        self.named[adapter] = shim
        self._choices[adapter] = LabelChoice(shim)

    def remove(self, adapter: str) -> None:
        """Forget an adapter. If it is active, the component's own becomes active."""
        self.shim(adapter)
        if adapter == self.active:
            self.active = None
        del self.named[adapter], self._choices[adapter]

    def forget_all_but(self, names: Collection[str]) -> None:
        for adapter in self.named.keys() - set(names):
            self.remove(adapter)

    def check_names(self, names: Iterable[str]) -> None:
        """Raises ValueError (E823) for names that some file systems take for one."""
        known: dict[str, str] = {}
        for name in sorted(names):
            other = known.setdefault(normalize("NFC", name).casefold(), name)
            if other != name:
                raise ValueError(
                    Errors.E823.format(adapter=name, other=other, name=self.name)
                )

    def check_trains_its_own(self) -> None:
        """Raises ValueError (E813) if another adapter than the component's own is
        active."""
        if self.active is not None:
            raise ValueError(Errors.E813.format(adapter=self.active, name=self.name))


def is_folder_name(name: object) -> bool:
    """Whether an adapter can be saved in a folder of this name."""
    return (
        isinstance(name, str)
        and name.isprintable()
        and name == name.strip() != ""
        and not set(name) & set('/\\:*?"<>|.')
        and not re.fullmatch(DEVICE, name, re.IGNORECASE)
    )

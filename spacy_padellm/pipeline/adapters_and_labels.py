"""A component's adapters, the labels that each of them looks for, and its windows."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from spacy.vocab import Vocab

from ..formats.base import Format
from ..types import LabelNames, WindowGetter
from .adapter_format import check_format, format_of
from .adapter_set import AdapterSet
from .labels import given_labels

if TYPE_CHECKING:
    from ..adapters.adapted import AdaptedLM


class AdaptersAndLabels:
    """The part of `PaDeLLMNER` that says which adapters it has, what it looks for, and
    how docs are cut. It runs no model."""

    def __init__(
        self,
        vocab: Vocab,
        adapters: AdapterSet,
        *,
        format: Format,
        windows: WindowGetter,
    ) -> None:
        self.vocab = vocab
        self.format = format
        self._adapters = adapters
        self._windows = windows

    # -- labels -----------------------------------------------------------------------

    @property
    def label_data(self) -> LabelNames:
        """The labels with the names that the model reads, for `spacy init labels`."""
        return self._adapters.labels(self.active_adapter)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels to look for. Until you set some, these are the adapter's own.

        Empty while the adapter cannot be read: spaCy asks for the labels of a saved
        pipeline before it loads the adapter that was saved.
        """
        try:
            return tuple(self.label_data)
        except ValueError:
            return ()

    @labels.setter
    def labels(self, labels: Collection[str] | Mapping[str, str] | None) -> None:
        """A list: the names are those that the adapter was trained with, where it knows
        the label. None: the adapter's own labels from now on."""
        self._give_labels(given_labels(labels))

    def add_label(self, label: str, name: str | None = None) -> int:
        """Look for one more label. `initialize` learns the labels that you add, and not
        those that the adapter was trained for.

        name: what the model reads for it. None is the name that the adapter was trained
            with, or the usual one.

        Returns 1, or 0 if the label is there already.
        """
        added = self._adapters.choice(self.active_adapter).add(label, name)
        self.vocab.strings.add(label)
        return added

    def _give_labels(self, labels: Mapping[str, str | None] | None) -> None:
        self._adapters.choice(self.active_adapter).give(labels)
        for label in labels or ():
            self.vocab.strings.add(label)

    # -- format and windows -----------------------------------------------------------

    @property
    def active_format(self) -> Format:
        """The format as the active adapter was trained in it, where `format` leaves
        that open: the way in which Pointer reads labels."""
        return format_of(self._adapters.shim(self.active_adapter), self.format)

    @property
    def windows(self) -> WindowGetter:
        """How docs are cut for the active adapter."""
        return self._adapters.windows(self.active_adapter, self._windows)

    @windows.setter
    def windows(self, windows: WindowGetter) -> None:
        self._windows = windows

    # -- adapters ---------------------------------------------------------------------

    @property
    def adapters(self) -> tuple[str, ...]:
        """The names of the further adapters, without the component's own."""
        return tuple(self._adapters.named)

    @property
    def active_adapter(self) -> str | None:
        """The adapter to predict with; None is the component's own. You can set it;
        ValueError (E812) if there is none of that name."""
        return self._adapters.active

    @active_adapter.setter
    def active_adapter(self, adapter: str | None) -> None:
        self._adapters.activate(adapter)

    @property
    def active_lm(self) -> "AdaptedLM":
        """The base with the active adapter, loaded if it was not yet."""
        return self._adapters.active_lm

    def add_adapter(self, adapter: str, path: str) -> None:
        """Keep one more adapter. It replaces another of the same name.

        path: a PEFT folder, such as the folder `adapter` of a saved component, or the
            name of an adapter that comes with the package.

        Raises ValueError if the name is none for a folder (E811), if the files cannot
        be read, or if the adapter was trained in another format (E802).
        """
        shim = self._adapters.from_folder(adapter, path)
        check_format(shim, self.format, self._adapters.name)
        self._adapters.keep(adapter, shim)

    def remove_adapter(self, adapter: str) -> None:
        """Forget an adapter. If it is active, the component's own becomes active.

        Raises ValueError (E812) if there is none of that name.
        """
        self._adapters.remove(adapter)

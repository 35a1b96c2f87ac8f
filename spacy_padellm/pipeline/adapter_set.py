"""The adapters of a component: its own, and others that it keeps by name."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import Errors
from ..formats.base import Format
from ..labels import complete_names, label_names
from ..model.shim import CausalLMShim
from ..spans.windows import with_join_tokens
from ..types import LabelNames, WindowGetter
from .labels import with_labels

if TYPE_CHECKING:
    from ..adapters.adapted import AdaptedLM


class AdapterSet:
    """Which adapters there are, which labels each looks for, and which one is active.

    All adapters share the base of `own`. Training changes `own`, the component's own
    adapter, and no other. In the methods, the adapter None is the component's own.

    name: of the component, for errors.
    labels: given to the component's own adapter, each with its name, or None for the
        name that the adapter was trained with. None leaves it its own labels.
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
        self._given: dict[str | None, Mapping[str, str | None] | None] = {None: labels}
        self._added: dict[str | None, dict[str, str | None]] = {}
        # of the gold data that `own` was initialized with, with those given and added
        self._learned: LabelNames | None = None
        for adapter, path in (paths or {}).items():
            self.named[adapter] = self.from_folder(adapter, path)

    # -- labels -----------------------------------------------------------------------

    def labels(self, adapter: str | None) -> LabelNames:
        """The labels from initialization; without these, the given ones; without these,
        those of the adapter's card. Added labels come on top."""
        given = self._given.get(adapter)
        if adapter is None and self._learned is not None:
            given = self._learned
        if given is None:
            card = self.shim(adapter).card()
            given = {} if card is None else card.labels
        given = self.with_names(adapter, given)
        added = self._added.get(adapter, {})
        if None in added.values():
            names = complete_names({**given, **added}, self._known(adapter))
            added = {label: names[label] for label in added}
        return with_labels(given, added)

    def with_names(
        self, adapter: str | None, labels: Mapping[str, str | None]
    ) -> LabelNames:
        """The labels, each with its name. Those that have none get the name that the
        adapter was trained with, or else the usual one."""
        if None not in labels.values():
            return dict(labels)
        return complete_names(labels, self._known(adapter))

    def _known(self, adapter: str | None) -> LabelNames:
        """The names that an adapter was trained with; none if it cannot be read, which
        is an error when it is used."""
        try:
            card = self.shim(adapter).card()
        except ValueError:
            return {}
        return {} if card is None else card.labels

    def learn_labels(self, found: Mapping[str, str | None]) -> None:
        """Look for the labels given to the component's own adapter, those that were
        added, and those found in gold data. Those that it was trained for, or that
        other gold data had, are not among them: gold data that do not have them would
        teach that they are absent. A label that the adapter knows keeps its name.

        found: each label with the name that the model reads, or None.
        """
        added = self._added.get(None, {})
        given = self.with_names(None, self._given.get(None) or {})
        names = complete_names(
            found, self.labels(None), {*added.values(), *given.values()}
        )
        asked = {
            **added,
            **{label: names[label] for label in found if label not in added},
        }
        self._learned = with_labels(given, asked) or self._learned

    def saved_labels(self) -> dict[str, Any]:
        """The labels of the component's own adapter, and where they are from, for
        `restore_labels`."""
        labels, given = self.labels(None), self._given.get(None)
        added = self._added.get(None, {})
        return {
            "labels": labels,
            "given_labels": None if given is None else self.with_names(None, given),
            "added_labels": {label: labels[label] for label in added},
            "learned_labels": self._learned,
        }

    def restore_labels(self, saved: Mapping[str, Any], of_card: LabelNames) -> None:
        """Use saved labels. If they are not what the other parts of `saved` make,
        somebody has edited them: then they are given.

        saved: as of `saved_labels`, or with `labels` alone. of_card: the labels that
            the saved adapter was trained for.
        """
        given, learned = saved.get("given_labels"), saved.get("learned_labels")
        given = None if given is None else label_names(given)
        learned = None if learned is None else label_names(learned)
        added = dict(saved.get("added_labels", {}))
        first = next(one for one in (learned, given, of_card) if one is not None)
        labels = saved["labels"]
        labels = None if labels is None else label_names(labels)
        if labels is None or with_labels(first, added) != labels:
            self.give_labels(None, labels)
        else:
            self._given[None], self._added[None] = given, added
            self._learned = learned

    def add_label(self, adapter: str | None, label: str, name: str | None) -> int:
        """Returns 1, or 0 if the adapter has the label. Raises ValueError for a faulty
        label, see `label_names`."""
        known = self.labels(adapter)
        with_labels(known, {label: name})
        self._added.setdefault(adapter, {}).setdefault(label, name)
        return int(label not in known)

    def give_labels(
        self, adapter: str | None, labels: Mapping[str, str | None] | None
    ) -> None:
        """Look for these alone; None: for those that the adapter was trained for. See
        `with_names` for labels without a name."""
        self._given[adapter] = labels
        self._added.pop(adapter, None)
        if adapter is None:
            self._learned = None

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
        """Add an adapter, or replace the one of that name and its labels."""
        self.named[adapter] = shim
        self.give_labels(adapter, None)

    def remove(self, adapter: str) -> None:
        """Forget an adapter. If it is active, the component's own becomes active."""
        self.shim(adapter)
        if adapter == self.active:
            self.active = None
        del self.named[adapter]
        self.give_labels(adapter, None)

    def forget_all_but(self, names: Collection[str]) -> None:
        for adapter in self.named.keys() - set(names):
            self.remove(adapter)

    # -- checks -----------------------------------------------------------------------

    def check_format(self, shim: CausalLMShim, format: Format) -> None:
        """See the function `check_format`."""
        check_format(shim, format, self.name)

    def check_predicts(self, shim: CausalLMShim, format: Format) -> None:
        """See the function `check_predicts`."""
        check_predicts(shim, format, self.name)

    def check_trains_its_own(self) -> None:
        """Raises ValueError (E813) if another adapter than the component's own is
        active."""
        if self.active is not None:
            raise ValueError(Errors.E813.format(adapter=self.active, name=self.name))


def check_format(shim: CausalLMShim, format: Format, name: str) -> None:
    """Raises ValueError (E802) if an adapter was trained in another format.

    name: of what uses it, for the error.
    """
    card = shim.card()
    if card is not None and card.format and card.format != format.name:
        formats = {"trained": card.format, "format": format.name}
        message = Errors.E802.format(path=shim.adapter_source, name=name, **formats)
        raise ValueError(message)


def check_predicts(shim: CausalLMShim, format: Format, name: str) -> None:
    """Raises ValueError if an adapter was trained in another format (E802), or has no
    head although the format needs one (E814)."""
    check_format(shim, format, name)
    if format.head is not None and not shim.has_head:
        raise ValueError(Errors.E814.format(format=format.name, name=name))


def is_folder_name(name: object) -> bool:
    """Whether an adapter can be saved in a folder of this name."""
    return (
        isinstance(name, str)
        and name.isprintable()
        and name == name.strip() != ""
        and not set(name) & set('/\\:*?"<>|.')
    )

"""The thinc shim of a causal language model, which is loaded when first needed."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly
from thinc.api import Model, Optimizer
from thinc.shims import Shim

from ..adapters.card import AdapterCard, HeadCard
from ..adapters.files import Adapter, read_adapter
from ..adapters.shipped import adapter_folder
from ..bases.devices import check_fork
from ..errors import Errors
from ..locks import BUILDING, Lazy
from ..trees.batching import RowDoesNotFit
from .configured_base import CausalLMSettings, ConfiguredBase

if TYPE_CHECKING:
    from ..adapters.adapted import AdaptedLM
    from ..engines.base import Engine
    from ..training.loss import Gold
    from ..training.trainer import Trainer
    from ..types import PromptTokenizer


@dataclass(frozen=True, slots=True)
class ChosenAdapter:
    """The adapter to use, as data; None is the base without one.

    source: where it was read, for errors. from_config: it is the config's `adapter`,
    and is read again after it could not be loaded.
    """

    adapter: Adapter | None
    source: str
    from_config: bool = False


class CausalLMShim(Shim):
    """A base model with an adapter.

    Only the adapter is saved; bytes and files never hold the base. The adapter comes
    from the first of these: loaded files, a fresh start (`initialize`), the config's
    `adapter`.

    Threads may share it: the first that needs something builds it, and the others wait.
    After a failure, the next one tries again.
    """

    def __init__(self, settings: CausalLMSettings) -> None:
        super().__init__(None)
        self.settings = settings
        self._base = ConfiguredBase(settings)
        self._lm: Lazy[AdaptedLM] = Lazy()
        self._trainer: Lazy[Trainer] = Lazy()
        self._engine: Lazy[Engine] = Lazy()
        self._tokenizer: Lazy[PromptTokenizer] = Lazy()
        self._chosen: ChosenAdapter | None = None
        # the value that training writes into the card; None keeps the card's value
        self.join_tokens: int | None = None

    # -- what the component uses ------------------------------------------------------

    @property
    def engine(self) -> "Engine":
        lm = self._lm.value
        if lm is not None:  # it may have come here by a fork
            check_fork(lm.device.type)
        return self._engine.get(self._new_engine)

    @property
    def tokenizer(self) -> "PromptTokenizer":
        return self._tokenizer.get(self._new_tokenizer)

    @property
    def tokenizer_alone(self) -> "PromptTokenizer":
        """The tokenizer, without the weights, which another process may have."""
        return self._tokenizer.get(self._base.tokenizer_alone)

    @property
    def lm(self) -> "AdaptedLM":
        return self._lm.get(self._load)

    @property
    def trainer(self) -> "Trainer":
        """What trains the adapter."""
        return self._trainer.get(self._new_trainer)

    @property
    def adapter_source(self) -> str:
        """Where the adapter was read, for errors."""
        return "" if self._chosen is None else self._chosen.source

    def card(self) -> AdapterCard | None:
        """The card of the adapter in use; None where a new one or none is used."""
        adapter = self._configured_adapter()
        return None if adapter is None else adapter.card

    @property
    def has_adapter(self) -> bool:
        """Whether there is an adapter, or only a base."""
        lm = self._lm.value
        if lm is not None:
            return lm.name is not None
        return self.card() is not None

    @property
    def has_head(self) -> bool:
        """Whether the adapter in use compares labels with tokens."""
        lm = self._lm.value
        if lm is not None:
            return lm.head is not None
        card = self.card()
        return card is not None and card.head is not None

    def initialize(self, head: HeadCard | None = None) -> None:
        """Start with the config's adapter, or with a new one if it names none.

        head: that a new adapter gets.
        """
        with BUILDING:
            from ..adapters.adapted import AdaptedLM

            self._forget()
            if self._named_adapter() is None:
                lora = self.settings.lora
                base = self._base.open_to_train(lora)
                self._lm.value = AdaptedLM.fresh(base, lora, head)

    def set_dropout(self, rate: float) -> None:
        self.lm.set_dropout(rate)

    def adapter(self, format: str, labels: dict[str, str]) -> Adapter | None:
        """The adapter as it is now, as data; None for a base without one."""
        lm = self._lm.value
        if lm is None:
            adapter = self._configured_adapter()
            if adapter is None:
                return None
            card = replace(adapter.card, format=format, labels=labels)
            return replace(adapter, card=self._with_join_tokens(card))
        if lm.name is None:
            return None
        card = AdapterCard(
            base=self.settings.base,
            revision=self.settings.revision,
            fingerprint=self._base.fingerprint,
            format=format,
            labels=labels,
            base_files=self._base.file_digests,
            layers=lm.base.layers,
            breadths=self._breadths(labels),
        )
        return lm.adapter(self._with_join_tokens(card))

    def _breadths(self, labels: dict[str, str]) -> dict[str, float]:
        """Those that are known of the labels, and those that the adapter came with."""
        own = {} if self.lm.card is None else self.lm.card.breadths
        engine = self._engine.value
        if engine is None:
            return own
        names = {*own, *labels.values()}
        known = engine.decoding.breadths()
        return {name: breadth for name, breadth in known.items() if name in names}

    def _with_join_tokens(self, card: AdapterCard) -> AdapterCard:
        read = self._chosen_adapter
        known = card if read is None else read.card
        return replace(card, join_tokens=self.join_tokens or known.join_tokens)

    def use_adapter(self, adapter: Adapter | None, source: str) -> None:
        """Use an adapter from its files, or None for the base without one. It is
        attached to the base when first needed."""
        with BUILDING:
            self._forget()
            self._chosen = ChosenAdapter(adapter, source)

    # -- what thinc uses --------------------------------------------------------------

    def __call__(self, trees: Sequence["Gold"], is_train: bool):
        """The mean loss of gold trees, in nats a target or text. In training, it also
        computes the gradients, batch by batch: the graph of all trees would not fit
        into memory.

        Raises ValueError for a text that is too long for the base (E647) or too large
        for the memory (E643), and for a loss that is not finite (E644).
        """
        self._check_lengths(trees)
        if not is_train:
            return self.trainer.loss(trees), lambda d_loss: []
        try:
            loss = self.trainer.accumulate(trees)
        except RowDoesNotFit as error:
            tree = trees[error.row]
            message = Errors.E643.format(
                device=self.lm.device, tokens=len(tree), begin=self._begin(tree)
            )
            raise ValueError(message) from error
        return loss, lambda d_loss: []

    def finish_update(self, optimizer: Optimizer) -> None:
        """One step for all gradients since the last step."""
        if self._trainer.value is not None:
            self._trainer.value.step(optimizer)

    @contextlib.contextmanager
    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Swap the adapter's parameters for others: the optimizer's averages, say."""
        if self._lm.value is None:
            yield
        else:
            with self.trainer.use_params(params):
                yield

    def to_device(self, device_type: str, device_id: int) -> None:
        """The `device` setting decides; thinc's own device does not."""

    def copy(self) -> "CausalLMShim":
        twin = CausalLMShim(self.settings)
        twin.from_bytes(self.to_bytes())
        return twin

    def to_bytes(self) -> bytes:
        untouched = self._lm.value is None and self._chosen is None
        read = self._chosen_adapter
        card = AdapterCard(base="") if read is None else read.card
        adapter = None if untouched else self.adapter(card.format, card.labels)
        return srsly.msgpack_dumps(
            {
                "untouched": untouched,
                "adapter": None if adapter is None else adapter.to_dict(),
            }
        )

    def from_bytes(self, data: bytes) -> "CausalLMShim":
        message = srsly.msgpack_loads(data)
        if message["untouched"]:
            with BUILDING:
                self._forget()
        else:
            adapter, source = message["adapter"], Path("the model's bytes")
            if adapter is not None:
                adapter = Adapter.from_dict(adapter, source)
            self.use_adapter(adapter, str(source))
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"settings": self.settings, "id": self.id, "bytes": self.to_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["settings"])
        self.id = state["id"]
        self.from_bytes(state["bytes"])

    def _check_lengths(self, trees: Sequence["Gold"]) -> None:
        most = self.lm.context_length
        for tree in trees:
            if (needed := tree.span) > most:
                raise ValueError(
                    Errors.E647.format(
                        needed=needed, most=most, begin=self._begin(tree)
                    )
                )

    def _begin(self, tree: "Gold") -> str:
        """The first words of a tree's text."""
        return self.tokenizer.decode(tree.ids[:20].tolist())

    # -- loading ----------------------------------------------------------------------

    def _forget(self) -> None:
        for built in (self._lm, self._trainer, self._engine, self._tokenizer):
            built.value = None
        self._chosen = None
        self.join_tokens = None

    def _named_adapter(self) -> Path | None:
        return adapter_folder(self.settings.adapter, self.settings.base)

    def _configured_adapter(self) -> Adapter | None:
        """The adapter that was chosen; the config's if none was. None where a new one
        or none is used."""
        # read before what is chosen, which another thread sets first
        is_settled, chosen = self._lm.value is not None, self._chosen
        if chosen is not None or is_settled:
            return None if chosen is None else chosen.adapter
        with BUILDING:
            if self._chosen is None and self._lm.value is None:
                folder = self._named_adapter()
                if folder is None:
                    return None
                adapter = read_adapter(folder)
                self._chosen = ChosenAdapter(adapter, str(folder), from_config=True)
            return self._chosen_adapter

    @property
    def _chosen_adapter(self) -> Adapter | None:
        return None if self._chosen is None else self._chosen.adapter

    def _new_engine(self) -> "Engine":
        from ..engines.packed import PackedEngine
        from ..execution.decoding import DecodingSettings

        decoding = DecodingSettings(
            merge=self.settings.merge_adapter,
            int8=self.settings.dtype == "int8",
            graphs=self.settings.cuda_graphs,
        )
        return PackedEngine(self.lm, self.tokenizer, decoding=decoding)

    def _new_tokenizer(self) -> "PromptTokenizer":
        from ..bases.tokenizer import PlainTokenizer

        return PlainTokenizer(self.lm.base.tokenizer)

    def _new_trainer(self) -> "Trainer":
        from ..training.trainer import Trainer

        batch_tokens = self.settings.train_batch_tokens
        return Trainer(self.lm, batch_tokens=batch_tokens, key=self.id)

    def _load(self) -> "AdaptedLM":
        import torch

        try:
            with torch.inference_mode(False):  # tensors of that mode cannot be trained
                return self._load_adapted()
        except Exception:
            self._base.forget_fingerprint()
            if self._chosen is not None and self._chosen.from_config:
                self._chosen = None
            raise

    def _load_adapted(self) -> "AdaptedLM":
        from ..adapters.adapted import AdaptedLM

        adapter = self._configured_adapter()
        if adapter is None:
            return AdaptedLM.plain(self._base.open(layers=self.settings.layers))
        source = self.adapter_source
        self._base.check_trained(adapter, source)
        layers = self._base.layers_for(adapter, source)
        base = self._base.open(layers=layers, private=adapter.needs_own_base)
        return AdaptedLM.loaded(base, adapter, source=source)


def causal_lm_shim(model: Model) -> CausalLMShim:
    """The shim of a model built by spacy_padellm.CausalLM.v1; ValueError for others."""
    for shim in model.shims:
        if isinstance(shim, CausalLMShim):
            return shim
    raise ValueError(Errors.E705.format(name=model.name))

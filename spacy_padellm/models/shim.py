"""Between thinc and torch: a causal language model that is loaded when first needed."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly
from thinc.api import Model, Optimizer
from thinc.shims import Shim

from ..errors import Errors
from ..trees.packing import GoldTree
from .adapters import (
    SHIPPED,
    Adapter,
    AdapterCard,
    adapter_folder,
    read_adapter,
)
from .devices import check_fork, resolve_device, resolve_dtype
from .fingerprint import base_fingerprint
from .weights import DEFAULT_BASE, resolve_base

if TYPE_CHECKING:
    from ..engines.base import Engine
    from ..formats.base import PromptTokenizer
    from .lora import AdaptedLM
    from .shared_base import SharedBase


@dataclass(frozen=True, slots=True)
class CausalLMSettings:
    """See `build_causal_lm_v1`."""

    base: str
    revision: str | None
    adapter: str | None
    device: str
    dtype: str
    merge_adapter: str
    cuda_graphs: bool
    trust_remote_code: bool
    train_batch_tokens: int
    label_smoothing: float
    lora: dict[str, Any]


class CausalLMShim(Shim):
    """A base model with an adapter.

    What it is worth keeping is the adapter alone: bytes and files never hold the base.
    The adapter comes, in this order, from files that were loaded, from a fresh start
    (`initialize`), from the config's `adapter`, or from the package.
    """

    def __init__(self, settings: CausalLMSettings) -> None:
        super().__init__(None)
        self.settings = settings
        self._lm: AdaptedLM | None = None
        self._engine: Engine | None = None
        self._tokenizer: PromptTokenizer | None = None
        self._fingerprint: str | None = None
        # the adapter as data, as long as the model has not changed it
        self._adapter: Adapter | None = None
        self._adapter_source = ""
        self._without_adapter = False
        self._weight_sum = 0.0

    # -- what the component uses ------------------------------------------------------

    @property
    def engine(self) -> "Engine":
        if self._lm is not None:  # it may have come here by a fork
            check_fork(self._lm.device.type)
        if self._engine is None:
            from ..engines.transformers import TransformersEngine
            from .decoding import DecodingSettings

            self._engine = TransformersEngine(
                self.lm,
                self.tokenizer,
                decoding=DecodingSettings(
                    merge=self.settings.merge_adapter,
                    int8=self.settings.dtype == "int8",
                    graphs=self.settings.cuda_graphs,
                ),
            )
        return self._engine

    @property
    def tokenizer(self) -> "PromptTokenizer":
        if self._tokenizer is None:
            from .tokenizer import PlainTokenizer

            self._tokenizer = PlainTokenizer(self.lm.base.tokenizer)
        return self._tokenizer

    @property
    def lm(self) -> "AdaptedLM":
        if self._lm is None:
            self._lm = self._load()
        return self._lm

    def card(self) -> AdapterCard | None:
        """The card of the adapter in use; None where a new one or none is used."""
        adapter = self._configured_adapter()
        return None if adapter is None else adapter.card

    def initialize(self) -> None:
        """Start with the config's adapter, or with a new one if it names none."""
        from .lora import AdaptedLM, LoraSettings

        self._forget()
        if self.settings.adapter is None:
            lora = LoraSettings(**self.settings.lora)
            self._lm = AdaptedLM.fresh(self._open_base(alone=lora.full), lora)

    def set_dropout(self, rate: float) -> None:
        self.lm.set_dropout(rate)

    def adapter(self, format: str, labels: dict[str, str]) -> Adapter | None:
        """The adapter as it is now, as data; None for a base without one."""
        if self._lm is None:
            adapter = self._configured_adapter()
            if adapter is None:
                return None
            card = replace(adapter.card, format=format, labels=labels)
            return replace(adapter, card=card)
        if self._lm.name is None:
            return None
        card = AdapterCard(
            base=self.settings.base,
            revision=self.settings.revision,
            fingerprint=self._base_fingerprint(),
            format=format,
            labels=labels,
        )
        return Adapter(self._lm.config(), self._lm.weights(), card)

    def use_adapter(self, adapter: Adapter | None, source: str) -> None:
        """Take an adapter from its files; None is the base alone. It is put on the base
        when that is first needed."""
        self._forget()
        self._adapter = adapter
        self._adapter_source = source
        self._without_adapter = adapter is None

    # -- what thinc uses --------------------------------------------------------------

    def __call__(self, trees: Sequence[GoldTree], is_train: bool):
        """The mean loss of gold trees, in nats a target. In training, the gradients are
        taken microbatch by microbatch, as the graph of a whole batch would not fit."""
        import torch

        from .loss import accumulate_gradients, tree_loss

        if is_train and self.lm.name is None:
            raise ValueError(Errors.E706)
        weight = float(sum(tree.weights.sum() for tree in trees))
        most = self.settings.train_batch_tokens
        if is_train:
            smoothing = self.settings.label_smoothing
            total = accumulate_gradients(self.lm, trees, most, smoothing)
            self._weight_sum += weight
        else:
            with torch.no_grad():
                total = sum(loss.item() for loss in tree_loss(self.lm, trees, most))
        return total / max(weight, 1e-8), lambda d_loss: []

    def finish_update(self, optimizer: Optimizer) -> None:
        """One step for all that has accumulated since the last: the gradient is that of
        the mean over all targets, however they were split. Runs on the CPU, as thinc's
        optimizer would need CuPy for tensors on a GPU."""
        import torch

        if self._lm is None or not self._weight_sum:
            return
        for name, parameter in self._lm.parameters().items():
            if parameter.grad is None:
                continue
            gradient = (parameter.grad / self._weight_sum).cpu().numpy()
            weights = parameter.detach().cpu().numpy()
            weights, _ = optimizer((self.id, name), weights, gradient)
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(weights))
            parameter.grad = None
        self._weight_sum = 0.0

    @contextlib.contextmanager
    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Swap the adapter's parameters for others, the optimizer's averages say."""
        import torch

        lm = self._lm
        parameters = {} if lm is None else lm.parameters()
        backup = {}
        with torch.no_grad():
            for name, parameter in parameters.items():
                if (self.id, name) in params:
                    backup[name] = parameter.detach().clone()
                    parameter.copy_(torch.as_tensor(params[self.id, name]))
        try:
            yield
        finally:
            with torch.no_grad():
                for name, values in backup.items():
                    parameters[name].copy_(values)

    def to_device(self, device_type: str, device_id: int) -> None:
        """The `device` setting decides; thinc's own device does not."""

    def copy(self) -> "CausalLMShim":
        twin = CausalLMShim(self.settings)
        twin.from_bytes(self.to_bytes())
        return twin

    def to_bytes(self) -> bytes:
        untouched = self._lm is None and self._adapter is None
        card = self._adapter.card if self._adapter else AdapterCard(base="")
        adapter = None if untouched else self.adapter(card.format, card.labels)
        return srsly.msgpack_dumps(
            {
                "untouched": untouched and not self._without_adapter,
                "adapter": None if adapter is None else adapter.to_dict(),
            }
        )

    def from_bytes(self, data: bytes) -> "CausalLMShim":
        message = srsly.msgpack_loads(data)
        if message["untouched"]:
            self._forget()
        else:
            adapter = message["adapter"]
            self.use_adapter(
                None if adapter is None else Adapter.from_dict(adapter), "in the bytes"
            )
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"settings": self.settings, "id": self.id, "bytes": self.to_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["settings"])
        self.id = state["id"]
        self.from_bytes(state["bytes"])

    # -- loading ----------------------------------------------------------------------

    def _forget(self) -> None:
        self._lm = None
        self._engine = None
        self._tokenizer = None
        self._adapter = None
        self._without_adapter = False
        self._weight_sum = 0.0

    def _configured_adapter(self) -> Adapter | None:
        if self._adapter is None and not self._without_adapter and self._lm is None:
            name = self.settings.adapter
            if name is None and self.settings.base == DEFAULT_BASE:
                name = SHIPPED
            if name is not None:
                folder = adapter_folder(name)
                self._adapter = read_adapter(folder)
                self._adapter_source = str(folder)
        return self._adapter

    def _load(self) -> "AdaptedLM":
        from .lora import AdaptedLM

        adapter = self._configured_adapter()
        if adapter is None:
            return AdaptedLM.plain(self._open_base())
        source = self._adapter_source
        if adapter.card.fingerprint:  # to read the base's takes a while
            fingerprint = self._base_fingerprint()
            adapter.check_base(self.settings.base, fingerprint, source=source)
        base = self._open_base(alone=adapter.replaces_layers)
        return AdaptedLM.loaded(base, adapter.config, adapter.weights, source=source)

    def _open_base(self, *, alone: bool = False) -> "SharedBase":
        from .shared_base import SharedBase

        device = resolve_device(self.settings.device)
        return SharedBase.open(
            self._base_folder(),
            device=device,
            dtype=resolve_dtype(self.settings.dtype, device),
            trust_remote_code=self.settings.trust_remote_code,
            alone=alone,
        )

    def _base_folder(self) -> Path:
        return resolve_base(self.settings.base, self.settings.revision)

    def _base_fingerprint(self) -> str:
        if self._fingerprint is None:
            self._fingerprint = base_fingerprint(self._base_folder())
        return self._fingerprint


def causal_lm_shim(model: Model) -> CausalLMShim:
    """The shim of a model built by spacy_padellm.CausalLM.v1; ValueError for others."""
    for shim in model.shims:
        if isinstance(shim, CausalLMShim):
            return shim
    raise ValueError(Errors.E705.format(name=model.name))

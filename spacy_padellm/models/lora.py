"""LoRA adapters on a base that several components may share.

The base is loaded once a process. Every component has an adapter of its own on it, and
makes it the active one before it computes.
"""

import copy
import os
import uuid
import warnings
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model_state_dict
from peft import set_peft_model_state_dict as set_adapter_tensors
from peft.tuners.lora import LoraLayer
from safetensors.torch import load, save
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..errors import Errors
from .fused import FusedBase
from .weights import load_base

if TYPE_CHECKING:
    from .learning import FusedLearner

# A forked worker of nlp.pipe(n_process=...) would wait for its parent's threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))

_BASES: "weakref.WeakValueDictionary[tuple, SharedBase]" = weakref.WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """A new adapter's shape. targets: module names, or "all-linear"."""

    rank: int = 16
    alpha: int = 32
    targets: str | tuple[str, ...] = "all-linear"
    rslora: bool = False
    dora: bool = False

    def config(self) -> LoraConfig:
        targets = self.targets
        return LoraConfig(
            task_type="CAUSAL_LM",
            r=self.rank,
            lora_alpha=self.alpha,
            target_modules=targets if isinstance(targets, str) else list(targets),
            use_rslora=self.rslora,
            use_dora=self.dora,
        )


class SharedBase:
    """A frozen base model, its tokenizer, and the adapters that live on it."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        self.model = model
        self.body = model.get_decoder()
        self.tokenizer = tokenizer
        self._fused: FusedBase | None = None
        self._peft: PeftModel | None = None
        self._active: str | None = None
        self._given_up: list[str] = []

    @classmethod
    def open(
        cls, folder: Path, *, device: str, dtype: torch.dtype, trust_remote_code: bool
    ) -> "SharedBase":
        """The base in `folder`, loaded anew only if no component holds it yet."""
        key = (str(folder.resolve()), device, dtype, trust_remote_code)
        base = _BASES.get(key)
        if base is None:
            base = cls(
                *load_base(
                    folder,
                    device=device,
                    dtype=dtype,
                    trust_remote_code=trust_remote_code,
                )
            )
            _BASES[key] = base
        return base

    @property
    def output(self) -> torch.nn.Module:
        """The output layer: asked for anew, as an adapter may have wrapped it."""
        return self.model.get_output_embeddings()

    def fused(self) -> FusedBase | None:
        """The base's products, fused when first asked for; None where its kind is not
        known, or an adapter is on its output layer."""
        if not FusedBase.knows(self.body, self.output):
            return None
        if self._fused is None:
            self._fused = FusedBase(self.body, self.output)
        return self._fused

    def attach(self, config: LoraConfig) -> str:
        """Put a new adapter on the base; returns the name it goes by here."""
        name = f"padellm-{uuid.uuid4().hex}"
        try:
            if self._peft is None:
                with warnings.catch_warnings():  # PEFT asks transformers by an old name
                    warnings.simplefilter("ignore", FutureWarning)
                    self._peft = PeftModel(self.model, config, adapter_name=name)
                self._active = name
            else:
                self._peft.add_adapter(name, config)
        except Exception:  # half of it may be on the base already
            for module in self.model.modules():
                if isinstance(module, LoraLayer):
                    module.delete_adapter(name)
            raise
        while self._given_up:
            gone = self._given_up.pop()
            if gone in self._peft.active_adapters:
                self.activate(name)
            self._peft.delete_adapter(gone)
        return name

    def give_up(self, name: str) -> None:
        """Nobody uses this adapter any more. It is taken off when the next one is put
        on: the garbage collector may call this while others walk over the modules."""
        self._given_up.append(name)

    def activate(self, name: str | None) -> None:
        """Compute with this adapter from now on; None is the base alone."""
        if self._peft is None or name == self._active:
            return
        if name is None:
            self._peft.base_model.disable_adapter_layers()
        else:
            self._peft.base_model.enable_adapter_layers()
            self._peft.set_adapter(name)
        self._active = name

    def tensors(self, name: str) -> dict[str, torch.Tensor]:
        """The adapter's tensors, under PEFT's names for files."""
        return get_peft_model_state_dict(
            self._peft, adapter_name=name, save_embedding_layers=False
        )

    def load_tensors(self, name: str, tensors: dict[str, torch.Tensor]) -> list[str]:
        """Fill the adapter; returns what is missing from or foreign in `tensors`."""
        expected = self.tensors(name)
        faults = [f"missing {key}" for key in sorted(expected.keys() - tensors.keys())]
        faults += [f"foreign {key}" for key in sorted(tensors.keys() - expected.keys())]
        faults += [
            f"{key} has shape {list(tensors[key].shape)} for {list(value.shape)}"
            for key, value in sorted(expected.items())
            if key in tensors and tensors[key].shape != value.shape
        ]
        if not faults:
            set_adapter_tensors(self._peft, tensors, adapter_name=name)
        return faults

    def parameters(self, name: str) -> dict[str, torch.nn.Parameter]:
        """The adapter's trainable parameters, by a name free of the adapter's own."""
        return {
            key.replace(f".{name}", ""): parameter
            for key, parameter in self._peft.named_parameters()
            if f".{name}" in key
        }

    def set_dropout(self, name: str, rate: float) -> None:
        """Dropout on what enters the adapter. PEFT builds no dropout layer for rate 0,
        and spaCy gives the rate with every batch."""
        for module in self._peft.modules():
            if isinstance(module, LoraLayer) and name in module.lora_dropout:
                module.lora_dropout[name] = torch.nn.Dropout(rate)


class AdaptedLM:
    """A base with one adapter of its own, or with none.

    name: how the base knows the adapter; None for the base alone.
    """

    def __init__(self, base: SharedBase, name: str | None) -> None:
        self.base = base
        self.name = name
        self._learner: FusedLearner | None = None
        self._dropout = 0.0
        if name is not None:
            weakref.finalize(self, base.give_up, name).atexit = False

    @classmethod
    def plain(cls, base: SharedBase) -> "AdaptedLM":
        return cls(base, None)

    @classmethod
    def fresh(cls, base: SharedBase, lora: LoraSettings) -> "AdaptedLM":
        """A new adapter, which changes nothing until it is trained."""
        return cls(base, base.attach(lora.config()))

    @classmethod
    def loaded(
        cls, base: SharedBase, config: dict[str, Any], weights: bytes, *, source: str
    ) -> "AdaptedLM":
        """An adapter from its files; `source` names it in errors."""
        known = LoraConfig.__dataclass_fields__
        settings = {key: value for key, value in config.items() if key in known}
        settings["inference_mode"] = False
        try:
            name = base.attach(LoraConfig(**settings))
        except (ValueError, TypeError, AttributeError) as error:  # what PEFT raises
            raise ValueError(
                Errors.E325.format(path=source, faults=str(error))
            ) from error
        adapted = cls(base, name)
        faults = base.load_tensors(name, load(weights))
        if faults:
            shown = "; ".join(faults[:3]) + ("; ..." if len(faults) > 3 else "")
            raise ValueError(Errors.E325.format(path=source, faults=shown))
        return adapted

    def merged(self) -> "AdaptedLM":
        """The same as a model of its own: a copy of the base with the adapter in its
        weights, and no adapter on it."""
        if self.name is None:
            return self
        peft = copy.deepcopy(self.base._peft)
        model = peft.merge_and_unload(adapter_names=[self.name])
        return AdaptedLM.plain(SharedBase(model, self.base.tokenizer))

    @property
    def device(self) -> torch.device:
        return self.base.model.device

    @property
    def context_length(self) -> int:
        """The most tokens that a sequence may have."""
        config = self.base.model.config.get_text_config()
        return getattr(config, "max_position_embeddings", None) or 2**31

    def multiplied(self, rows: int, tokens: int, real: int) -> int:
        """See `Decoder.multiplied`: all padding."""
        return rows * tokens

    def hidden(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor,
        cache: Any = None,
        real: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Hidden states [batch, tokens, width] of packed trees.

        ids, positions: [batch, tokens]; mask: bool [batch, tokens, cached + tokens],
        true where a token may look.
        real: [n], which of batch x tokens are no padding. The hidden states of padding
            mean nothing; the base's own modules compute them all the same.
        """
        self.base.activate(self.name)
        return self.base.body(
            input_ids=ids,
            position_ids=positions,
            attention_mask=mask[:, None],
            past_key_values=cache,
            use_cache=cache is not None,
        ).last_hidden_state

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]."""
        return self.base.output(hidden).float()

    def learner(self) -> "FusedLearner | AdaptedLM":
        """What computes hidden states and logits with gradients for the adapter: on a
        CPU fused products where these can be, else the modules themselves."""
        from .learning import FusedLearner

        if self._learner is None and self.name is not None:
            fused = self.base.fused()
            if fused is not None:
                self._learner = FusedLearner.of(fused, self.name)
        self.base.activate(self.name)  # PEFT freezes those that are not active
        if self._learner is None:
            return self
        self._learner.dropout = self._dropout
        return self._learner

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        return {} if self.name is None else self.base.parameters(self.name)

    def set_dropout(self, rate: float) -> None:
        if self.name is not None:
            self.base.set_dropout(self.name, rate)
        self._dropout = rate

    def config(self) -> dict[str, Any]:
        """PEFT's adapter_config.json."""
        config = self.base._peft.peft_config[self.name].to_dict()
        config["inference_mode"] = True
        config["base_model_name_or_path"] = None
        return {
            key: sorted(value) if isinstance(value, set) else value
            for key, value in config.items()
        }

    def weights(self) -> bytes:
        """The adapter's tensors as safetensors."""
        tensors = self.base.tensors(self.name)
        return save({key: value.contiguous().cpu() for key, value in tensors.items()})

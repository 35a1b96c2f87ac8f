"""A base model that several components share, with all their adapters on it.

The base is loaded once in a process. Each component activates its own adapter before
it computes.
"""

import copy
import os
import uuid
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model_state_dict
from peft import set_peft_model_state_dict as set_adapter_tensors
from peft.tuners.lora import LoraLayer
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..bases.fingerprint import file_states
from ..bases.first_layers import keep_first_layers
from ..bases.weights import load_base
from ..locks import BUILDING, base_lock
from .merging import merge
from .tensors import tensor_faults

# A forked worker of nlp.pipe(n_process=...) hangs on its parent's threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))

_BASES: "weakref.WeakValueDictionary[tuple, SharedBase]" = weakref.WeakValueDictionary()


# In place of the active adapter while it is switched, and if that failed.
UNKNOWN = ""


class SharedBase:
    """A frozen base model, its tokenizer and its adapters. Threads may share it.

    layers: how many of its layers the base has kept, the first ones; None for all.
    lock: hold it while you change the modules, or compute with them, see `locks`.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        layers: int | None = None,
    ) -> None:
        """Raises ValueError (E716) if it does not have more `layers` to begin with."""
        if layers is not None:
            keep_first_layers(model, layers)
        self.layers = layers
        self.model = model
        self.body = model.get_decoder()
        self.tokenizer = tokenizer
        self.lock = base_lock()
        self._peft: PeftModel | None = None
        self._active: str | None = None
        self._released: list[str] = []

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        device: str,
        dtype: torch.dtype,
        trust_remote_code: bool,
        layers: int | None = None,
        private: bool = False,
    ) -> "SharedBase":
        """The base in `folder`. It is loaded once and shared, until its files change.

        layers: keep so many, see `keep_first_layers`. A base with fewer layers than
            another one shares nothing with it.
        private: load a base that is not shared. Adapters that replace layers need it,
            because other adapters have LoRA on the same layers.
        """
        options = device, dtype, trust_remote_code, layers
        with BUILDING:
            key = None if private else (folder.resolve(), file_states(folder), *options)
            base = _BASES.get(key)
            if base is None:
                base = cls(
                    *load_base(
                        folder,
                        device=device,
                        dtype=dtype,
                        trust_remote_code=trust_remote_code,
                    ),
                    layers=layers,
                )
                if not private:
                    _BASES[key] = base
            return base

    @property
    def output(self) -> torch.nn.Module:
        """The output layer. It changes if an adapter wraps it."""
        return self.model.get_output_embeddings()

    @property
    def width(self) -> int:
        """Of hidden states."""
        return self.model.config.get_text_config().hidden_size

    def attach(self, config: LoraConfig) -> str:
        """Put a new adapter on the base, without dropout; returns its name."""
        name = f"padellm-{uuid.uuid4().hex}"
        with self.lock:
            self._attach(name, config)
            self.set_dropout(name, 0.0)
        return name

    def _attach(self, name: str, config: LoraConfig) -> None:
        try:
            if self._peft is None:
                with warnings.catch_warnings():  # PEFT uses an old name
                    warnings.simplefilter("ignore", FutureWarning)
                    self._peft = PeftModel(self.model, config, adapter_name=name)
                self._active = name
            else:
                self._peft.add_adapter(name, config)
        except Exception:  # a part of it may be on the base already
            for module in self.model.modules():
                if isinstance(module, LoraLayer):
                    module.delete_adapter(name)
            raise
        while self._released:
            gone = self._released.pop()
            if gone in self._peft.active_adapters:
                self.activate(name)
            self._peft.delete_adapter(gone)

    def release(self, name: str) -> None:
        """Delete this adapter when the next one is attached. The garbage collector may
        call this while other code iterates over the modules."""
        self._released.append(name)

    def activate(self, name: str | None) -> None:
        """Compute with this adapter from now on, or with none. Threads that compute on
        the base need `active`."""
        with self.lock:
            if self._peft is None or name == self._active:
                return
            self._active = UNKNOWN
            if name is None:
                self._peft.base_model.disable_adapter_layers()
            else:
                self._peft.base_model.enable_adapter_layers()
                self._peft.set_adapter(name)
            self._active = name

    @contextmanager
    def active(self, name: str | None) -> Iterator[None]:
        """Compute with this adapter, or with none, and let no other thread switch to
        another meanwhile."""
        with self.lock:
            self.activate(name)
            yield

    def config(self, name: str) -> LoraConfig:
        """The config that the adapter was attached with."""
        return self._peft.peft_config[name]

    def merged(self, name: str) -> PreTrainedModel:
        """A copy of the base with the adapter merged into its weights."""
        with self.lock:
            peft = copy.deepcopy(self._peft)
        return merge(peft, name)

    def tensors(self, name: str) -> dict[str, torch.Tensor]:
        """The adapter's tensors, with the names that PEFT uses in files."""
        with self.lock:
            return get_peft_model_state_dict(
                self._peft, adapter_name=name, save_embedding_layers=False
            )

    def load_tensors(self, name: str, tensors: dict[str, torch.Tensor]) -> list[str]:
        """Load the adapter's tensors; returns the faults, such as missing keys."""
        with self.lock:
            faults = tensor_faults(self.tensors(name), tensors)
            if not faults:
                set_adapter_tensors(self._peft, tensors, adapter_name=name)
            return faults

    def parameters(self, name: str) -> dict[str, torch.nn.Parameter]:
        """The adapter's trainable parameters, without its name in their keys."""
        with self.lock:
            return {
                key.replace(f".{name}", ""): parameter
                for key, parameter in self._peft.named_parameters()
                if f".{name}" in key
            }

    def set_dropout(self, name: str, rate: float) -> None:
        """Set the dropout on the adapter's inputs. PEFT fixes the rate when it builds
        an adapter, and applies it in all passes, as no module is switched to
        evaluation. spaCy passes a rate with every batch."""
        with self.lock:
            for module in self._peft.modules():
                if isinstance(module, LoraLayer) and name in module.lora_dropout:
                    module.lora_dropout[name] = torch.nn.Dropout(rate)

"""A base model with one LoRA adapter."""

import weakref
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from peft import LoraConfig
from safetensors.torch import load, save

from ..bases.layer_types import FULL, SLIDING, layer_masks
from ..bases.logits import scaled_logits
from ..errors import Errors
from .card import AdapterCard, HeadCard
from .checks import KNOWN, check_patterns, unsupported_settings
from .files import Adapter
from .fitting import NotFitting, check_finite, check_fit, read_head
from .pointer_head import PointerHead
from .shared_base import SharedBase
from .targets import lora_faults, with_names


def lora_config(settings: Mapping[str, Any]) -> LoraConfig:
    """PEFT's config of a new adapter.

    settings: arguments of `LoraConfig`.

    Raises ValueError (E713) for unknown or conflicting arguments, (E714) for those that
    would change the base, which other adapters share, or that this package does not
    compute, and (E336) for regular expressions.
    """
    arguments = LoraConfig.__dataclass_fields__.keys()
    known = {key: value for key, value in settings.items() if key in KNOWN | arguments}
    if changes := unsupported_settings(known):
        raise ValueError(Errors.E714.format(settings=", ".join(changes)))
    check_patterns(settings, "The model's `lora`")  # such an adapter would not load
    settings = {"task_type": "CAUSAL_LM", **settings, "inference_mode": False}
    try:
        return LoraConfig(**settings)
    except (TypeError, ValueError) as error:
        raise ValueError(Errors.E713.format(reason=error)) from error


class AdaptedLM:
    """A base with its adapter `name`, or without an adapter if it is None.

    head: what compares labels with tokens, if the adapter has been trained for that.
    """

    def __init__(
        self, base: SharedBase, name: str | None, head: PointerHead | None = None
    ) -> None:
        self.base = base
        self.name = name
        self.head = None if head is None else head.to(self.device)
        self.dropout = 0.0
        self._loaded: tuple[int, AdapterCard] | None = None
        self._tracked: list[torch.nn.Parameter] | None = None
        if name is not None:
            weakref.finalize(self, base.release, name).atexit = False

    @classmethod
    def plain(cls, base: SharedBase) -> "AdaptedLM":
        return cls(base, None)

    @classmethod
    def fresh(
        cls, base: SharedBase, lora: Mapping[str, Any], head: HeadCard | None = None
    ) -> "AdaptedLM":
        """A new adapter, which changes nothing until it is trained.

        lora: arguments of PEFT's `LoraConfig`. head: the head to train with it.

        Raises ValueError for faulty arguments (E713, E714), and if copies of layers
        would be trained in less than float32 (E712).
        """
        config = with_names(base.model, lora_config(lora))
        try:
            name = base.attach(config)
        except (ValueError, TypeError) as error:  # for example, no such modules
            raise ValueError(Errors.E713.format(reason=error)) from error
        lm = cls(
            base, name, None if head is None else PointerHead(base.width, head.size)
        )
        lm.check_trainable()
        return lm

    @classmethod
    def loaded(cls, base: SharedBase, adapter: Adapter, *, source: str) -> "AdaptedLM":
        """An adapter from its files. Raises ValueError (E325, E335) for one that does
        not fit, before it takes memory. source: its name in the error."""
        config = adapter.config
        known = LoraConfig.__dataclass_fields__
        settings = {key: value for key, value in config.items() if key in known}
        settings["inference_mode"] = False
        weights = load(adapter.weights)
        check_finite(weights, source)
        shapes = {name: tensor.shape for name, tensor in weights.items()}
        try:
            lora = with_names(base.model, LoraConfig(**settings))
            check_fit(lora_faults(base.model, lora, shapes), source)
            head = read_head(adapter, base.width, source)
            name = base.attach(lora)
        except NotFitting:
            raise
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # what PEFT raises
            raise ValueError(
                Errors.E325.format(path=source, faults=str(error))
            ) from error
        adapted = cls(base, name, head)
        check_fit(base.load_tensors(name, weights), source)
        adapted._loaded = adapted.version, adapter.card
        return adapted

    def merged(self) -> "AdaptedLM":
        """A copy of the base with the adapter merged into its weights."""
        if self.name is None:
            return self
        model = self.base.merged(self.name)
        return AdaptedLM.plain(SharedBase(model, self.base.tokenizer))

    @property
    def device(self) -> torch.device:
        return self.base.model.device

    @property
    def context_length(self) -> int:
        """The maximum number of tokens in a sequence."""
        config = self.base.model.config.get_text_config()
        return getattr(config, "max_position_embeddings", None) or 2**31

    def computed_tokens(self, rows: int, tokens: int, real: int) -> int:
        """See `Decoder.computed_tokens`; all padding is computed."""
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

        ids: [batch, tokens]. positions: [batch, cached + tokens].
        mask: bool [batch, tokens, cached + tokens], true where a token may attend.
            Layers with a sliding window limit it.
        real: [n], indices into batch x tokens that are not padding. It is unused here:
            the hidden states of padding are computed, and mean nothing.
        """
        masks = layer_masks(self.base.body.config, positions, mask)
        masks = {one: masked[:, None] for one, masked in masks.items()}
        differ = masks.keys() == {FULL, SLIDING}
        with self.base.active(self.name):
            return self.base.body(
                input_ids=ids,
                position_ids=positions[:, positions.shape[1] - ids.shape[1] :],
                attention_mask=masks if differ else next(iter(masks.values())),
                past_key_values=cache,
                use_cache=cache is not None,
            ).last_hidden_state

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """float32 logits [rows, vocabulary] of hidden states [rows, width]: those of
        the output layer, scaled as known kinds do. See `checked_logits`."""
        with self.base.active(self.name):
            return scaled_logits(self.base.output(hidden), self.base.body.config)

    def check_trainable(self) -> None:
        """Raises ValueError (E712) if copies of layers have less than float32."""
        for parameter in self.parameters().values():
            if parameter.dtype != torch.float32:
                dtype = str(parameter.dtype).removeprefix("torch.")
                raise ValueError(Errors.E712.format(dtype=dtype))

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """All that is trained: the adapter, and its head."""
        adapter = {} if self.name is None else self.base.parameters(self.name)
        head = {} if self.head is None else dict(self.head.named_parameters())
        return {**adapter, **{f"head.{name}": one for name, one in head.items()}}

    @property
    def version(self) -> int:
        """Grows whenever a parameter changes: torch counts the changes of each."""
        if self._tracked is None:  # it takes a while to find them
            self._tracked = list(self.parameters().values())
        return sum(parameter._version for parameter in self._tracked)

    @property
    def card(self) -> AdapterCard | None:
        """The card that the adapter was loaded with; None if there was none, or if the
        adapter has changed since."""
        version, card = self._loaded or (None, None)
        return card if version == self.version else None

    def set_dropout(self, rate: float) -> None:
        if self.name is not None:
            self.base.set_dropout(self.name, rate)
        self.dropout = rate

    def config(self) -> dict[str, Any]:
        """PEFT's adapter_config.json.

        Arguments of a later PEFT have its defaults. They are left out, as this package
        could not read them back.
        """
        config = self.base.config(self.name).to_dict()
        config["inference_mode"] = True
        config["base_model_name_or_path"] = None
        return {
            key: sorted(value) if isinstance(value, set) else value
            for key, value in config.items()
            if key in KNOWN
        }

    def weights(self) -> bytes:
        """The adapter's tensors as safetensors."""
        return _as_bytes(self.base.tensors(self.name))

    def adapter(self, card: AdapterCard) -> Adapter:
        """The adapter as data. The model's own head takes the place of the card's."""
        head, weights = None, None
        if self.head is not None:
            head = HeadCard(size=self.head.size, width=self.head.width)
            weights = _as_bytes(self.head.state_dict())
        card = replace(card, head=head)
        return Adapter(self.config(), self.weights(), card, weights)


def _as_bytes(tensors: Mapping[str, torch.Tensor]) -> bytes:
    return save({key: value.contiguous().cpu() for key, value in tensors.items()})

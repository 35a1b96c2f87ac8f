"""The base that a model's settings name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..adapters.checks import needs_own_base
from ..adapters.files import Adapter
from ..bases.devices import resolve_device, resolve_dtype
from ..bases.embedded import EMBEDDED
from ..bases.fingerprint import base_fingerprint
from ..bases.own_files import check_file_digests, file_digests
from ..bases.weights import resolve_base
from ..errors import Errors

if TYPE_CHECKING:
    from ..adapters.shared_base import SharedBase
    from ..types import PromptTokenizer


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
    layers: int | None
    lora: dict[str, Any]


class ConfiguredBase:
    """The files of the base, and its weights, which pipelines share.

    Raises ValueError where the base is missing, such as E301.
    """

    def __init__(self, settings: CausalLMSettings) -> None:
        self.settings = settings
        self._fingerprint: str | None = None

    @property
    def folder(self) -> Path:
        return resolve_base(self.settings.base, self.settings.revision)

    @property
    def fingerprint(self) -> str:
        """Of the weights. To read it takes a while, so it is kept."""
        if self._fingerprint is None:
            self._fingerprint = base_fingerprint(self.folder)
        return self._fingerprint

    def forget_fingerprint(self) -> None:
        """The files may be others when the next call comes."""
        self._fingerprint = None

    @property
    def file_digests(self) -> dict[str, str]:
        """Of config, tokenizer and weights; none for a base whose download has
        checksums."""
        return {} if self._is_embedded else file_digests(self.folder)

    def check_trained(self, adapter: Adapter, source: str) -> None:
        """Raises ValueError if an adapter from `source` was trained on another base."""
        card = adapter.card
        if card.fingerprint:
            adapter.check_base(self.settings.base, self.fingerprint, source=source)
        if card.base_files and not self._is_embedded:
            check_file_digests(
                card.base_files, self.folder, trained=card.base, source=source
            )

    def layers_for(self, adapter: Adapter, source: str) -> int | None:
        """How many of the base's layers an adapter from `source` was trained on; None
        for all. A folder from elsewhere does not say it, so the settings do.

        Raises ValueError (E346) if the settings say something else.
        """
        asked, card = self.settings.layers, adapter.card
        if card.layers is None and not card.fingerprint:
            return asked
        if asked not in (None, card.layers):
            raise ValueError(
                Errors.E346.format(
                    path=source, trained=card.layers or "all", asked=asked
                )
            )
        return card.layers

    def open(self, *, layers: int | None, private: bool = False) -> "SharedBase":
        """The weights on their device. private: not shared with others."""
        from ..adapters.shared_base import SharedBase

        device = resolve_device(self.settings.device)
        return SharedBase.open(
            self.folder,
            device=device,
            dtype=resolve_dtype(self.settings.dtype, device),
            trust_remote_code=self.settings.trust_remote_code,
            layers=layers,
            private=private,
        )

    def open_to_train(self, lora: dict[str, Any]) -> "SharedBase":
        """The shared weights, or private ones for a new adapter that needs them."""
        from ..adapters.adapted import lora_config
        from ..adapters.targets import targets

        layers = self.settings.layers
        if needs_own_base(lora):
            return self.open(layers=layers, private=True)
        base = self.open(layers=layers)
        if needs_own_base(lora, targets(base.model, lora_config(lora))):
            base = self.open(layers=layers, private=True)
        return base

    def tokenizer_alone(self) -> "PromptTokenizer":
        """The tokenizer, read without the weights."""
        from ..bases.tokenizer import PlainTokenizer
        from ..bases.weights import load_tokenizer

        settings = self.settings
        folder = resolve_base(settings.base, settings.revision, only_tokenizer=True)
        return PlainTokenizer(
            load_tokenizer(folder, trust_remote_code=settings.trust_remote_code)
        )

    @property
    def _is_embedded(self) -> bool:
        return self.settings.base in EMBEDDED

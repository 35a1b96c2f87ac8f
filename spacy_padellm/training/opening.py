"""The base and the adapter to train, as spaCy's training would have them."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ..errors import Errors
from ..models.adapters import AdapterCard
from ..models.devices import resolve_device, resolve_dtype
from ..models.fingerprint import base_fingerprint
from ..models.lora import AdaptedLM, LoraSettings
from ..models.shared_base import SharedBase
from ..models.tokenizer import PlainTokenizer
from ..models.weights import resolve_base
from .prepared import ADAPTER, Prepared
from .tokenizing import tokenizer_digest


@dataclass(frozen=True, slots=True)
class Opened:
    """card: of the adapter that will have been trained."""

    lm: AdaptedLM
    tokenizer: PlainTokenizer
    card: AdapterCard


def open_model(
    prepared: Prepared, base: str | None, device: str, *, folder: Path
) -> Opened:
    """Load the base and put the adapter on it that training starts with.

    base: where the base is, a folder or a hub id; None looks for the config's.
    folder: of the prepared data, to name in errors.

    The random numbers from here on are those of `spacy train` with the same seed.

    ValueError: the base is another than the one the data were prepared for (E879), or
    the adapter's (E326); or it cannot be loaded.
    """
    settings = prepared.settings
    device = resolve_device(device)
    revision = settings.revision if base is None else None
    found = resolve_base(base or settings.base, revision)
    fingerprint = base_fingerprint(found)
    expected = settings.base_fingerprint
    if expected and fingerprint != expected:
        what = f"weights {fingerprint[:12]} instead of {expected[:12]}"
        raise ValueError(_another_base(prepared, found, folder, what))
    if prepared.adapter is not None:
        source = folder / ADAPTER
        prepared.adapter.check_base(settings.base, fingerprint, source=source)
    # 8-bit products are for reading alone
    dtype = "auto" if settings.dtype == "int8" else settings.dtype
    seed_torch(settings.seed)
    lora = LoraSettings(**settings.lora)
    shared = SharedBase.open(
        found,
        device=device,
        dtype=resolve_dtype(dtype, device),
        trust_remote_code=settings.trust_remote_code,
        alone=lora.full
        if prepared.adapter is None
        else prepared.adapter.replaces_layers,
    )
    texts = [text.text for text in prepared.dev_texts]
    if tokenizer_digest(shared.tokenizer, texts) != settings.tokenizer_digest:
        raise ValueError(_another_base(prepared, found, folder, "another tokenizer"))
    card = AdapterCard(
        base=settings.base,
        revision=settings.revision,
        fingerprint=fingerprint,
        format=settings.format.name,
        labels=settings.labels,
    )
    return Opened(
        _adapted(prepared, lora, shared, folder), PlainTokenizer(shared.tokenizer), card
    )


def seed_torch(seed: int) -> None:
    """As thinc's `fix_random_seed`."""
    torch.manual_seed(seed % 0xFFFF_FFFF_FFFF_FFFF)


def _adapted(
    prepared: Prepared, lora: LoraSettings, shared: SharedBase, folder: Path
) -> AdaptedLM:
    if prepared.adapter is not None:
        # spaCy loads it after it has seeded for training
        return AdaptedLM.loaded(
            shared,
            prepared.adapter.config,
            prepared.adapter.weights,
            source=str(folder / ADAPTER),
        )
    lm = AdaptedLM.fresh(shared, lora)
    # and starts a new one before, when it initializes
    seed_torch(prepared.settings.seed)
    return lm


def _another_base(prepared: Prepared, found: Path, folder: Path, what: str) -> str:
    return Errors.E879.format(
        path=found, folder=folder, base=prepared.settings.base, what=what
    )

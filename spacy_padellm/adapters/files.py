"""Adapters on disk: a PEFT folder, and a card that names the adapter's base."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..writing import replace_files
from .card import AdapterCard, read_card
from .checks import (
    check_patterns,
    lora_modules,
    needs_own_base,
    unsupported_settings,
)
from .digests import check_digests, digest, digests

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
CARD = "padellm.json"
# All others are rounded or quantized. PEFT would cast them.
FLOATS = ("F16", "BF16", "F32", "F64")


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter as plain data: PEFT's config, safetensors, and the card.

    head: the tensors of its head as safetensors, if the card names one.

    An adapter may also hold copies of layers, which PEFT calls `modules_to_save`, and
    rows of an embedding, `trainable_token_indices`.
    """

    config: dict[str, Any]
    weights: bytes
    card: AdapterCard
    head: bytes | None = None

    @property
    def needs_own_base(self) -> bool:
        """Whether it changes modules that other adapters compute with."""
        return needs_own_base(self.config, lora_modules(self.weights))

    def to_dict(self) -> dict[str, Any]:
        """With the checksums that a folder would have."""
        return {
            "config": self.config,
            "weights": self.weights,
            "card": self._sealed_card(),
            "head": self.head,
        }

    @property
    def digest(self) -> str:
        """A sha256, in hex, of all that is saved, without `base_files`."""
        return digest({**self._sealed_card(), "base_files": {}})

    def files(self, folder: Path) -> dict[Path, bytes | str]:
        """The contents of a folder that PEFT reads as well, see `replace_files`. The
        card comes first, as it has the checksums of the others."""
        contents = {CARD: _json_text(self._sealed_card())}
        for name, part in self._parts().items():
            contents[name] = _json_text(part) if isinstance(part, dict) else part
        return {folder / name: content for name, content in contents.items()}

    def _parts(self) -> dict[str, bytes | dict[str, Any]]:
        """By file name, all but the card."""
        parts = {CONFIG: self.config, WEIGHTS: self.weights}
        if self.card.head is not None:
            parts[self.card.head.file] = self.head
        return parts

    def _sealed_card(self) -> dict[str, Any]:
        card = asdict(self.card)
        for name, empty in (("join_tokens", None), ("layers", None), ("breadths", {})):
            if card[name] == empty:
                del card[name]
        return {**card, "sha256": digests(self._parts())}

    def check_base(self, base: str, fingerprint: str, *, source: str | Path) -> None:
        """Raises ValueError (E326) if the adapter was trained on another base.

        base: the base's name in the config. source: the adapter's name in the error.
        """
        expected = self.card.fingerprint
        if expected not in ("", fingerprint):
            message = Errors.E326.format(
                path=source,
                trained=self.card.base,
                base=base,
                expected=expected[:12],
                found=fingerprint[:12],
            )
            raise ValueError(message)

    @classmethod
    def from_dict(cls, data: dict[str, Any], source: Path) -> "Adapter":
        """Checked like an adapter from files. source: a name in errors.

        Raises ValueError (E321, E323, E324, E327, E334, E336).
        """
        if not isinstance(data, dict) or not {"config", "card", "weights"} <= set(data):
            raise ValueError(
                Errors.E324.format(path=source, reason="parts are missing")
            )
        config, card = data["config"], data["card"]
        check_json(config, source / CONFIG)
        check_json(card, source / CARD)
        check_config(config, source / CONFIG)
        card, sha256 = read_card(card, source / CARD)
        heads = {} if card.head is None else {card.head.file: data.get("head")}
        if WEIGHTS in heads:
            reason = f"the head's file is {WEIGHTS}"
            raise ValueError(Errors.E324.format(path=source / CARD, reason=reason))
        for name, tensors in ({WEIGHTS: data["weights"]} | heads).items():
            check_tensors(tensors, source / name)
        adapter = cls(config, data["weights"], card, *heads.values())
        check_digests(sha256, adapter._parts(), source=source)
        return adapter


def read_adapter(folder: Path) -> Adapter:
    """Read and check an adapter's files, without torch.

    Raises ValueError (E320 to E324, E327, E334, E336) if a file is missing, damaged, of
    another kind, or not the one that was saved.
    """
    if not folder.is_dir():
        raise ValueError(Errors.E320.format(path=folder))
    if not (folder / WEIGHTS).is_file():
        pickled = sorted(file.name for file in folder.glob("*.bin"))
        error = Errors.E322 if pickled else Errors.E321
        raise ValueError(error.format(path=folder, missing=WEIGHTS, files=pickled))
    data: dict[str, Any] = {"config": _read_json(folder / CONFIG)}
    data["weights"] = (folder / WEIGHTS).read_bytes()
    data["card"] = {"base": ""}
    if (folder / CARD).is_file():
        data["card"] = _read_json(folder / CARD)
    head = read_card(data["card"], folder / CARD)[0].head
    if head is not None:
        if not (folder / head.file).is_file():
            raise ValueError(Errors.E321.format(path=folder, missing=head.file))
        data["head"] = (folder / head.file).read_bytes()
    return Adapter.from_dict(data, folder)


def write_adapter(folder: Path, adapter: Adapter) -> None:
    """Write a folder that PEFT reads as well. Raises ValueError (E333)."""
    replace_files(adapter.files(folder))


def check_json(data: Any, path: Path) -> None:
    """Raises ValueError (E324) for what could not be saved as JSON again: values of
    other types, which bytes may hold, and halves of surrogate pairs."""
    try:
        json.dumps(data, sort_keys=True, ensure_ascii=False).encode("utf8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(Errors.E324.format(path=path, reason=error)) from error


def check_config(config: Any, path: Path) -> None:
    """Raises ValueError (E323, E324, E327, E336) for a config of another kind."""
    if not isinstance(config, dict):
        raise ValueError(Errors.E324.format(path=path, reason="not a JSON object"))
    if config.get("peft_type") != "LORA":
        kind = config.get("peft_type")
        raise ValueError(Errors.E323.format(path=path, kind=kind))
    if settings := unsupported_settings(config):
        message = Errors.E327.format(path=path.parent, settings=", ".join(settings))
        raise ValueError(message)
    check_patterns(config, path)


def check_tensors(tensors: Any, path: Path) -> None:
    """Raises ValueError (E324) for anything but safetensors of real numbers."""
    from safetensors import SafetensorError, deserialize

    try:
        for name, tensor in deserialize(tensors):
            if tensor["dtype"] not in FLOATS:
                raise TypeError(f"{name} has numbers of type {tensor['dtype']}")
    except (SafetensorError, TypeError) as error:
        raise ValueError(Errors.E324.format(path=path, reason=error)) from error


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(Errors.E321.format(path=path.parent, missing=path.name))
    try:
        data = json.loads(path.read_text(encoding="utf8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(Errors.E324.format(path=path, reason=error)) from error
    if not isinstance(data, dict):
        raise ValueError(Errors.E324.format(path=path, reason="not a JSON object"))
    return data


def _json_text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

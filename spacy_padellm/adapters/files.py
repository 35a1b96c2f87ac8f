"""Adapters on disk: a PEFT folder, and a card that names the adapter's base."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..types import LabelNames

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
CARD = "padellm.json"
HEAD = "pointer_head.safetensors"


@dataclass(frozen=True, slots=True)
class HeadCard:
    """The head of an adapter, see `PointerHead`.

    size: of each projection. width: of the base's hidden states; 0 before it is known.
    file: in the adapter's folder.
    """

    size: int
    width: int = 0
    file: str = HEAD

    def __post_init__(self) -> None:
        """Raises TypeError unless the size is a positive integer."""
        if not isinstance(self.size, int) or self.size < 1:
            raise TypeError(f"the head's size is {self.size!r}")


@dataclass(frozen=True, slots=True)
class AdapterCard:
    """What an adapter was trained with.

    base, revision: the base model's name, as in the config.
    fingerprint: of the base's weights, see `base_fingerprint`.
    format: of prompts and answers, such as "PaDeLLM compact"; "" if unknown.
    labels: the name that the model reads for each label.
    head: None for an adapter that generates.
    """

    base: str
    revision: str | None = None
    fingerprint: str = ""
    format: str = ""
    labels: LabelNames = field(default_factory=dict)
    head: HeadCard | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AdapterCard":
        """Raises TypeError for unknown fields."""
        head = data.get("head")
        return cls(**{**data, "head": None if head is None else HeadCard(**head)})


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter as plain data: PEFT's config, safetensors, and the card.

    head: the tensors of its head as safetensors, if the card names one.

    An adapter may also hold copies of layers, which PEFT calls `modules_to_save`.
    """

    config: dict[str, Any]
    weights: bytes
    card: AdapterCard
    head: bytes | None = None

    @property
    def replaces_layers(self) -> bool:
        """Whether it replaces layers of the base, and so cannot share the base."""
        return bool(self.config.get("modules_to_save"))

    def to_dict(self) -> dict[str, Any]:
        return {
            "config": self.config,
            "weights": self.weights,
            "card": asdict(self.card),
            "head": self.head,
        }

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
    def from_dict(cls, data: dict[str, Any]) -> "Adapter":
        card = AdapterCard.from_dict(data["card"])
        return cls(data["config"], data["weights"], card, data.get("head"))


def read_adapter(folder: Path) -> Adapter:
    """Read and check an adapter's files, without torch.

    Raises ValueError (E320 to E324, E327) if a file is missing, damaged or of another
    kind.
    """
    if not folder.is_dir():
        raise ValueError(Errors.E320.format(path=folder))
    if not (folder / WEIGHTS).is_file():
        pickled = sorted(file.name for file in folder.glob("*.bin"))
        error = Errors.E322 if pickled else Errors.E321
        raise ValueError(error.format(path=folder, missing=WEIGHTS, files=pickled))
    config = _read_json(folder / CONFIG)
    if config.get("peft_type") != "LORA":
        kind = config.get("peft_type")
        raise ValueError(Errors.E323.format(path=folder / CONFIG, kind=kind))
    if settings := settings_that_change_the_base(config):
        raise ValueError(Errors.E327.format(path=folder, settings=", ".join(settings)))
    card = AdapterCard(base="")
    if (folder / CARD).is_file():
        try:
            card = AdapterCard.from_dict(_read_json(folder / CARD))
        except TypeError as error:
            raise ValueError(
                Errors.E324.format(path=folder / CARD, reason=error)
            ) from error
    weights = _read_tensors(folder / WEIGHTS)
    head = None
    if card.head is not None:
        if not (folder / card.head.file).is_file():
            raise ValueError(Errors.E321.format(path=folder, missing=card.head.file))
        head = _read_tensors(folder / card.head.file)
    return Adapter(config, weights, card, head)


def write_adapter(folder: Path, adapter: Adapter) -> None:
    """Write a folder that PEFT reads as well."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / CONFIG, adapter.config)
    _write_json(folder / CARD, asdict(adapter.card))
    (folder / WEIGHTS).write_bytes(adapter.weights)
    if adapter.head is not None:
        (folder / adapter.card.head.file).write_bytes(adapter.head)


def settings_that_change_the_base(config: Mapping[str, Any]) -> list[str]:
    """The arguments of a LoraConfig that change weights of the base."""
    allowed = {
        "bias": (None, "none"),
        "layer_replication": (None, []),
        "init_lora_weights": (None, True, False, "gaussian", "orthogonal", "eva"),
    }
    return [
        f"{setting} = {config[setting]!r}"
        for setting, values in allowed.items()
        if config.get(setting, values[0]) not in values
    ]


def _read_tensors(path: Path) -> bytes:
    from safetensors import SafetensorError, deserialize

    tensors = path.read_bytes()
    try:
        deserialize(tensors)
    except SafetensorError as error:
        raise ValueError(Errors.E324.format(path=path, reason=error)) from error
    return tensors


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(Errors.E321.format(path=path.parent, missing=path.name))
    try:
        data = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise ValueError(Errors.E324.format(path=path, reason=error)) from error
    if not isinstance(data, dict):
        raise ValueError(Errors.E324.format(path=path, reason="not a JSON object"))
    return data


def _write_json(path: Path, data: dict[str, Any]) -> None:
    text = json.dumps(data, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf8")

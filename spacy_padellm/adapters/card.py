"""The card of an adapter: which base, format and labels it was trained with."""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..labels import label_names
from ..types import LabelNames

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
        """Raises TypeError unless the size is a positive integer, and `file` the name
        of a safetensors file."""
        if not isinstance(self.size, int) or self.size < 1:
            raise TypeError(f"the head's size is {self.size!r}")
        file = self.file
        if not isinstance(file, str) or not re.fullmatch(r"\w+\.safetensors", file):
            raise TypeError(f"the head's file is {file!r}")


@dataclass(frozen=True, slots=True)
class AdapterCard:
    """What an adapter was trained with.

    base, revision: the base model's name, as in the config.
    fingerprint: of the base's weights, see `base_fingerprint`.
    format: of prompts and answers, such as "PaDeLLM compact"; "" if unknown.
    labels: the name that the model reads for each label.
    head: None for an adapter that generates.
    base_files: checksums of the base's files, see `file_digests`. Empty
        for an embedded base: it has its own, and transformers writes them anew.
    join_tokens: sentences share a window of up to this many spaCy tokens. None if the
        card does not say it.
    layers: how many of the base's layers compute, the first ones; None for all.
    breadths: of names of labels, as the format measures them with this adapter, see
        `formats/breadth.py`. Other names are measured when they are needed.
    """

    base: str
    revision: str | None = None
    fingerprint: str = ""
    format: str = ""
    labels: LabelNames = field(default_factory=dict)
    head: HeadCard | None = None
    base_files: dict[str, str] = field(default_factory=dict)
    join_tokens: int | None = None
    layers: int | None = None
    breadths: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AdapterCard":
        """Raises TypeError for unknown fields, and for fields of another type."""
        head = data.get("head")
        return cls(**{**data, "head": None if head is None else HeadCard(**head)})

    def __post_init__(self) -> None:
        """Raises TypeError for a field of another type."""
        texts = (self.base, self.fingerprint, self.format)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("base, fingerprint and format must be strings")
        labels = self.labels
        if not isinstance(labels, dict) or not all(
            isinstance(text, str) for pair in labels.items() for text in pair
        ):
            raise TypeError(f"labels is {labels!r}")
        if not isinstance(self.base_files, dict):
            raise TypeError(f"base_files is {self.base_files!r}")
        for name in ("join_tokens", "layers"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise TypeError(f"{name} is {value!r}")
        if not isinstance(self.breadths, dict) or not all(
            isinstance(name, str) and _is_breadth(one)
            for name, one in self.breadths.items()
        ):
            raise TypeError(f"breadths is {self.breadths!r}")


def _is_breadth(value: Any) -> bool:
    """Other tools may write a whole number without a point. One that is too large for a
    float is no breadth."""
    return type(value) in (int, float) and 1 <= value <= sys.float_info.max


def read_card(data: Any, path: Path) -> tuple["AdapterCard", dict[str, str]]:
    """The card, and the checksums that it has. Raises ValueError (E324), also for
    labels that a component would not take, see `label_names`."""
    try:
        data = dict(data)
        sha256 = data.pop("sha256", {})
        if not isinstance(sha256, dict):
            raise TypeError(f"sha256 is {sha256!r}")
        card = AdapterCard.from_dict(data)
        label_names(card.labels)
        return card, sha256
    except (TypeError, ValueError) as error:
        raise ValueError(Errors.E324.format(path=path, reason=error)) from error

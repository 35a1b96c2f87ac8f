"""What a training needs to know beside its data: settings.json of a prepared folder."""

import json
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..formats.base import Format
from ..types import LabelNames
from .dev_texts import Placing

FILE = "settings.json"
# To be raised when what is written can no longer be read by earlier versions.
LAYOUT = 1
# Formats of other packages may need spaCy, or anything.
FORMATS = "spacy_padellm.formats."


@dataclass(frozen=True, slots=True)
class FormatSettings:
    """A format that can be built without spaCy's registry.

    name: `Format.name`, for the adapter's card.
    builder: "module:function" of this package; None where the format is from another,
        and then nothing is read with it: the dev set's loss has to do.
    settings: the function's arguments.
    """

    name: str
    builder: str | None
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        if self.builder is not None and not self.builder.startswith(FORMATS):
            raise ValueError(f"{self.builder} is no format of this package")

    @classmethod
    def of(cls, name: str, function: Any, settings: dict[str, Any]) -> "FormatSettings":
        ours = function.__module__.startswith(FORMATS)
        builder = f"{function.__module__}:{function.__qualname__}" if ours else None
        return cls(name, builder, settings)

    def build(self) -> Format | None:
        if self.builder is None:
            return None
        module, _, function = self.builder.partition(":")
        return getattr(import_module(module), function)(**self.settings)


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What a config of `spacy train` says of the component and of its training.

    base, revision, trust_remote_code, dtype, merge_adapter, lora: of the model.
    base_fingerprint: of the base's weights; empty where they were not at hand.
    tokenizer_digest: of the tokenizer that the token ids are from.
    has_adapter: whether to go on from the folder's adapter; else a new one starts.
    batch_tokens, placing: of the component, for reading the dev set.
    train_batch_tokens, label_smoothing: of the model.
    eval_frequency: steps between two looks at the dev set.
    patience: so many steps without a better score end the training; 0 is never.
    """

    base: str
    revision: str | None
    base_fingerprint: str
    tokenizer_digest: str
    trust_remote_code: bool
    dtype: str
    merge_adapter: str
    lora: dict[str, Any]
    has_adapter: bool
    labels: LabelNames
    format: FormatSettings
    batch_tokens: int
    placing: Placing
    train_batch_tokens: int
    use_averages: bool
    l2_is_weight_decay: bool
    seed: int
    eval_frequency: int
    patience: int
    label_smoothing: float = 0.0

    def write(self, folder: Path) -> None:
        text = json.dumps(
            {"layout": LAYOUT, **asdict(self)}, indent=2, ensure_ascii=False
        )
        (folder / FILE).write_text(text + "\n", encoding="utf8")

    @classmethod
    def read(cls, folder: Path) -> "TrainingSettings":
        """ValueError (E876): not there, damaged, or of another version."""
        try:
            data = json.loads((folder / FILE).read_text(encoding="utf8"))
            if data.pop("layout") != LAYOUT:
                raise ValueError("another version of spacy-padellm has written it")
            data["format"] = FormatSettings(**data["format"])
            data["placing"] = Placing(**data["placing"])
            return cls(**data)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(Errors.E876.format(path=folder, reason=error)) from error

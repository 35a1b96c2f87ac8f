"""What of the mentions found comes into a doc, and where it stands there."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..errors import Errors
from ..settings import check_flags, check_share


@dataclass(frozen=True, slots=True)
class Output:
    """The component's settings for its output. They may be changed on a live pipeline,
    and for one call; see `make_padellm_ner` for what each one means.

    Raises ValueError for a value that is not allowed.
    """

    spans_key: str = "padellm_ner"
    allow_overlap: bool = False
    threshold: float = 0.0
    deduplicate: bool = True
    overwrite_ents: bool = False
    alignment_mode: str = "contract"
    save_trace: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.spans_key, str) or not self.spans_key.strip():
            raise ValueError(Errors.E803.format(value=self.spans_key))
        if self.alignment_mode not in ("strict", "contract", "expand"):
            raise ValueError(Errors.E801.format(value=self.alignment_mode))
        check_share(threshold=self.threshold)
        check_flags(
            allow_overlap=self.allow_overlap,
            deduplicate=self.deduplicate,
            overwrite_ents=self.overwrite_ents,
            save_trace=self.save_trace,
        )

    def changed(self, settings: Mapping[str, Any]) -> "Output":
        """The same with other values; ValueError for a setting that there is not."""
        known = [field.name for field in fields(self)]
        for setting in settings:
            if setting not in known:
                raise ValueError(
                    Errors.E804.format(
                        setting=setting,
                        known=", ".join(["labels", "active_adapter", *known]),
                    )
                )
        return replace(self, **settings)


def _setting(name: str) -> property:
    def get(component: "OutputSettings") -> Any:
        return getattr(component.output, name)

    def set(component: "OutputSettings", value: Any) -> None:
        component.output = component.output.changed({name: value})

    return property(get, set)


class OutputSettings:
    """A component whose settings for its output are checked whenever they are set."""

    output: Output

    spans_key: str = _setting("spans_key")
    allow_overlap: bool = _setting("allow_overlap")
    threshold: float = _setting("threshold")
    deduplicate: bool = _setting("deduplicate")
    overwrite_ents: bool = _setting("overwrite_ents")
    alignment_mode: str = _setting("alignment_mode")
    save_trace: bool = _setting("save_trace")

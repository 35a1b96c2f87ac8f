"""Which of the mentions that were found enter a doc, and where they stand there."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..errors import Errors
from ..settings import check_flags, check_share


@dataclass(frozen=True, slots=True)
class Output:
    """The component's output settings. You can change them on a live pipeline and for a
    single call; `make_padellm_ner` says what each one means.

    Raises ValueError for a value that is not allowed.
    """

    spans_key: str | None = None
    allow_overlap: bool = False
    threshold: float = 0.0
    deduplicate: bool = True
    overwrite_ents: bool = False
    alignment_mode: str = "contract"
    all_occurrences: bool = False
    save_trace: bool = False

    def __post_init__(self) -> None:
        key = self.spans_key
        if key is not None and (not isinstance(key, str) or not key.strip()):
            raise ValueError(Errors.E803.format(value=key))
        if self.alignment_mode not in ("strict", "contract", "expand"):
            raise ValueError(Errors.E801.format(value=self.alignment_mode))
        check_share(threshold=self.threshold)
        check_flags(
            allow_overlap=self.allow_overlap,
            deduplicate=self.deduplicate,
            overwrite_ents=self.overwrite_ents,
            all_occurrences=self.all_occurrences,
            save_trace=self.save_trace,
        )
        for setting in ("allow_overlap", "save_trace"):
            if key is None and getattr(self, setting):
                raise ValueError(Errors.E815.format(setting=setting))

    def changed(self, settings: Mapping[str, Any]) -> "Output":
        """The same with other values. Raises ValueError (E804) for an unknown
        setting."""
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


class OutputSetting:
    """An attribute of a component that is a setting of its `output`, checked when you
    set it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, component: Any, owner: type | None = None) -> Any:
        if component is None:
            return self
        return getattr(component.output, self.name)

    def __set__(self, component: Any, value: Any) -> None:
        component.output = component.output.changed({self.name: value})

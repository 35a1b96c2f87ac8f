"""The adapters in the package, by the names that configs use."""

from dataclasses import dataclass
from pathlib import Path

from ..bases.embedded import GEMMA_3, SMOLLM2
from ..errors import Errors

AUTO = "auto"
DEFAULT = "default"
ENGLISH_FAST = "english-fast"
ENGLISH_PADELLM = "english-padellm"
CHINESE = "chinese"
MULTILINGUAL = "multilingual"


@dataclass(frozen=True, slots=True)
class ShippedAdapter:
    """folder: in assets/. format: that it was trained in, "Pointer" or "PaDeLLM".
    lang: of the texts that it was trained on, such as "en"; "xx" for several."""

    folder: str
    format: str
    lang: str


# base → name → adapter
SHIPPED = {
    SMOLLM2.name: {
        DEFAULT: ShippedAdapter("smollm2-135m-english", "Pointer", "en"),
        ENGLISH_FAST: ShippedAdapter("smollm2-135m-english-fast", "Pointer", "en"),
        ENGLISH_PADELLM: ShippedAdapter(
            "smollm2-135m-english-padellm", "PaDeLLM", "en"
        ),
        CHINESE: ShippedAdapter("smollm2-135m-chinese", "PaDeLLM", "zh"),
    },
    GEMMA_3.name: {
        DEFAULT: ShippedAdapter("gemma-3-270m-english", "Pointer", "en"),
        CHINESE: ShippedAdapter("gemma-3-270m-chinese", "Pointer", "zh"),
        MULTILINGUAL: ShippedAdapter("gemma-3-270m-multilingual", "Pointer", "xx"),
    },
}
NAMES = frozenset(name for adapters in SHIPPED.values() for name in adapters)


def adapter_folder(adapter: str | None, base: str) -> Path | None:
    """The folder of the adapter that a config names.

    adapter: "auto" is the default adapter of the base, if it has one. Names of shipped
        adapters come before folders. None is none.
    base: its name in the config. A base that comes with no adapters may be a copy of
        one that does, so its adapters are those of the default base.

    Raises ValueError (E328) for the name of an adapter that belongs to another base.
    """
    if adapter is None or (adapter == AUTO and base not in SHIPPED):
        return None
    if adapter == AUTO:
        adapter = DEFAULT
    if adapter not in NAMES:
        return Path(adapter).expanduser()
    adapters = SHIPPED.get(base, SHIPPED[SMOLLM2.name])
    if adapter not in adapters:
        raise ValueError(
            Errors.E328.format(adapter=adapter, base=base, known=", ".join(adapters))
        )
    return shipped_folder(adapters[adapter].folder)


def shipped_folder(name: str) -> Path:
    """A folder of assets/, in the package or in a checkout."""
    package = Path(__file__).resolve().parents[1] / "assets" / name
    checkout = Path(__file__).resolve().parents[2] / "assets" / name
    return package if package.is_dir() else checkout


def shipped_for(base: str, format: str, lang: str) -> str | None:
    """The name of the adapter that ships for a base in a format and a language; None if
    there is none."""
    for name, adapter in SHIPPED.get(base, {}).items():
        if (adapter.format, adapter.lang) == (format, lang):
            return name
    return None

"""Whether an adapter fits a format, and how it reads it."""

from ..errors import Errors
from ..formats.base import Format, as_trained
from ..model.shim import CausalLMShim


def format_of(shim: CausalLMShim, format: Format) -> Format:
    """The format as an adapter was trained in it, where the format leaves that open."""
    card = shim.card()
    return format if card is None else as_trained(format, card.format)


def check_format(shim: CausalLMShim, format: Format, name: str) -> None:
    """Raises ValueError (E802) if an adapter was trained in another format.

    name: of what uses it, for the error.
    """
    card, own = shim.card(), format_of(shim, format).name
    if card is not None and card.format and card.format != own:
        formats = {"trained": card.format, "format": own}
        message = Errors.E802.format(path=shim.adapter_source, name=name, **formats)
        raise ValueError(message)


def check_predicts(shim: CausalLMShim, format: Format, name: str) -> None:
    """Raises ValueError if an adapter was trained in another format (E802), or has no
    head although the format needs one (E814)."""
    check_format(shim, format, name)
    if format.head is not None and not shim.has_head:
        own = format_of(shim, format).name
        raise ValueError(Errors.E814.format(format=own, name=name))

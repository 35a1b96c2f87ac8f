"""The texts that the model reads of a doc, in training and in prediction."""

from typing import TYPE_CHECKING, NamedTuple

from ..types import Window, WindowGetter
from .normalised import NormalisedText, normalise
from .unread import unread_parts, without_parts
from .wrapping import unwrapped

if TYPE_CHECKING:
    from spacy.tokens import Doc


class WindowText(NamedTuple):
    """A window, and its text in the form that models read."""

    window: Window
    text: NormalisedText


def window_texts(doc: "Doc", windows: WindowGetter) -> tuple[list[WindowText], int]:
    """The windows of a doc that are not blank, and the number of parts that are not
    read, see `unread_parts`."""
    unread = unread_parts(doc)
    unbroken = unwrapped(doc.text)
    texts = []
    for window in without_parts(windows(doc), unread):
        tokens = doc[window.start : window.end]
        text = normalise(unbroken[tokens.start_char : tokens.end_char])
        if text.text.strip():
            texts.append(WindowText(window, text))
    return texts, len(unread)

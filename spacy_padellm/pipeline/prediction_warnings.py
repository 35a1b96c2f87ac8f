"""What a prediction lost and a reader may not notice, as warnings."""

from collections.abc import Iterator
from typing import Any

from spacy.tokens import Doc

from ..errors import Warnings
from ..spans.unread import LONGEST
from .prediction import Prediction


def prediction_warnings(
    doc: Doc, prediction: Prediction
) -> Iterator[tuple[str, str, Any]]:
    """The kind of a loss, the message to warn with, and its values."""
    of_mention = {"not in text": Warnings.W801, "empty": Warnings.W806}
    for one in prediction.mentions:
        if one.dropped in of_mention:
            yield one.dropped, of_mention[one.dropped], {"mention": one.mention}
        elif one.dropped == "misaligned" or one.changed == "contracted":
            span = one.span
            kept = "nothing" if span is None else repr(doc[span.start : span.end].text)
            values = {"mention": one.mention.text, "kept": kept}
            yield "contracted", Warnings.W807, values
    if prediction.dropped["long token"]:
        values = {"number": prediction.dropped["long token"], "longest": LONGEST}
        yield "long token", Warnings.W805, values

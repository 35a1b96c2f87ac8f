"""GLiNER's training data, as a JSON list or as lines:

    {"tokenized_text": ["Ada", "Byron", "left"], "ner": [[0, 1, "person"]],
     "ner_negatives": ["city"]}

Offsets are tokens, end inclusive. An item may name the labels that were looked for
(`ner_labels`), or those that it does not have (`ner_negatives`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base import AnnotatedText, ReadReport
from .claims import Claim
from .json_entities import all_strings
from .json_values import read_json_items
from .mentions import place_tokens
from .missing import are_words
from .script import joiner_of


def read_gliner(
    path: Path, report: ReadReport, *, joiner: str | None = None
) -> Iterator[AnnotatedText]:
    """Yield one text per item.

    joiner: the string between tokens, " " or "". It is guessed if None.
    Items with another structure are skipped and reported. An entity outside of its text
    leaves all of the text unknown.
    """
    for line, value in read_json_items(path, report):
        words = value.get("tokenized_text") if isinstance(value, dict) else None
        ner = value.get("ner") if isinstance(value, dict) else None
        if not words or not are_words(words) or not isinstance(ner, list):
            report.lose(line, "no tokenized_text with ner", repr(value)[:60])
            continue
        placed = place_tokens(report, line, len(words), map(_claim, ner))
        between = joiner_of(words) if joiner is None else joiner
        spaces = [bool(between)] * len(words)
        document = str(value.get("id", ""))
        yield report.count(
            AnnotatedText.from_words(
                words,
                spaces=spaces,
                labels=_annotated_labels(value, ner),
                document=document,
                line=line,
                **placed,
            )
        )


def _annotated_labels(value: dict[str, Any], ner: list[Any]) -> tuple[str, ...] | None:
    """Return the labels that an item was annotated for, None if it does not say."""
    named = [value.get("ner_labels"), value.get("ner_negatives")]
    labels = [name for names in named if all_strings(names) for name in names]
    if not labels:
        return None
    labels += [claim.label for claim in map(_claim, ner)]
    return tuple(dict.fromkeys(x for x in labels if isinstance(x, str) and x.strip()))


def _claim(entity: Any) -> Claim:
    try:
        start, end, label = entity[:3]
        return Claim(start, end + 1, label)
    except (TypeError, ValueError, KeyError):
        fault = "entity is not [start, end, label]"
        return Claim(None, None, None, repr(entity)[:60], fault)

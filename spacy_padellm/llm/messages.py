"""Prompts and answers between the task and the model, as JSON.

A prompt is `{"text": "Ann left.", "labels": {"PER": "person"}}`. It maps each label to
its name for the model. The answer is

    {"mentions": [{"label": "PER", "text": "Ann", "index": 1, "probability": 0.98,
                   "count_probability": 0.99}],
     "counts": {"PER": 1}}

A mention has a `start` if its first character in the text is known. An answer has
`lost` if a part of it could not be parsed (see `Extraction.lost`).
"""

import json
import math
from typing import Any

from ..errors import Errors
from ..formats.base import Extraction, Query
from ..types import Mention


def write_prompt(query: Query) -> str:
    return _dumps({"text": query.text, "labels": query.labels})


def read_prompt(prompt: str) -> Query:
    """Parse a prompt. Raises ValueError unless `write_prompt` wrote it."""
    try:
        data = json.loads(prompt)
        return Query(_string(data["text"]), dict(data["labels"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(Errors.E841.format(prompt=_shown(prompt))) from error


def write_answer(extraction: Extraction) -> str:
    answer: dict[str, Any] = {
        "mentions": [_mention_fields(mention) for mention in extraction.mentions],
        "counts": dict(extraction.counts),
    }
    if extraction.lost:
        answer["lost"] = dict(extraction.lost)
    return _dumps(answer)


def read_answer(answer: str) -> Extraction:
    """Parse an answer. Raises ValueError unless `write_answer` wrote it."""
    try:
        data = json.loads(answer)
        mentions = tuple(_read_mention(fields) for fields in data["mentions"])
        return Extraction(mentions, dict(data["counts"]), lost=data.get("lost", {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(Errors.E842.format(answer=_shown(answer))) from error


def _mention_fields(mention: Mention) -> dict[str, Any]:
    fields = {
        "label": mention.label,
        "text": mention.text,
        "index": mention.index,
        "probability": _probability(mention.logprob),
        "count_probability": _probability(mention.count_logprob),
    }
    return fields if mention.start is None else {**fields, "start": mention.start}


def _read_mention(fields: dict[str, Any]) -> Mention:
    return Mention(
        label=_string(fields["label"]),
        text=_string(fields["text"]),
        index=int(fields["index"]),
        logprob=_logprob(fields["probability"]),
        count_logprob=_logprob(fields["count_probability"]),
        start=fields.get("start"),
    )


def _probability(logprob: float) -> float | None:
    """Return None for NaN, because JSON has no NaN."""
    return None if math.isnan(logprob) else math.exp(logprob)


def _logprob(probability: float | None) -> float:
    if probability is None:
        return math.nan
    return math.log(probability) if probability > 0 else -math.inf


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def _dumps(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)


def _shown(message: Any) -> str:
    shown = repr(message)
    return shown if len(shown) <= 80 else f"{shown[:80]}..."

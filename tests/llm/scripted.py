"""Scripted answers that replace the model of a pipeline."""

import json
from collections.abc import Sequence

# `typing` alone is known to spacy-llm's check of types
from typing import Iterable  # noqa: UP035

from spacy_padellm.llm.messages import read_prompt


def answer(*mentions: tuple[str, str], **more) -> str:
    """Return an answer with these mentions (label, string), in their order."""
    counts: dict[str, int] = {}
    written = []
    for label, text in mentions:
        counts[label] = counts.get(label, 0) + 1
        written.append(
            {
                "label": label,
                "text": text,
                "index": counts[label],
                "probability": 0.5,
                "count_probability": 0.5,
                **more,
            }
        )
    return json.dumps({"mentions": written, "counts": counts})


class ScriptedModel:
    """Finds the given strings. batches: the texts of each call, by doc."""

    def __init__(
        self, known: Sequence[tuple[str, str]] = (), context_length: int = 1000
    ) -> None:
        self.known = known
        self.context_length = context_length
        self.batches: list[list[list[str]]] = []

    def __call__(self, prompts: Iterable[Iterable[str]]) -> Iterable[Iterable[str]]:
        texts = [[read_prompt(prompt).text for prompt in doc] for doc in prompts]
        self.batches.append(texts)
        return [[answer(*self._found(text)) for text in doc] for doc in texts]

    def _found(self, text: str) -> list[tuple[str, str]]:
        found = [
            (place, label, string)
            for label, string in self.known
            for place in range(len(text))
            if text.startswith(string, place)
        ]
        return [(label, string) for _, label, string in sorted(found)]

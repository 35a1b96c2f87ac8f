"""A format that answers from a script, and notes down what it is asked and taught."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from spacy_padellm.formats.base import EncodedQuery, Extraction, Generative, Query
from spacy_padellm.formats.segments import TextSegments
from spacy_padellm.trees.packing import GoldSequence
from spacy_padellm.types import LabelNames, Mention

# What is found in a text: label, string, score from 0 to 1.
Found: TypeAlias = tuple[str, str, float]
Tell: TypeAlias = Callable[[str], Sequence[Found]]


@dataclass
class ScriptedFormat(Generative):
    """asked: the texts that were asked about, in that order. queries: with the labels.
    taught: each gold text with the labels asked for and the strings of each.
    lost: what could not be read of every answer, by reason."""

    tell: Tell = field(default=lambda text: ())
    asked: list[str] = field(default_factory=list)
    queries: list[tuple[str, LabelNames]] = field(default_factory=list)
    taught: list[tuple[str, LabelNames, dict[str, list[str]]]] = field(
        default_factory=list
    )
    lost: dict[str, int] = field(default_factory=dict)
    name: str = "scripted"

    def encode(self, query: Query, tokenizer) -> EncodedQuery:
        return EncodedQuery(query, TextSegments(query.text, tokenizer))

    def extract(self, encoded: Sequence[EncodedQuery], session) -> list[Extraction]:
        queries = [one.query for one in encoded]
        self.asked += [query.text for query in queries]
        self.queries += [(query.text, query.labels) for query in queries]
        return [self._extraction(query) for query in queries]

    def _extraction(self, query: Query) -> Extraction:
        counts = dict.fromkeys(query.labels, 0)
        mentions = []
        for label, text, score in self.tell(query.text):
            counts[label] += 1
            mentions.append(Mention(label, text, counts[label], math.log(score)))
        return Extraction(tuple(mentions), counts, lost=self.lost)

    def gold(self, query: Query, spans, tokenizer) -> list[GoldSequence]:
        strings = {
            label: [query.text[start:end] for start, end in places]
            for label, places in spans.items()
        }
        self.taught.append((query.text, query.labels, strings))
        return [GoldSequence(tokenizer.encode(query.text).ids, (1,), (1.0,))]

"""The dev set's texts with their gold entities, and how well a model reads them."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..engines.base import Engine
from ..errors import Errors
from ..formats.base import Extraction, Format, PromptTokenizer, Query
from ..scoring.prf import PRF
from ..scoring.spans import LabelledPlace, score_spans
from ..spans.align import align_mentions
from ..spans.resolve import drop_duplicates, drop_overlaps
from ..types import LabelledSpan, LabelNames


@dataclass(frozen=True, slots=True)
class Placing:
    """The component's settings for what becomes of mentions, see `make_padellm_ner`."""

    alignment_mode: str
    deduplicate: bool
    threshold: float


@dataclass(frozen=True, slots=True)
class DevText:
    """A window of a dev doc.

    doc: the doc's number, from 0.
    labels: those to ask for, with their names.
    starts, ends: the characters where spaCy's tokens start and end (exclusive).
    entities: start, end (exclusive) and label, in characters.
    """

    doc: int
    text: str
    labels: LabelNames
    starts: Sequence[int]
    ends: Sequence[int]
    entities: Sequence[LabelledPlace]

    def token(self, number: int) -> str:
        return self.text[self.starts[number] : self.ends[number]]


def write_dev_texts(file: Path, texts: Iterable[DevText]) -> None:
    """One JSON object a line."""
    with file.open("w", encoding="utf8") as stream:
        for text in texts:
            stream.write(json.dumps(asdict(text), ensure_ascii=False) + "\n")


def read_dev_texts(file: Path) -> list[DevText]:
    """ValueError (E876): not there or damaged."""
    try:
        with file.open(encoding="utf8") as lines:
            return [DevText(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(Errors.E876.format(path=file, reason=error)) from error


def score_texts(
    texts: Sequence[DevText],
    *,
    format: Format,
    engine: Engine,
    tokenizer: PromptTokenizer,
    placing: Placing,
    in_batches: Callable[[Sequence[int], Callable[[list[int]], None]], None],
) -> PRF:
    """Read the texts and compare the places found with the gold ones.

    The score is that of `spacy evaluate` where windows do not overlap; entities that a
    window cuts are not counted here.

    in_batches: given the tokens of each text and a function for a batch of their
        numbers, calls that for each batch.
    """
    lengths = [
        len(tokenizer.encode(text.text).ids) + 4 * len(text.labels) for text in texts
    ]
    found: dict[int, list[LabelledPlace]] = {}

    def read(batch: list[int]) -> None:
        queries = [Query(texts[place].text, texts[place].labels) for place in batch]
        with engine.session(len(batch)) as session:
            extractions = format.extract(queries, session, tokenizer)
        for place, extraction in zip(batch, extractions, strict=True):
            found[place] = _places(texts[place], extraction, placing)

    in_batches(lengths, read)
    return score_spans(
        (map(tuple, text.entities) for text in texts),
        (found[place] for place in range(len(texts))),
    ).micro


def _places(
    text: DevText, extraction: Extraction, placing: Placing
) -> list[LabelledPlace]:
    """Where the mentions stand that would become entities of a doc."""
    mentions: Sequence = extraction.mentions
    if placing.deduplicate:
        mentions, _ = drop_duplicates(mentions)
    alignment = align_mentions(text.text, mentions, starts=text.starts, ends=text.ends)
    spans = [
        LabelledSpan(*tokens, one.mention.label, one.mention.score)
        for one in alignment.placed
        if one.mention.score >= placing.threshold
        if (tokens := whole_tokens(text, one.start, one.end, placing.alignment_mode))
    ]
    kept, _ = drop_overlaps(spans)
    return [
        (text.starts[span.start], text.ends[span.end - 1], span.label) for span in kept
    ]


def whole_tokens(
    text: DevText, start: int, end: int, mode: str
) -> tuple[int, int] | None:
    """The tokens (end exclusive) at characters `start` to `end`, as `to_token_span`
    gives them for a doc; None where there are none."""
    if mode == "expand":
        first, last = bisect_right(text.ends, start), bisect_left(text.starts, end)
    else:
        first, last = bisect_left(text.starts, start), bisect_right(text.ends, end)
    if first >= last:
        return None
    if mode == "strict" and (text.starts[first], text.ends[last - 1]) != (start, end):
        return None
    while first < last and text.token(first).isspace():
        first += 1
    while first < last and text.token(last - 1).isspace():
        last -= 1
    return (first, last) if first < last else None

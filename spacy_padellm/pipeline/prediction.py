"""From the mentions that the model wrote to spans of the doc's tokens."""

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from spacy.tokens import Doc

from ..formats.base import Extraction, Query
from ..spans.align import align_mentions, boundaries
from ..spans.merging import are_answered_for
from ..spans.normalised import normal_form, normalise
from ..spans.occurrences import other_occurrences
from ..spans.resolve import split_overlaps, to_token_span, without_outer_spaces
from ..types import LabelledSpan, Mention, Place, Window
from .output import Output


@dataclass(frozen=True, slots=True)
class FoundMention:
    """A mention, its tokens in the doc, and why it was dropped or changed.

    window: the number of its window.
    place: its first character and end (exclusive) in the doc; None if it has none.
    span: None if the mention has no tokens in the doc.
    dropped: empty, or the reason: "duplicate" (other labels have all occurrences of the
        string), "empty", "not in text", "misaligned" (it is not made of whole tokens),
        "other window" (that one is responsible for these tokens), "below threshold",
        "overlap" (with a better one, or with what the doc has; or it is a part of
        another occurrence of a name).
    changed: how the span differs from the mention: empty, "contracted" (it lacks
        characters), "expanded" (it has more), "shared token" (a better mention has a
        token that both touch), or "repeated" (the span is another occurrence of the
        mention's string); or "second choice", if the model wrote a string first that
        other mentions used up.
    """

    window: int
    mention: Mention
    place: Place | None = None
    span: LabelledSpan | None = None
    dropped: str = ""
    changed: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it has tokens, and was not dropped."""
        return self.span is not None and not self.dropped


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """The query about a window, and the model's answer."""

    window: Window
    query: Query
    extraction: Extraction


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was found in one doc, and how.

    mentions: all mentions, also those that were dropped.
    lost: what was lost before it was a mention, by reason: see `Extraction.lost`; and
        as "long token", how many parts were not read.
    windows: for each window that is not blank, the query and the model's answer.
    """

    mentions: tuple[FoundMention, ...] = ()
    lost: Counter[str] = field(default_factory=Counter)
    windows: tuple[WindowPrediction, ...] = ()

    @property
    def spans(self) -> tuple[LabelledSpan, ...]:
        """Those of the mentions that were kept, in text order. They may overlap."""
        kept = [one.span for one in self.mentions if one.is_kept]
        return tuple(sorted(kept, key=lambda span: (span.start, span.end)))

    @property
    def dropped(self) -> Counter[str]:
        """How many mentions were dropped or lost, by reason."""
        return self.lost + Counter(one.dropped for one in self.mentions if one.dropped)

    @property
    def extractions(self) -> list[Extraction]:
        """The model's answers."""
        return [part.extraction for part in self.windows]


def locate(
    doc: Doc,
    parts: Sequence[WindowPrediction],
    output: Output,
    *,
    n_unread: int = 0,
) -> Prediction:
    """Turn mentions into spans of whole tokens of the doc; see `predict_docs`.

    n_unread: parts of the doc that were not read, see `unread_parts`.
    """
    found: list[FoundMention] = []
    for number, part in enumerate(parts):
        found += _place(doc, number, part, output)
    placed = [one for one in found if one.span is not None]
    answered = are_answered_for(
        [part.window for part in parts], [(one.window, one.span) for one in placed]
    )
    settled = [one for one in found if one.span is None]
    for one, is_answered in zip(placed, answered, strict=True):
        if not is_answered:
            one = replace(one, dropped="other window")
        elif one.span.score < output.threshold:
            one = replace(one, dropped="below threshold")
        settled.append(one)
    if not output.allow_overlap:
        settled = _share_tokens(doc, settled)
    if output.all_occurrences:
        settled = _with_repeated(doc, parts, settled, output)
    lost = Counter({"long token": n_unread})
    for part in parts:
        lost.update(part.extraction.lost)
    return Prediction(tuple(settled), lost, tuple(parts))


def _place(
    doc: Doc, number: int, part: WindowPrediction, output: Output
) -> list[FoundMention]:
    """Align the mentions of a window with the doc's tokens."""
    window = part.window
    text, starts, ends = boundaries(doc[window.start : window.end])
    normalised = normalise(text)
    alignment = align_mentions(
        part.query.text,
        [replace(one, text=normal_form(one.text)) for one in part.extraction.mentions],
        starts=normalised.edges(starts),
        ends=normalised.edges(ends),
        exclusive=output.deduplicate,
    )
    found = [
        FoundMention(number, one, dropped="duplicate") for one in alignment.duplicates
    ]
    found += [
        FoundMention(
            number, one, dropped="not in text" if one.text.strip() else "empty"
        )
        for one in alignment.missing
    ]
    offset = doc[window.start].idx
    for placed in alignment.placed:
        start, end = normalised.to_given(placed.start, placed.end)
        start += len(text[start:end]) - len(text[start:end].lstrip())
        end = start + len(text[start:end].rstrip())
        place = offset + start, offset + end
        found.append(_snap(doc, FoundMention(number, placed.mention, place), output))
    return found


def _snap(doc: Doc, found: FoundMention, output: Output) -> FoundMention:
    """Turn the characters of a mention into whole tokens.

    Tokens that have no more than signs beside the mention, such as "José." in
    decomposed letters, are not cut off, as a part of the name would be lost.
    """
    start, end = found.place
    if output.alignment_mode == "contract":
        tokens = _contracted(doc, start, end)
    else:
        tokens = to_token_span(doc, start, end, output.alignment_mode)
    if tokens is None:
        return replace(found, dropped="misaligned")
    mention = found.mention
    span = LabelledSpan(*tokens, mention.label, mention.score, mention.weight)
    snapped = doc[span.start : span.end]
    changed = "second choice" if mention.instead_of else ""
    if snapped.start_char > start or snapped.end_char < end:
        changed = "contracted"
    elif snapped.start_char < start or snapped.end_char > end:
        changed = "expanded"
    return replace(found, span=span, changed=changed)


def _contracted(doc: Doc, start: int, end: int) -> tuple[int, int] | None:
    """The tokens of the characters `start` to `end`, without those at either edge that
    have more than signs beside them: punctuation, symbols, and invisible marks, such
    as those of a direction. None if no tokens are left."""
    tokens = to_token_span(doc, start, end, "expand")
    if tokens is None:
        return None
    first, last = doc[tokens[0]], doc[tokens[1] - 1]
    before = first.text[: max(start - first.idx, 0)]
    after = last.text[max(end - last.idx, 0) :]
    cut_first, cut_last = (not _are_signs(part) for part in (before, after))
    return without_outer_spaces(doc, tokens[0] + cut_first, tokens[1] - cut_last)


def _are_signs(text: str) -> bool:
    """Whether a text beside a mention has no letters or digits. Marks belong to the
    signs before them: those of the mention's letters are in the mention."""
    categories = map(unicodedata.category, text)
    return all(one[0] in "PSM" or one == "Cf" for one in categories)


def _share_tokens(doc: Doc, found: Sequence[FoundMention]) -> list[FoundMention]:
    """Give a token that two mentions touch to the better one. The other one keeps its
    other tokens, where it would overlap with `alignment_mode = "expand"`.

    Mentions of which a better one has characters stay as they are: they are dropped
    later.
    """
    found = list(found)
    numbers = [number for number, one in enumerate(found) if one.is_kept]
    kept, _ = split_overlaps([_characters(found[number]) for number in numbers])
    for left, right in pairwise(numbers[index] for index in kept):
        one, other = found[left], found[right]
        if one.span.end <= other.span.start:
            continue
        if one.span.rank >= other.span.rank:
            loser, start, end = right, one.span.end, other.span.end
        else:
            loser, start, end = left, one.span.start, other.span.start
        if tokens := without_outer_spaces(doc, start, end):
            span = replace(found[loser].span, start=tokens[0], end=tokens[1])
            found[loser] = replace(found[loser], span=span, changed="shared token")
    return found


def _characters(found: FoundMention) -> LabelledSpan:
    """The span of its characters in place of its tokens."""
    start, end = found.place
    return replace(found.span, start=start, end=end)


def _with_repeated(
    doc: Doc,
    parts: Sequence[WindowPrediction],
    settled: Sequence[FoundMention],
    output: Output,
) -> list[FoundMention]:
    """The mentions, and the other occurrences of strings that became entities. Where a
    part of such a string was found alone, that part is dropped."""
    found = [number for number, one in enumerate(settled) if one.is_kept]
    kept, nested = split_overlaps([settled[number].span for number in found])
    sources = [found[index] for index in kept]
    spans = [settled[number].span for number in sources]
    taken = [settled[found[index]].span for index in nested]
    keep_ends = [part.window.keep_end for part in parts]
    repeated, pieces = [], set()
    for source, copy, inner in other_occurrences(
        doc, spans, taken=taken if output.allow_overlap else ()
    ):
        pieces.update(
            sources[index]
            for index in inner
            if spans[index].label == copy.label or not output.allow_overlap
        )
        number = bisect_right(keep_ends, copy.start)
        start, end = doc[copy.start].idx, doc[copy.end - 1].idx + len(doc[copy.end - 1])
        repeated.append(
            replace(
                settled[sources[source]],
                window=min(number, len(parts) - 1),
                place=(start, end),
                span=copy,
                changed="repeated",
            )
        )
    rest = [
        replace(one, dropped="overlap") if number in pieces else one
        for number, one in enumerate(settled)
    ]
    return rest + repeated

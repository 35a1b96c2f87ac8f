"""Settle what cannot stand together: like strings, overlaps, half tokens."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..types import LabelledSpan, Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc


def drop_duplicates(
    mentions: Sequence[Mention],
) -> tuple[list[Mention], list[Mention]]:
    """Leave a string that several labels claim to the most probable label alone.

    The de-duplication of PaDeLLM-NER (arXiv 2402.04838): labels are queried apart, so
    one string may come back under several. The label whose like mention has the
    highest `logprob` keeps all its mentions of that string, the other labels lose
    theirs. Of equal labels the one met first wins. Whitespace around strings is
    ignored. A mention that knows its place in the text is kept: the same string may be
    another thing elsewhere.

    Gives the mentions kept and those dropped, each in the order given.
    """
    # string → label → log-probability, labels in the order met
    claims: dict[str, dict[str, float]] = defaultdict(dict)
    for mention in mentions:
        if mention.start is not None:
            continue
        rivals = claims[mention.text.strip()]
        rivals[mention.label] = max(
            mention.logprob, rivals.get(mention.label, mention.logprob)
        )
    winners = {text: max(rivals, key=rivals.get) for text, rivals in claims.items()}
    kept, dropped = [], []
    for mention in mentions:
        is_placed = mention.start is not None
        wins = is_placed or mention.label == winners[mention.text.strip()]
        (kept if wins else dropped).append(mention)
    return kept, dropped


def drop_overlaps(
    spans: Sequence[LabelledSpan], taken: Collection[int] = ()
) -> tuple[list[LabelledSpan], list[LabelledSpan]]:
    """Keep spans that share no token with each other, nor with `taken`.

    taken: tokens (their number in the doc) that no span may touch.

    The highest score goes first; of equal scores the longer span, then the earlier,
    then the label in alphabetical order. Gives the spans kept and those dropped, each
    in text order, whatever the order given.
    """
    occupied = set(taken)
    kept, dropped = [], []
    for span in sorted(
        spans, key=lambda s: (-s.score, s.start - s.end, s.start, s.label)
    ):
        tokens = range(span.start, span.end)
        if occupied.isdisjoint(tokens):
            kept.append(span)
            occupied.update(tokens)
        else:
            dropped.append(span)
    # Stable: dropped spans on the same tokens stay in the order of their rank.
    kept.sort(key=lambda span: (span.start, span.end))
    dropped.sort(key=lambda span: (span.start, span.end))
    return kept, dropped


def to_token_span(
    doc: "Doc", start_char: int, end_char: int, mode: str
) -> tuple[int, int] | None:
    """The tokens (end exclusive) at characters `start_char` to `end_char` of the doc.

    mode: as in `Doc.char_span`. "strict": the characters are whole tokens; "contract":
        the tokens wholly inside; "expand": all tokens touched. Tokens of whitespace at
        either end are left out.

    None: no tokens are left. ValueError (spaCy's E202): another mode.
    """
    span = doc.char_span(start_char, end_char, alignment_mode=mode)
    if span is None:
        return None
    start, end = span.start, span.end
    while start < end and doc[start].is_space:
        start += 1
    while start < end and doc[end - 1].is_space:
        end -= 1
    return (start, end) if start < end else None

"""Copies of texts with other mentions in them, to learn more from few texts."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..settings import check_positive, check_share

# the words of a mention, and whether a space follows each of them
Mention = tuple[tuple[str, ...], tuple[bool, ...]]


def build_mention_replacement_v1(
    *, copies: int = 3, share: float = 0.5
) -> Callable[[Language, Example], Iterator[Example]]:
    """An augmenter for small corpora. It yields each text, and copies of it in which
    entities are replaced by entities of the same label from the texts so far. The
    model then reads known contexts with other entities in them (mention replacement:
    Dai and Adel 2020, https://aclanthology.org/2020.coling-main.343).

    copies: the copies of each text. `spacy train` makes them once, before the first
        step, so each of them counts as a pass over the data.
    share: how many of the entities in a copy are replaced, from 0 to 1.

    A copy has the tokens, spaces, sentences, entities and groups of spans of its text,
    and no other annotation. An entity with other spans inside of it is not replaced.
    """
    check_positive(copies=copies)
    check_share(share=share)
    return MentionReplacement(copies, share)


class MentionReplacement:
    """See `build_mention_replacement_v1`.

    seen: label → the entities of the texts so far, each once.
    """

    def __init__(self, copies: int, share: float) -> None:
        self.copies = copies
        self.share = share
        self.seen: dict[str, dict[Mention, None]] = defaultdict(dict)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        doc = example.reference
        ents = replaceable(doc)
        for ent in ents:
            self.seen[ent.label_][_words(ent)] = None
        for _ in range(self.copies):
            others = {
                ent: random.choice([*self.seen[ent.label_]])
                for ent in ents
                if random.random() < self.share
            }
            reference = with_replaced(doc, others)
            yield Example(nlp.make_doc(reference.text), reference)


def replaceable(doc: Doc) -> list[Span]:
    """The entities that no other span of the doc cuts or divides."""
    spans = [span for group in doc.spans.values() for span in group]
    return [
        ent
        for ent in doc.ents
        if not any(
            ent.start < border < ent.end for s in spans for border in (s.start, s.end)
        )
    ]


def with_replaced(doc: Doc, others: Mapping[Span, Mention]) -> Doc:
    """A copy of a gold doc with other words for some of its entities."""
    words: list[str] = []
    spaces: list[bool] = []
    sent_starts: list[bool | None] = []
    places: list[int] = []  # of each token of the doc, and of its end, in the copy
    at = {ent.start: ent for ent in others}
    inside = {i for ent in others for i in range(ent.start + 1, ent.end)}
    for token in doc:
        places.append(len(words))
        if token.i in inside:
            continue
        new, new_spaces = (token.text,), (bool(token.whitespace_),)
        if ent := at.get(token.i):
            new, new_spaces = others[ent]
            new_spaces = (*new_spaces[:-1], bool(ent[-1].whitespace_))
        words += new
        spaces += new_spaces
        starts = token.is_sent_start
        sent_starts += [starts, *[None if starts is None else False] * (len(new) - 1)]
    places.append(len(words))
    copy = Doc(doc.vocab, words, spaces, sent_starts=sent_starts)

    def moved(span: Span) -> Span:
        start, end = places[span.start], places[span.end]
        return Span(copy, start, end, span.label, span.kb_id, span_id=span.id)

    unknown = [moved(doc[token.i : token.i + 1]) for token in doc if not token.ent_iob]
    copy.set_ents([moved(ent) for ent in doc.ents], missing=unknown)
    for key, group in doc.spans.items():
        copy.spans[key] = [moved(span) for span in group]
    copy.user_data = {key: v for key, v in doc.user_data.items() if type(key) is str}
    return copy


def _words(ent: Span) -> Mention:
    return tuple(t.text for t in ent), tuple(bool(t.whitespace_) for t in ent)

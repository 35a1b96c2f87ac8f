"""From gold docs to the trees that the model learns from."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

from spacy.tokens import Doc, Span
from spacy.training import Example

from ..corpora.named_labels import named_labels
from ..formats.base import Format, GoldText, Query
from ..labels import free_name
from ..spans.reading import window_texts
from ..spans.resolve import without_outer_spaces
from ..trees.packing import GoldTree
from ..trees.pointers import GoldPointers
from ..types import LabelNames, PromptTokenizer, WindowGetter


def annotated_labels(doc: Doc, labels: LabelNames) -> LabelNames:
    """The labels to ask for in a gold doc, with their names.

    These are the labels that the doc names, see `named_labels`. If it names none, they
    are all labels of the component.
    """
    named = named_labels(doc)
    if named is None:
        return labels
    asked, taken = {}, set(named.values())
    for label, name in named.items():
        if name is None:
            own = labels.get(label, label)
            name = free_name(label, own, names=taken, labels=named)
            taken.add(name)
        asked[label] = name
    return asked


def is_annotated(doc: Doc, spans_key: str | None) -> bool:
    """Whether a doc has entities or spans to learn from, or says that it has none. For
    spaCy, a doc without tokens has every annotation.

    spans_key: the group of `doc.spans` with the mentions; None if they are entities.
    """
    has_ents = len(doc) > 0 and doc.has_annotation("ENT_IOB")
    return has_ents or has_group(doc, spans_key)


def has_group(doc: Doc, spans_key: str | None) -> bool:
    """Whether a doc has a group `spans_key`, if there is such a key."""
    return spans_key is not None and spans_key in doc.spans


def gold_mentions(doc: Doc, spans_key: str | None) -> Sequence[Span]:
    """The mentions of a gold doc, in text order, without whitespace tokens at either
    end. spans_key: see `is_annotated`; a doc without that group has its entities."""
    in_group = has_group(doc, spans_key)
    mentions = []
    for span in sorted(doc.spans[spans_key]) if in_group else doc.ents:
        if tokens := without_outer_spaces(doc, span.start, span.end):
            mentions.append(Span(doc, *tokens, span.label))
    return mentions


def trees_of(
    examples: Iterable[Example],
    labels: LabelNames,
    *,
    format: Format,
    windows: WindowGetter,
    tokenizer: PromptTokenizer,
    spans_key: str | None = None,
) -> tuple[list[GoldTree | GoldPointers], Counter[str]]:
    """The trees of all examples with annotation, and what could not be learned: see
    `gold_trees`."""
    problems: Counter[str] = Counter()
    trees: list[GoldTree | GoldPointers] = []
    for example in examples:
        doc = example.reference
        if is_annotated(doc, spans_key):
            trees += gold_trees(
                doc,
                labels,
                format=format,
                windows=windows,
                tokenizer=tokenizer,
                spans_key=spans_key,
                problems=problems,
            )
        else:
            for key, group in doc.spans.items():
                problems[f"only in doc.spans[{key!r}]"] += len(group)
    return trees, +problems


def gold_trees(
    doc: Doc,
    labels: LabelNames,
    *,
    format: Format,
    windows: WindowGetter,
    tokenizer: PromptTokenizer,
    problems: Counter[str],
    spans_key: str | None = None,
) -> Iterator[GoldTree | GoldPointers]:
    """A tree for each window of a gold doc that teaches something.

    spans_key: the mentions are in this group of `doc.spans`, where the doc has it, and
        may overlap. Otherwise they are the doc's entities.
    problems: counts what could not be learned: "unknown label X", "cut by a window",
        "on tokens that are not read", "not annotated".
    """
    asked = annotated_labels(doc, labels)
    in_spans = has_group(doc, spans_key)
    mentions = gold_mentions(doc, spans_key)
    covered = {i for mention in mentions for i in range(mention.start, mention.end)}
    unread = set(range(len(mentions)))
    texts, _ = window_texts(doc, windows)
    for window, text in texts if asked else ():
        tokens = doc[window.start : window.end]
        spans: dict[str, list[tuple[int, int]]] = {}
        cut: list[tuple[int, int]] = []
        for number, mention in enumerate(mentions):
            if mention.end <= window.start or mention.start >= window.end:
                continue
            unread.discard(number)
            start = mention.start_char - tokens.start_char
            place = text.from_given(start, start + len(mention.text))
            if mention.label_ not in asked:
                problems[f"unknown label {mention.label_!r}"] += 1
            elif window.start <= mention.start and mention.end <= window.end:
                spans.setdefault(mention.label_, []).append(place)
            else:
                cut.append(place)
                if window.keep_start <= mention.start < window.keep_end:
                    problems["cut by a window"] += 1
        unknown = []
        if doc.has_annotation("ENT_IOB") or not in_spans:
            unknown = _not_annotated(tokens, covered)
        unknown = [text.from_given(*part) for part in unknown]
        tree = format.gold_tree(
            Query(text.text, asked), GoldText(spans, unknown, cut), tokenizer
        )
        if tree is None:
            problems["not annotated"] += 1
        else:
            yield tree
    if lost := sum(mentions[number].label_ in asked for number in unread):
        problems["on tokens that are not read"] += lost


def _not_annotated(tokens: Span, covered: Collection[int]) -> list[tuple[int, int]]:
    """The characters of runs of tokens without annotation, from the first of the
    window. covered: the tokens of mentions, which are annotated."""
    runs = groupby(tokens, key=lambda t: t.ent_iob == 0 and t.i not in covered)
    unknown = [[*run] for is_unknown, run in runs if is_unknown]
    first = tokens.start_char
    return [(run[0].idx - first, run[-1].idx + len(run[-1]) - first) for run in unknown]

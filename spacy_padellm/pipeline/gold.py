"""From gold docs to the trees that the model learns from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from spacy.tokens import Doc, Span
from spacy.training import Example

from ..corpora.base import ANNOTATED_LABELS
from ..formats.base import Format, GoldText, Query
from ..trees.packing import GoldTree
from ..trees.pointers import GoldPointers
from ..types import LabelNames, PromptTokenizer, WindowGetter


def annotated_labels(doc: Doc, labels: LabelNames) -> LabelNames:
    """The labels to ask for in a gold doc, with their names.

    `doc.user_data["padellm_labels"]` says which labels the doc was annotated for, as a
    list or as a table label → name. Without it, these are all labels of the component.
    """
    annotated = doc.user_data.get(ANNOTATED_LABELS)
    if annotated is None:
        return labels
    if isinstance(annotated, Mapping):
        return dict(annotated)
    return {label: labels.get(label, label) for label in annotated}


def trees_of(
    examples: Iterable[Example],
    labels: LabelNames,
    *,
    format: Format,
    windows: WindowGetter,
    tokenizer: PromptTokenizer,
) -> tuple[list[GoldTree | GoldPointers], Counter[str]]:
    """The trees of all examples with entity annotation, and what could not be learned:
    see `gold_trees`."""
    problems: Counter[str] = Counter()
    trees = [
        tree
        for example in examples
        if example.reference.has_annotation("ENT_IOB")
        for tree in gold_trees(
            example.reference,
            labels,
            format=format,
            windows=windows,
            tokenizer=tokenizer,
            problems=problems,
        )
    ]
    return trees, problems


def gold_trees(
    doc: Doc,
    labels: LabelNames,
    *,
    format: Format,
    windows: WindowGetter,
    tokenizer: PromptTokenizer,
    problems: Counter[str],
) -> Iterator[GoldTree | GoldPointers]:
    """A tree for each window of a gold doc that is annotated throughout.

    problems: counts what could not be learned: "unknown label X", "cut by a window",
        "not annotated".
    """
    asked = annotated_labels(doc, labels)
    ents = doc.ents
    for window in windows(doc):
        tokens = doc[window.start : window.end]
        if not asked or not tokens.text.strip():
            continue
        unknown = _not_annotated(tokens)
        spans: dict[str, list[tuple[int, int]]] = {}
        for ent in ents:
            if ent.end <= window.start or ent.start >= window.end:
                continue
            if ent.label_ not in asked:
                problems[f"unknown label {ent.label_!r}"] += 1
            elif window.start <= ent.start and ent.end <= window.end:
                start = ent.start_char - tokens.start_char
                spans.setdefault(ent.label_, []).append((start, start + len(ent.text)))
            elif window.keep_start <= ent.start < window.keep_end:
                problems["cut by a window"] += 1
        tree = format.gold_tree(
            Query(tokens.text, asked), GoldText(spans, unknown), tokenizer
        )
        if tree is None:
            problems["not annotated"] += 1
        else:
            yield tree


def _not_annotated(tokens: Span) -> list[tuple[int, int]]:
    """The characters of tokens without annotation, from the first of the window."""
    first = tokens.start_char
    return [
        (token.idx - first, token.idx - first + len(token))
        for token in tokens
        if token.ent_iob == 0
    ]

"""Run a pipeline on gold docs, and compare its entities with the gold entities."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from ..corpora.base import Entity
from ..corpora.named_labels import judged_labels
from ..pipeline.gold import has_group, is_annotated
from ..scoring.counts import CountScores, score_counts
from ..scoring.covered import Cover, cover, same_characters
from ..scoring.entity_score import entity_score
from ..scoring.prf import PRF, LabelScores
from .pairs import CORRECT, ERRORS, NOT_JUDGED, Pair, PredictedEntity, pair_up

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span, SpanGroup
    from spacy.training import Example

# small enough for smooth progress bars
BATCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class ComparedDoc:
    """A doc's gold entities and predictions.

    number: the number of the doc in the corpus, from 1.
    gold_text, predicted_text: equal unless the pipeline's tokenizer changes texts.
    """

    number: int
    gold_text: str
    predicted_text: str
    pairs: tuple[Pair, ...]

    @property
    def n_errors(self) -> int:
        return sum(pair.kind in ERRORS for pair in self.pairs)

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the numbers of gold entities and of predictions for each label."""
        gold: defaultdict[str, int] = defaultdict(int)
        predicted: defaultdict[str, int] = defaultdict(int)
        for pair in self.pairs:
            if pair.gold:
                gold[pair.gold.label] += 1
            if pair.predicted and pair.kind != NOT_JUDGED:
                predicted[pair.predicted.judged.label] += 1
        return dict(gold), dict(predicted)

    def covers(self) -> dict[Entity, Cover]:
        """How predictions, whatever their labels, cover each gold entity."""
        same = same_characters(self.gold_text, self.predicted_text)
        gold = [pair.gold for pair in self.pairs if pair.gold]
        found = [pair.predicted for pair in self.pairs if pair.predicted]
        places = [one.entity if same else one.judged for one in found]
        return cover(self.gold_text, gold, [place[:2] for place in places])


def compare(
    nlp: "Language",
    examples: Sequence["Example"],
    spans_key: str,
    progress: Callable[[Iterable, int], Iterable] = lambda items, total: items,
    *,
    gold_key: str | None = None,
) -> Iterator[ComparedDoc]:
    """Run the pipeline on the examples' predicted docs, and compare the entities.

    Gold docs without entity annotation are skipped, as in `spacy evaluate`.

    spans_key: the group of `doc.spans` with scores in `attrs["scores"]`. They are used
        for entities without `ent._.score`.
    gold_key: the group of `doc.spans` with mentions that may overlap. It is compared in
        place of the entities where a gold doc has it.
    progress: wraps the iterable of docs. The second argument is the number of docs.
    """
    numbered = [
        (number, example)
        for number, example in enumerate(examples, 1)
        if is_annotated(example.reference, gold_key)
    ]
    docs = nlp.pipe((eg.predicted for _, eg in numbered), batch_size=BATCH_SIZE)
    for (number, example), doc in zip(
        numbered, progress(docs, len(numbered)), strict=True
    ):
        example.predicted = doc
        yield compare_doc(number, example, spans_key, gold_key=gold_key)


def compare_doc(
    number: int, example: "Example", spans_key: str, *, gold_key: str | None = None
) -> ComparedDoc:
    """Compare the two docs of an example. The predicted one must have its entities, or
    its group `gold_key`."""
    gold, aligned = example.reference, example.alignment.x2y
    labels = judged_labels(gold)
    if has_group(gold, gold_key):
        mentions = gold.spans[gold_key]
        predicted = _scores_in(example.predicted.spans.get(gold_key, ()))
    else:
        mentions = gold.ents
        scores = scores_of(example.predicted, spans_key)
        predicted = dict(zip(example.predicted.ents, scores, strict=True))
    annotated = _annotated(gold, mentions)
    judged, others = [], []
    for ent, score in predicted.items():
        tokens = aligned[ent.start : ent.end]
        span = gold[tokens[0] : tokens[-1] + 1] if len(tokens) else gold[:0]
        found = PredictedEntity(_entity(ent), _entity(span, ent.label_), score)
        is_judged = len(span) and annotated.issuperset(range(span.start, span.end))
        is_judged = is_judged and (labels is None or ent.label_ in labels)
        (judged if is_judged else others).append(found)
    # a set, as in spaCy's scorer
    pairs = pair_up(list({_entity(mention) for mention in mentions}), judged)
    pairs += [Pair(NOT_JUDGED, predicted=found) for found in others]
    return ComparedDoc(number, gold.text, example.predicted.text, tuple(pairs))


def scores_of(doc: "Doc", spans_key: str) -> list[float | None]:
    """Return `ent._.score` of each entity, or the score of the same span in
    `doc.spans[spans_key].attrs["scores"]`, or None."""
    scored = _scores_in(doc.spans.get(spans_key, ()))
    grouped = {_entity(span): score for span, score in scored.items()}
    scores = [entity_score(ent) for ent in doc.ents]
    return [
        grouped.get(_entity(ent)) if score is None else score
        for ent, score in zip(doc.ents, scores, strict=True)
    ]


def _scores_in(group: "SpanGroup | Sequence[Span]") -> dict["Span", float | None]:
    """Return each span of a group, once, with its score in `group.attrs["scores"]`, or
    None."""
    values = getattr(group, "attrs", {}).get("scores", ())
    return {
        span: None if value is None else float(value)
        for span, value in zip_longest(group, values[: len(group)])
    }


def _annotated(gold: "Doc", mentions: "Iterable[Span]") -> set[int]:
    """Return the tokens with annotation, and those of mentions. If no token has any,
    the doc is annotated in its group alone, and all of them are."""
    known = {token.i for token in gold if token.ent_iob != 0}
    if not known:
        return {*range(len(gold))}
    return known.union(*(range(span.start, span.end) for span in mentions))


def _entity(span: "Span", label: str | None = None) -> Entity:
    return Entity(span.start_char, span.end_char, label or span.label_)


def score_docs(docs: Iterable[ComparedDoc]) -> LabelScores:
    """Return the scores of each label. They are equal to those of `spacy evaluate`."""
    per_label: defaultdict[str, PRF] = defaultdict(PRF)
    for doc in docs:
        for pair in doc.pairs:
            if pair.kind == CORRECT:
                per_label[pair.gold.label] += PRF(tp=1)
            elif pair.kind in ERRORS:
                if pair.gold:
                    per_label[pair.gold.label] += PRF(fn=1)
                if pair.predicted:
                    per_label[pair.predicted.judged.label] += PRF(fp=1)
    return LabelScores(dict(sorted(per_label.items())))


def count_docs(
    docs: Iterable[ComparedDoc], labels: Sequence[str]
) -> dict[str, CountScores]:
    """Compare the number of gold and of predicted entities for each label."""
    gold, predicted = zip(*(doc.counts() for doc in docs), strict=True)
    return {label: score_counts(gold, predicted, [label]) for label in labels}

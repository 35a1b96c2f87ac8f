"""How good predictions are, against the documents' own entities."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from spacy.tokens import Doc

from spacy_padellm.pipeline.prediction import Prediction
from spacy_padellm.scoring.counts import score_counts
from spacy_padellm.scoring.strings import score_strings, strings_by_label
from spacy_padellm.spans.resolve import drop_overlaps
from spacy_padellm.types import LabelNames

from .duplicates import drop_duplicates
from .span_scores import LabelledPlace, score_spans


def score_predictions(
    docs: Sequence[Doc], predictions: Sequence[Prediction], labels: LabelNames
) -> dict[str, Any]:
    """Score what a system of ours has predicted. All shares are from 0 to 1.

    spans, spans_per_label: precision, recall and F of exact spans, as in spaCy.
    strings: the paper's micro F. A string belongs to the label with the highest
        probability.
    count_accuracy: the share of counts that are right.
    count_accuracy_where_present: the same for labels that the document has.
    count_error: predicted minus gold count.
    share_not_in_text: of the mentions that the model wrote.
    length: generated tokens in a sequence, on average. steps: generated tokens in the
        longest sequence of a document, on average. Both are 0 if nothing is generated.
    dropped: mentions by the reason they were dropped.
    """
    found = [
        [
            (doc[s.start].idx, doc[s.end - 1].idx + len(doc[s.end - 1]), s.label)
            for s in drop_overlaps(prediction.spans)[0]
        ]
        for doc, prediction in zip(docs, predictions, strict=True)
    ]
    counts = [Counter(ent.label_ for ent in doc.ents) for doc in docs]
    counted = score_counts(counts, map(_counts, predictions), list(labels))
    extractions = [part for one in predictions for part in one.extractions]
    written = sum(len(part.mentions) for part in extractions)
    made_up = sum(
        one.dropped["not in text"] + one.dropped["empty"] for one in predictions
    )
    length, steps = mean_lengths(
        [n for part in one.extractions for n in part.lengths] for one in predictions
    )
    return {
        **span_scores([doc_spans(doc) for doc in docs], found),
        "strings": string_scores(docs, map(_strings, predictions)),
        "count_accuracy": counted.accuracy,
        "count_accuracy_where_present": counted.accuracy_where_present,
        "count_error": counted.mean_error,
        "share_not_in_text": made_up / written if written else 0.0,
        "length": length,
        "steps": steps,
        "dropped": dict(sum((one.dropped for one in predictions), Counter())),
    }


def score_docs(gold: Sequence[Doc], predicted: Sequence[Doc]) -> dict[str, Any]:
    """Score the `doc.ents` of any pipeline: spans, spans_per_label and strings."""
    return {
        **span_scores(map(doc_spans, gold), map(doc_spans, predicted)),
        "strings": string_scores(gold, (strings_by_label(d.ents) for d in predicted)),
    }


def span_scores(
    gold: Iterable[Iterable[LabelledPlace]],
    predicted: Iterable[Iterable[LabelledPlace]],
) -> dict[str, Any]:
    """Precision, recall and F of exact spans: "spans" and "spans_per_label"."""
    scores = score_spans(gold, predicted)
    return {
        "spans": scores.micro.to_dict(),
        "spans_per_label": {k: prf.to_dict() for k, prf in scores.per_label.items()},
    }


def string_scores(
    gold: Iterable[Doc], predicted: Iterable[dict[str, list[str]]]
) -> dict[str, float]:
    """Precision, recall and F of the distinct strings of each label."""
    wanted = (strings_by_label(doc.ents) for doc in gold)
    return score_strings(wanted, predicted).micro.to_dict()


def doc_spans(doc: Doc) -> list[LabelledPlace]:
    """The characters and the label of each entity."""
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


def mean_lengths(documents: Iterable[Sequence[int]]) -> tuple[float, float]:
    """The mean length of a sequence, and of the longest sequence of a document.

    documents: the lengths of each document's sequences, in tokens.

    The sequences of a document are decoded side by side, so the longest one gives the
    number of decoding steps.
    """
    lengths = list(documents)
    sequences = [length for document in lengths for length in document]
    longest = [max(document, default=0) for document in lengths]
    return _mean(sequences), _mean(longest)


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _strings(prediction: Prediction) -> dict[str, list[str]]:
    strings: dict[str, list[str]] = {}
    for part in prediction.extractions:
        for mention in drop_duplicates(part.mentions)[0]:
            strings.setdefault(mention.label, []).append(mention.text)
    return strings


def _counts(prediction: Prediction) -> Counter[str]:
    return sum((Counter(part.counts) for part in prediction.extractions), Counter())

"""The spaCy scorer `spacy_padellm.ner_scorer.v1`."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from spacy.scorer import get_ner_prf
from spacy.tokens import Span
from spacy.training import Example

from ..corpora.named_labels import judged_labels
from .covered import count_covers, cover_example, covered_share
from .strings import score_strings, strings_by_label


def build_ner_scorer_v1() -> Callable[..., dict[str, Any]]:
    """The entity scores of `spacy.ner_scorer.v1`, the paper's scores, and those of
    redaction.

    The paper's scores are `ents_strings_p`, `ents_strings_r`, `ents_strings_f` and
    `ents_strings_per_type`, 0 to 1. They compare the sets of strings of each label in
    each doc.

    Redaction's scores are `ents_covered`, the share of gold entities whose letters and
    digits all are in predicted entities of whatever label, and
    `ents_covered_per_type`.

    All other scores ignore docs without gold annotation, predictions on tokens without
    gold annotation, and those with labels that a doc was not annotated for, see
    `judged_labels`. Scores are None if there is nothing to compare.
    """
    return score_ner


def score_ner(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """See `build_ner_scorer_v1`."""
    examples = list(examples)
    covers = count_covers(map(cover_example, examples))
    covered = {label: covered_share(counts) for label, counts in covers.items()}
    of_all = sum(covers.values(), Counter())
    examples = [_with_named_labels(example) for example in examples]
    scores = score_strings(
        (strings_by_label(example.reference.ents) for example in examples),
        (strings_by_label(_judged(example)) for example in examples),
    )
    micro = scores.micro.to_dict() if scores.per_label else dict.fromkeys("prf")
    per_type = {label: prf.to_dict() for label, prf in scores.per_label.items()}
    return {
        **get_ner_prf(examples, **kwargs),
        **{f"ents_strings_{name}": value for name, value in micro.items()},
        "ents_strings_per_type": per_type or None,
        "ents_covered": covered_share(of_all) if of_all else None,
        "ents_covered_per_type": covered or None,
    }


def _with_named_labels(example: Example) -> Example:
    """The example without predictions that its gold doc says nothing about."""
    judged = judged_labels(example.reference)
    if judged is None or all(ent.label_ in judged for ent in example.predicted.ents):
        return example
    predicted = example.predicted.copy()
    predicted.ents = [ent for ent in predicted.ents if ent.label_ in judged]
    return Example(predicted, example.reference)


def _judged(example: Example) -> list[Span]:
    """Return the predicted entities whose tokens all have gold annotation."""
    gold, aligned = example.reference, example.alignment.x2y
    judged = []
    for ent in example.predicted.ents:
        tokens = aligned[ent.start : ent.end]
        if len(tokens) and all(
            token.ent_iob != 0 for token in gold[tokens[0] : tokens[-1] + 1]
        ):
            judged.append(ent)
    return judged

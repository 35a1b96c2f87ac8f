"""The spaCy scorer `spacy_padellm.ner_scorer.v1`."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.scorer import get_ner_prf
from spacy.tokens import Span
from spacy.training import Example

from .strings import score_strings, strings_by_label


def build_ner_scorer_v1() -> Callable[..., dict[str, Any]]:
    """Entity scores as `spacy.ner_scorer.v1` gives them, and beside them the paper's:
    `ents_strings_p`, `ents_strings_r`, `ents_strings_f` and `ents_strings_per_type`
    compare the set of strings of each label in each doc, 0 to 1.

    What lacks gold annotation is treated in the same way by both: docs without any are
    left out, and so are predictions on tokens whose annotation is missing. All scores
    are None if that leaves nothing to compare.
    """
    return score_ner


def score_ner(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """See `build_ner_scorer_v1`."""
    examples = list(examples)
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
    }


def _judged(example: Example) -> list[Span]:
    """The predicted entities on whose tokens the gold doc says something; none of a doc
    without annotation."""
    gold, aligned = example.reference, example.alignment.x2y
    judged = []
    for ent in example.predicted.ents:
        tokens = aligned[ent.start : ent.end]
        if len(tokens) and all(
            token.ent_iob != 0 for token in gold[tokens[0] : tokens[-1] + 1]
        ):
            judged.append(ent)
    return judged

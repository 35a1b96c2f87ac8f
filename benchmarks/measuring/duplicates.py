"""The de-duplication of PaDeLLM-NER, for scores of strings."""

from collections import defaultdict
from collections.abc import Sequence

from spacy_padellm.types import Mention


def drop_duplicates(
    mentions: Sequence[Mention],
) -> tuple[list[Mention], list[Mention]]:
    """If several labels have a mention with the same text, keep the most probable
    label.

    This is the de-duplication of PaDeLLM-NER (arXiv 2402.04838). The model is queried
    for each label separately, so it may return the same text for several labels. The
    label with the highest `logprob` keeps all its mentions of that text, and the other
    labels lose theirs. In a tie, the first label wins. Whitespace around mentions is
    ignored. Mentions with a `start` are always kept, because the same text may be a
    different entity elsewhere.

    Returns the kept and the dropped mentions, both in input order.
    """
    # text → label → log-probability, labels in input order
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

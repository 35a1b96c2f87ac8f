"""From the log-odds of a label's starts, ends and inner tokens to its mentions."""

import numpy as np

# The weights of the tokens between the borders, and of each border, in the score of a
# mention of several tokens. They are the best of several by F and by expected
# calibration error, see docs/experiments.md.
INNER_WEIGHT = 0.1
BORDER_WEIGHT = (1 - INNER_WEIGHT) / 2


def probabilities(log_odds: np.ndarray) -> np.ndarray:
    """float64, above 0 so that they have logarithms and can be divided by."""
    return np.exp(np.maximum(-np.logaddexp(0.0, -log_odds.astype(np.float64)), -700.0))


def find_spans(
    roles: np.ndarray, may_start: np.ndarray, may_end: np.ndarray, threshold: float
) -> list[tuple[int, int, float]]:
    """The mentions of a label: first and last token, and score, in text order.

    roles: [tokens, 3], the probabilities that a mention starts, ends, goes on there.

    The score is the harmonic mean of the probabilities that the mention starts and ends
    at its borders, and of the least probable token in between, which weighs
    INNER_WEIGHT of the whole. Mentions that share both borders with better ones, or
    cross a better one, are left out: the borders of two that are nested could also be
    read as those of two that cross.
    """
    starts, ends, goes_on = roles.T
    found = []
    # a harmonic mean is at most each of its terms divided by the term's weight
    for first in np.flatnonzero(may_start & (starts >= BORDER_WEIGHT * threshold)):
        inner = np.minimum.accumulate(goes_on[first + 1 :])
        means = np.append(
            (1 / starts[first] + 1 / ends[first]) / 2,
            BORDER_WEIGHT * (1 / starts[first] + 1 / ends[first + 1 :])
            + INNER_WEIGHT / inner,
        )
        for offset in np.flatnonzero(may_end[first:] & (means * threshold <= 1)):
            found.append((int(first), int(first + offset), float(1 / means[offset])))
    found.sort(key=lambda span: (-span[2], span[1] - span[0]))
    kept: list[tuple[int, int, float]] = []
    firsts: set[int] = set()
    lasts: set[int] = set()
    for span in found:
        is_new = span[0] not in firsts or span[1] not in lasts
        if is_new and not any(_crosses(span, better) for better in kept):
            kept.append(span)
            firsts.add(span[0])
            lasts.add(span[1])
    return sorted(kept)


def _crosses(one: tuple[int, int, float], other: tuple[int, int, float]) -> bool:
    """Whether two spans overlap, and neither contains the other."""
    first, second = sorted((one[:2], other[:2]))
    return first[0] < second[0] <= first[1] < second[1]

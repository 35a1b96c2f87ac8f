"""Ratios, straight lines and shares of a peak, from repeated measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

import numpy as np


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long as another system one takes.

    median: over pairs of runs at the same time. low, high: the middle half of them.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, theirs: Sequence[float], ours: Sequence[float]) -> "Ratio":
        ratios = [one / other for one, other in zip(theirs, ours, strict=True)]
        if len(ratios) == 1:
            return cls(*ratios * 3)
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        return cls(middle, low, high)


@dataclass(frozen=True, slots=True)
class Line:
    """The line y = slope x + intercept that fits points best.

    r2: the share of y's variance that it explains.
    """

    slope: float
    intercept: float
    r2: float

    @classmethod
    def through(cls, x: Sequence[float], y: Sequence[float]) -> "Line":
        slope, intercept = np.polyfit(x, y, 1)
        left = np.var(np.subtract(y, np.polyval((slope, intercept), x)))
        r2 = 1 - left / np.var(y) if np.var(y) else 1.0
        return cls(float(slope), float(intercept), float(r2))


def share_of_peak(
    operations: float, seconds: Sequence[float], peaks: Sequence[float]
) -> float:
    """The median share of the machine's best rate that the rounds have reached.

    operations: of one round. peaks: operations per second, measured in each round.
    """
    shares = [operations / one / peak for one, peak in zip(seconds, peaks, strict=True)]
    return median(shares)

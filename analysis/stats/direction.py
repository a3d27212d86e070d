"""In which direction a figure moved from one side to the other, read off the interval of their ratio (pure).

With `margin` the share within which two sides count as the same:

    same        the interval lies inside [1 - margin, 1 + margin]
    better      it lies wholly on the better side of 1, and is not `same`
    worse       it lies wholly on the worse side of 1, and is not `same`
    differs     it would be better or worse, but something else than the change may have moved it: another machine
    undecided   anything else: the interval is too wide to tell
"""

from enum import StrEnum

from experiment.design.metrics import Better, Metric
from experiment.design.model import Interval


class Direction(StrEnum):
    """Where a figure went."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERS = "differs"
    SAME = "same"
    UNDECIDED = "undecided"


def direction_of(metric: Metric, ratio: Interval, margin: float) -> Direction:
    """Return what the interval of a ratio says; never `differs`, which is for who knows how it came about."""
    if Interval(1 - margin, 1 + margin).contains(ratio):
        return Direction.SAME
    above, below = ratio.low > 1, ratio.high < 1
    if not above and not below:
        return Direction.UNDECIDED
    return Direction.BETTER if above is (metric.better is Better.HIGHER) else Direction.WORSE


def is_surely_worse(metric: Metric, ratio: Interval, share: float) -> bool:
    """Whether the whole interval is more than `share` of one on the worse side."""
    if metric.better is Better.HIGHER:
        return ratio.high < 1 - share
    return ratio.low > 1 + share

"""In which direction a figure moved: read off the interval of a ratio, and mirrored where less is better."""

from __future__ import annotations

import pytest

from analysis.stats.direction import Direction, direction_of, is_surely_worse
from experiment.design.metrics import GOODPUT, RESPONSE_P99
from experiment.design.model import Interval


@pytest.mark.parametrize(
    ("low", "high", "direction"),
    [
        (1.3, 1.6, Direction.BETTER),
        (0.6, 0.8, Direction.WORSE),
        (0.95, 1.05, Direction.SAME),
        (1.01, 1.06, Direction.SAME),
        (0.8, 1.2, Direction.UNDECIDED),
    ],
)
def test_a_ratio_is_better_worse_the_same_or_not_decided(low: float, high: float, direction: Direction) -> None:
    ratio = Interval(low, high)
    assert direction_of(GOODPUT, ratio, 0.1) is direction
    mirrored = {Direction.BETTER: Direction.WORSE, Direction.WORSE: Direction.BETTER}
    assert direction_of(RESPONSE_P99, ratio, 0.1) is mirrored.get(direction, direction)


def test_only_a_whole_interval_beyond_the_share_is_surely_worse() -> None:
    assert is_surely_worse(GOODPUT, Interval(0.7, 0.89), 0.1)
    assert not is_surely_worse(GOODPUT, Interval(0.7, 0.91), 0.1)
    assert is_surely_worse(RESPONSE_P99, Interval(1.11, 1.5), 0.1)
    assert not is_surely_worse(RESPONSE_P99, Interval(0.7, 0.8), 0.1)

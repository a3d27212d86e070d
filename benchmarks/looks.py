"""The judge of analysis.stats looking after every round, for thousands of campaigns at once.

The half-width is a factor that only n, the level and the prior decide, times the standard deviation of one pair. Both
are asked of the judge itself, so that there is no second copy of its formulas to be wrong.
"""

from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from analysis.stats.estimate import USUAL, half_width_factor
from analysis.stats.rule import LATEST, DecisionRule, Prior
from benchmarks.noise import Floats
from experiment.design.model import Interval

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """Intervals for ln(ratio) after each round, all of shape (campaigns, rounds)."""

    low: Floats
    high: Floats

    def excludes(self, truth: float) -> Flags:
        """Return where the interval does not hold the true log ratio."""
        return (self.low > truth) | (self.high < truth)

    def supported(self, expected: Interval) -> Flags:
        """Return where the interval lies inside the expected one, as the judge has it."""
        return (self.low >= _log(expected.low)) & (self.high <= _log(expected.high))

    def refuted(self, expected: Interval) -> Flags:
        """Return where the interval and the expected one share no point."""
        return (self.high < _log(expected.low)) | (self.low > _log(expected.high))


def look(log_ratios: Floats, level: float, prior: Prior = USUAL) -> Looks:
    """Return the two-sided intervals after each round; `log_ratios` has the shape (campaigns, rounds)."""
    n = np.arange(1, log_ratios.shape[1] + 1)
    start = log_ratios[:, :1]  # sums of squares are taken about it, so that no digit is lost
    total, squares = (np.cumsum((log_ratios - start) ** power, axis=1) for power in (1, 2))
    variance = np.maximum(squares - total**2 / n, 0.0) / np.maximum(n - 1, 1)
    factors = np.array([half_width_factor(int(k), level, prior) for k in n])
    # what the prior makes of a sample's variance is linear in it
    known, sure = (np.array([prior.variance(int(k), v) for k in n]) for v in (0.0, 1.0))
    spread = np.sqrt(known + (sure - known) * variance)
    mean, halves = start + total / n, factors * np.maximum(spread, prior.least_spread)
    return Looks(low=mean - halves, high=mean + halves)


def first_verdicts(
    log_ratios: Floats, expected: Interval, alpha: float, prior: Prior = USUAL, rule: DecisionRule = LATEST
) -> tuple[Flags, Flags]:
    """Return, up to each round, whether a campaign was decided as supported, and whether as refuted.

    The first verdict stands: a decided claim costs no more trials, so nobody looks again.
    """
    levels = rule.supporting_level(alpha), rule.refuting_level(alpha, 1, expected)
    looks = {level: look(log_ratios, level, prior) for level in levels}  # often one and the same
    supporting, refuting = (looks[level] for level in levels)
    supported, refuted = supporting.supported(expected), refuting.refuted(expected)
    decided_before = np.zeros_like(supported)
    decided_before[:, 1:] = np.logical_or.accumulate(supported | refuted, axis=1)[:, :-1]
    first = ~decided_before
    accumulate = np.logical_or.accumulate
    return accumulate(supported & first, axis=1), accumulate(refuted & first, axis=1)


def _log(ratio: float) -> float:
    if ratio <= 0:
        return -inf
    return inf if ratio == inf else log(ratio)

"""The rules the judge knows. A campaign's manifest names its own, so that it is judged as it was registered.

Rule 1 is that of versions 0.1 and 0.2: two-sided intervals, nothing known of the scatter. Rule 2 tests one limit on one
side and takes the registered scatter as a floor. Rule 3, today's, takes it as knowledge worth one more pair. How often
each may err is written in analysis/stats/judge.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isinf, sqrt
from typing import Literal

from experiment.design.model import Interval

PRIOR_G = 10.0
LEAST_SPREAD = 1e-3
"""A clock's and a counter's own grain: three trials that agree to the last digit are not three measurements of it."""

RuleName = Literal["1", "2", "3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What an interval takes for granted before the first trial. Spreads are in natural logs.

    `g` is the prior variance of the standardised effect. It is wide, since most effects here are many times their
    noise. `least_spread` is a floor under the standard deviation of one pair. `known_spread` is what earlier campaigns
    say of it, and counts for as much as `degrees` degrees of freedom: an inverse gamma prior of the variance with shape
    degrees / 2 and scale degrees known_spread^2 / 2.
    """

    g: float = PRIOR_G
    least_spread: float = LEAST_SPREAD
    known_spread: float = 0.0
    degrees: float = 0.0

    def variance(self, n: int, sample: float) -> float:
        """Return the variance of one pair by that of a sample of n, and what was known before."""
        known = self.degrees * self.known_spread**2
        return (known + (n - 1) * sample) / max(self.degrees + n - 1, 1.0)

    def spread(self, n: int, sample: float) -> float:
        """Return the standard deviation of one pair by that of a sample of n, and what was known before."""
        return max(self.least_spread, sqrt(self.variance(n, sample**2)))

    @property
    def usual_spread(self) -> float:
        """The spread to expect of a sample that is not there yet."""
        return max(self.least_spread, self.known_spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """What a rule makes of a comparison's registered scatter: a floor, or knowledge of so many degrees of freedom."""

    g: float
    degrees: float = 0.0  # 0: a floor

    def prior(self, scatter: float) -> Prior:
        if self.degrees > 0:
            return Prior(g=self.g, known_spread=scatter, degrees=self.degrees)
        return Prior(g=self.g, least_spread=max(LEAST_SPREAD, scatter))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """How estimates become verdicts. Levels are those of a two-sided interval: it misses at most that often."""

    name: RuleName
    is_one_sided: bool  # a limit with one end is tested on that side only
    scatter: Scatter | None  # what becomes of a comparison's registered scatter; None: nothing
    shows_what_decides: bool  # the interval that is shown is the one that decided

    @property
    def two_sided(self) -> DecisionRule:
        """This rule for the A/A pair, whose sides may differ either way: its interval stays two-sided at alpha."""
        return replace(self, is_one_sided=False)

    def prior(self, scatter: float) -> Prior:
        """Return the prior of a comparison by its registered scatter; the usual one where it registered none."""
        return Prior() if self.scatter is None or scatter <= 0 else self.scatter.prior(scatter)

    def supporting_level(self, alpha: float) -> float:
        """Return the level at which the interval must lie inside the expected one: each end gets alpha."""
        return 2 * alpha if self.is_one_sided else alpha

    def refuting_level(self, alpha: float, parts: int, expected: Interval) -> float:
        """Return the level at which the interval must miss the expected one, of `parts` that each may.

        An expected interval with two ends can be missed on both sides, so each side gets half.
        """
        sides = 2 if self.is_one_sided and has_one_end(expected) else 1
        return sides * alpha / parts


def has_one_end(expected: Interval) -> bool:
    """Return whether only one end is a limit: `at least` or `at most`. Everything measured is positive."""
    return expected.low <= 0 or isinf(expected.high)


RULES: dict[RuleName, DecisionRule] = {
    "1": DecisionRule(name="1", is_one_sided=False, scatter=None, shows_what_decides=False),
    "2": DecisionRule(name="2", is_one_sided=True, scatter=Scatter(g=100.0), shows_what_decides=True),
    "3": DecisionRule(name="3", is_one_sided=True, scatter=Scatter(g=30.0, degrees=1.0), shows_what_decides=True),
}
LATEST = RULES["3"]

"""The two rules the judge knows. A campaign's manifest names its own, so that it is judged as it was registered.

Rule 1 is that of versions 0.1 and 0.2: two-sided intervals, no floor under the scatter. Rule 2 is today's. What both
may err in is written in analysis/stats/judge.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isinf
from typing import Literal

from experiment.design.model import Interval

PRIOR_G = 10.0
WIDE_G = 100.0
LEAST_SPREAD = 1e-3
"""A clock's and a counter's own grain: three trials that agree to the last digit are not three measurements of it."""

RuleName = Literal["1", "2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What an interval takes for granted before the first trial.

    `g` is the prior variance of the standardised effect. It is wide, since most effects here are many times their
    noise. `least_spread` is the floor under the standard deviation of one pair, in natural logs.
    """

    g: float = PRIOR_G
    least_spread: float = LEAST_SPREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """How estimates become verdicts. Levels are those of a two-sided interval: it misses at most that often."""

    name: RuleName
    is_one_sided: bool  # a limit with one end is tested on that side only
    has_floors: bool  # a comparison's registered scatter is used
    shows_what_decides: bool  # the interval that is shown is the one that decided

    @property
    def two_sided(self) -> DecisionRule:
        """This rule for the A/A pair, whose sides may differ either way: its interval stays two-sided at alpha."""
        return replace(self, is_one_sided=False)

    def prior(self, scatter: float) -> Prior:
        """Return the prior of a comparison by its registered scatter: the wide one only on such a floor."""
        if not self.has_floors or scatter <= 0:
            return Prior()
        return Prior(g=WIDE_G, least_spread=max(LEAST_SPREAD, scatter))

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
    "1": DecisionRule(name="1", is_one_sided=False, has_floors=False, shows_what_decides=False),
    "2": DecisionRule(name="2", is_one_sided=True, has_floors=True, shows_what_decides=True),
}
LATEST = RULES["2"]

"""The table of validity rules, and how a rule enters it."""

from collections.abc import Callable
from dataclasses import dataclass

from experiment.design.model import Load
from experiment.records.trial import TrialMetrics
from experiment.theory.pool_occupancy import ConnectionHold

PAUSE_S = 0.0005
"""Seen of the driver at 6000 answers a second: 0.04 ms with one user, 0.4 ms with 20. Where it is busier than that, the
rule driver-cpu says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What the rules know about a trial's plan: its load, and how its variant holds connections, if that is known.

    `pause_s`: so long a user of a closed load may be with the driver between an answer and the next request. A route
    may be so fast that this is a part of its own time that no load of few users avoids.
    """

    load: Load
    hold: ConnectionHold | None = None
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One validity rule."""

    id: str
    limit: float | None  # the observed number is compared with it; None where there is no number
    meaning: str  # the rule in one sentence, for docs and report
    advice: str
    check: Callable[[TrialMetrics, RuleContext, float], str | None]


RULES: dict[str, Rule] = {}
_Check = Callable[["TrialMetrics", RuleContext, float], str | None]


def rule(id: str, *, limit: float | None = None, meaning: str, advice: str) -> Callable[[_Check], _Check]:  # noqa: A002
    def register(check: _Check) -> _Check:
        if id in RULES:
            raise ValueError(f"validity rule {id!r} is there twice")
        RULES[id] = Rule(id=id, limit=limit, meaning=meaning, advice=advice, check=check)
        return check

    return register

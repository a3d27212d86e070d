"""What to change first, and what it brings.

First comes what brings the most answers a second: measured if the change was measured, otherwise as theory predicts it.
Where that is not known, or nothing is gained, the route that holds up the loop longest comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isinf

from analysis.own_app.results import AppResults, BlockingPlace, Change, RouteResult, Standing
from analysis.stats.direction import Direction, direction_of
from analysis.stats.results import ComparisonResult
from experiment.design.metrics import BYSTANDER_P99, GOODPUT, LOOP_BLOCKED
from experiment.design.model import Interval
from experiment.theory.app_findings import FINDINGS

WORTH = 1.1
"""A prediction below it is called the same."""


class Source(StrEnum):
    """Where a gain is known from."""

    MEASURED = "measured"
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How many times as many answers a second a change brings.

    A prediction has no interval. `so_far` is what was measured beside it in too few trials for one.
    """

    change: Change
    ratio: float
    source: Source
    outcome: Direction
    low: float | None = None
    high: float | None = None
    so_far: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One place of the ranking. `others` is what the slowest bystander in a hundred waits, today and changed (µs)."""

    place: int
    route: RouteResult
    gain: Gain | None
    blocked_ms: float | None
    line: BlockingPlace | None
    others: tuple[float, float] | None


def ranking(results: AppResults) -> tuple[Ranked, ...]:
    """Return the routes worth a change, the most worthwhile first."""
    worth = sorted((route for route in results.routes if _is_worth(route)), key=_order)
    return tuple(_ranked(place, route) for place, route in enumerate(worth, start=1))


def _is_worth(route: RouteResult) -> bool:
    gain = best_gain(route)
    return route.standing is Standing.BLOCKS or (
        gain is not None and gain.source is Source.MEASURED and gain.outcome is Direction.BETTER
    )


def _order(route: RouteResult) -> tuple[float, float, str]:
    gain = best_gain(route)
    return (-_counted(gain), -(blocked_ms(route) or 0.0), route.request.id)


def _counted(gain: Gain | None) -> float:
    """Return the ratio that ranks a gain; what is not surely one counts as none."""
    return gain.ratio if gain is not None and gain.outcome is Direction.BETTER else 1.0


def _ranked(place: int, route: RouteResult) -> Ranked:
    gain = best_gain(route)
    return Ranked(
        place=place,
        route=route,
        gain=gain,
        blocked_ms=blocked_ms(route),
        line=first_line(route),
        others=None if gain is None else _others(gain.change),
    )


def best_gain(route: RouteResult) -> Gain | None:
    """Return the change that brings most; one that was measured goes before one that was only predicted."""
    gains = [gain for change in route.changes if not change.is_version and (gain := gain_of(change)) is not None]
    return max(gains, key=lambda gain: (gain.source is Source.MEASURED, gain.ratio), default=None)


def gain_of(change: Change) -> Gain | None:
    """Return what a change brings: measured if there is an interval, otherwise predicted; None where nobody knows."""
    part = next((part for part in change.parts if part.comparison.metric is GOODPUT), None)
    effect = part.estimate.effect if part else None
    if part is not None and effect is not None and says_something(part.estimate.interval):
        return _measured(change, part, effect)
    ratio = change.prediction.ratio if change.prediction else None
    if ratio is not None:
        outcome = Direction.BETTER if ratio >= WORTH else Direction.WORSE if ratio < 1 / WORTH else Direction.SAME
        return Gain(change=change, ratio=ratio, source=Source.PREDICTED, outcome=outcome, so_far=effect)
    return None if part is None or effect is None else _measured(change, part, effect)


def says_something(interval: Interval) -> bool:
    """Whether an interval has an end: with too few trials it reaches from nothing to everything."""
    return interval.low > 0 or not isinf(interval.high)


def _measured(change: Change, part: ComparisonResult, ratio: float) -> Gain:
    return Gain(
        change=change,
        ratio=ratio,
        source=Source.MEASURED,
        outcome=direction_of(GOODPUT, part.estimate.interval, change.margin),
        low=part.estimate.low,
        high=part.estimate.high,
    )


def blocked_ms(route: RouteResult) -> float | None:
    """Return how long an answer holds up the loop: alone if that was measured, and else under the lightest load."""
    found = (load.figure(LOOP_BLOCKED) for load in route.loads)
    return next((spread.median for spread in found if spread is not None), None)


def first_line(route: RouteResult) -> BlockingPlace | None:
    """Return the app's line that the most time was lost on; without one, whatever was on the stack."""
    own = next((place for place in route.places if place.is_own), None)
    return own or next(iter(route.places), None)


def advice(route: RouteResult) -> str:
    """Return what our table of findings advises about the line that blocks; empty if it was not seen without load."""
    place = first_line(route)
    for finding in route.findings:
        if place is not None and (finding.file, finding.line) == (place.file, place.line):
            row = FINDINGS.get(finding.id)
            return "" if row is None else row.advice
    return ""


def _others(change: Change) -> tuple[float, float] | None:
    before, after = (side.figure(BYSTANDER_P99) if side else None for side in (change.before, change.after))
    return None if before is None or after is None else (before.median, after.median)

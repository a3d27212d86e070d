"""What the driver must keep to, and whether it did.

A target is held when the whole interval lies inside what is wanted, missed when all of it lies outside, else not
decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any

from analysis.stats.estimate import ratio_estimate
from analysis.stats.judge import ALPHA, verdict_of
from analysis.stats.results import Estimate, Verdict
from benchmarks.instruments import Reading
from experiment.design.model import Interval, at_least, at_most

Round = Mapping[str, Reading]  # readings to be compared with each other, by instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the driver must keep to: its metric over that of `baseline`, and the interval allowed."""

    name: str
    metric: str
    baseline: str
    expected: Interval
    at_half: bool = False  # of capacity; otherwise with all connections busy


_CPU = "cpu_us_per_request"
_ALIKE = Interval(0.9, 1.1)
TARGETS = (
    Target(name="CPU a request against FastHttpUser's", metric=_CPU, baseline="fast", expected=at_most(0.40)),
    Target(name="CPU a request against wrk's", metric=_CPU, baseline="wrk", expected=at_most(1.4)),
    Target(name="capacity against wrk's", metric="rps", baseline="wrk", expected=at_least(0.95)),
    Target(
        name="p50 at half capacity against h2load's", metric="p50_us", baseline="h2load", expected=_ALIKE, at_half=True
    ),
    Target(
        name="p99 at half capacity against h2load's", metric="p99_us", baseline="h2load", expected=_ALIKE, at_half=True
    ),
)


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as the benchmark's JSON has it; null for a high end that is not known."""
    high = None if isinf(estimate.high) else estimate.high
    return {"ratio": estimate.effect, "low": estimate.low, "high": high, "rounds": estimate.n}


def ratio(rounds: Sequence[Round], metric: str, reading: str, baseline: str) -> Estimate:
    """Estimate a metric of one reading over that of another, paired by round; rounds that lack either are left out."""
    pairs = [(value_of(r, reading, metric), value_of(r, baseline, metric)) for r in rounds]
    return ratio_estimate([(a, b) for a, b in pairs if a and b], ALPHA)


def value_of(readings: Round, name: str, metric: str) -> float | None:
    """Return a metric of one reading; None where there is no usable one."""
    reading = readings.get(name)
    return getattr(reading, metric) if reading is not None and reading.is_usable else None


def statement(target: Target, estimate: Estimate) -> str:
    """Say in one line whether a target held."""
    wanted = target.expected.describe()
    if estimate.effect is None:
        return f"NOT MEASURED  {target.name}: wanted {wanted}, and there is no pair of readings"
    match verdict_of(estimate.interval, target.expected):
        case Verdict.SUPPORTED:
            word = "HELD         "
        case Verdict.REFUTED:
            word = "MISSED       "
        case _:
            inside = target.expected.contains(Interval(estimate.effect, estimate.effect))
            word = "NOT DECIDED  " + ("(estimate inside) " if inside else "(estimate outside) ")
    return f"{word.rstrip()}  {target.name}: {interval_text(estimate)} of {estimate.n} pairs, wanted {wanted}"


def interval_text(estimate: Estimate) -> str:
    if estimate.effect is None:
        return "–"
    if isinf(estimate.high):
        return f"{estimate.effect:.2f} [too few rounds]"
    return f"{estimate.effect:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"

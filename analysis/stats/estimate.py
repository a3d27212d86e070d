"""Estimates: paired log ratios and an interval that stays valid however often one looks.

The trial is the sample, not the request: requests inside a trial are correlated, so pooling them would call two
identical routes different far too often.

The interval is a confidence sequence: the t-test of Gönen, Johnson, Lu & Westfall (The American Statistician 59, 2005),
whose Bayes factor with a Gaussian prior on the standardised effect is a non-negative supermartingale under the null,
inverted by Ville's inequality. With n pairs, prior variance g, r = 1 + n g and K = (sqrt(r) / alpha)^(2/n):

    half-width = sqrt((n - 1) u) * s / sqrt(n),    u = (K - 1) / (1 - K / r),    infinite while K >= r
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from statistics import fmean, median, stdev

from analysis.stats.results import Estimate
from experiment.design.metrics import Metric
from experiment.design.model import Comparison
from experiment.records.trial import TrialRecord

PRIOR_G = 10.0  # prior variance of the standardised effect: wide, since most effects here are many times their noise
MIN_STRUCTURAL_TRIALS = 3
LEAST_SPREAD = 1e-3
"""A clock's and a counter's own grain: three trials that agree to the last digit are not three measurements of it."""


def half_width_factor(n: int, alpha: float) -> float:
    """Return the half-width of the confidence sequence after n pairs, in standard deviations of one pair."""
    if n < 2:  # noqa: PLR2004 - a spread needs two
        return inf
    r = 1 + n * PRIOR_G
    k = (sqrt(r) / alpha) ** (2 / n)
    if k >= r:
        return inf
    u = (k - 1) / (1 - k / r)
    return sqrt((n - 1) * u) / sqrt(n)


def half_width(log_ratios: Sequence[float], alpha: float) -> float:
    """Return the half-width of the confidence sequence for the mean of `log_ratios` (natural logs)."""
    factor = half_width_factor(len(log_ratios), alpha)
    return inf if factor == inf else factor * max(stdev(log_ratios), LEAST_SPREAD)


def ratio_estimate(
    pairs: Sequence[tuple[float, float]], alpha: float, *, is_floor: bool = False, is_cap: bool = False
) -> Estimate:
    """Estimate treatment / baseline from paired values, one pair a round.

    `is_floor`: the ratios are only known to be at least those given, so the interval has no upper end. `is_cap`: at
    most those given, so that it has no lower end.
    """
    logs = [log(treatment / baseline) for treatment, baseline in pairs]
    if not logs:
        return Estimate(n=0, effect=None, low=0.0, high=inf, alpha=alpha)
    mean, half = fmean(logs), half_width(logs, alpha)
    return Estimate(
        n=len(logs),
        effect=exp(mean),
        low=0.0 if is_cap or half == inf else exp(mean - half),
        high=inf if is_floor or half == inf else exp(mean + half),
        alpha=alpha,
        is_floor=is_floor and not is_cap,
    )


def structural_estimate(values: Sequence[float], alpha: float) -> Estimate:
    """Summarise a structural value: its median, and the whole observed range as the interval.

    No interval (infinite) before there are three trials.
    """
    if not values:
        return Estimate(n=0, effect=None, low=0.0, high=inf, alpha=alpha)
    enough = len(values) >= MIN_STRUCTURAL_TRIALS
    return Estimate(
        n=len(values),
        effect=median(values),
        low=min(values) if enough else 0.0,
        high=max(values) if enough else inf,
        alpha=alpha,
    )


@dataclass(frozen=True, slots=True)
class _Value:
    """A trial's metric; a floor is only known to be exceeded, a cap only known not to be."""

    value: float
    is_floor: bool = False
    is_cap: bool = False


def estimate(comparison: Comparison, trials: Sequence[TrialRecord], alpha: float) -> Estimate:
    """Estimate one comparison from a campaign's trials; invalid ones are left out."""
    if comparison.baseline is None:
        treated = _by_round(trials, comparison.treatment.id, comparison.metric)
        return structural_estimate([v.value for v in treated.values()], alpha)
    pairs = _pairs(comparison, trials)
    return ratio_estimate(
        [(a.value, b.value) for a, b in pairs],
        alpha,
        is_floor=any(a.is_floor or b.is_cap for a, b in pairs),
        is_cap=any(b.is_floor or a.is_cap for a, b in pairs),
    )


def log_ratios(comparison: Comparison, trials: Sequence[TrialRecord]) -> list[float]:
    """Return ln(treatment / baseline) of every pair of valid trials, by round; [] without a baseline."""
    return [log(a.value / b.value) for a, b in _pairs(comparison, trials)]


def _pairs(comparison: Comparison, trials: Sequence[TrialRecord]) -> list[tuple[_Value, _Value]]:
    """Return (treatment, baseline) of every pair of valid trials that has a ratio, by round."""
    if comparison.baseline is None:
        return []
    treated, base = (_by_round(trials, t.id, comparison.metric) for t in (comparison.treatment, comparison.baseline))
    both = [(treated[place], base[place]) for place in sorted(treated.keys() & base.keys())]
    return [(a, b) for a, b in both if a.value > 0 and b.value > 0]


def _by_round(trials: Sequence[TrialRecord], treatment: str, metric: Metric) -> Mapping[tuple[int, int], _Value]:
    """Return the value of a treatment's n-th valid trial of each round, by (round, n).

    There is one a round, but for the A/A pair, whose sides are paired in the order they ran in.
    """
    values: dict[tuple[int, int], _Value] = {}
    seen: Counter[int] = Counter()
    for trial in sorted(trials, key=lambda t: (t.round, t.position)):
        value = trial.metrics.value(metric)
        if trial.treatment == treatment and trial.is_valid and value is not None:
            values[trial.round, seen[trial.round]] = _value(trial, metric, value)
            seen[trial.round] += 1
    return values


def _value(trial: TrialRecord, metric: Metric, value: float) -> _Value:
    window_s = trial.metrics.window_s
    if metric.zero_is_cap and value == 0 and window_s:
        # No answer in the whole window: under one in that time. Leaving the round out would flatter the worst variant.
        return _Value(1 / window_s, is_cap=True)
    return _Value(value, is_floor=trial.metrics.is_floor(metric))

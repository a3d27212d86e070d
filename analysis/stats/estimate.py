"""Estimates: paired log ratios and an interval that stays valid however often one looks.

The trial is the sample, not the request: requests inside a trial are correlated, so pooling them would call two
identical routes different far too often.

The interval is a confidence sequence: the t-test of Gönen, Johnson, Lu & Westfall (The American Statistician 59, 2005),
whose Bayes factor with a Gaussian prior on the standardised effect is a non-negative supermartingale under the null,
inverted by Ville's inequality. With n pairs, prior variance g, f degrees of freedom that were known before (0 by rules
1 and 2), r = 1 + n g and K = (sqrt(r) / alpha)^(2 / (n + f)):

    half-width = sqrt((n + f - 1) u) * s / sqrt(n),    u = (K - 1) / (1 - K / r),    infinite while K >= r

s is the standard deviation of one pair. With f = 0 it is the sample's, or the registered floor if that is larger. With
f > 0 it pools both, s^2 = (f s0^2 + (n - 1) s_n^2) / (n + f - 1), s0 the registered one: the moderated variance of
Smyth (Statistical Applications in Genetics and Molecular Biology 3, 2004, article 3), and the Bayes factor is the same
with an inverse gamma prior of the variance on both sides. Averaged over that prior it is a supermartingale as before;
for one true scatter it is not exact, and benchmarks/calibration.py says how often it errs where that is a multiple of
s0. A metric without a baseline is estimated in the same way from ln(value) of single trials.

The interval is two-sided at level alpha, and each of its ends errs at most alpha / 2 of the time: the Bayes factor is
the mean of one for larger effects and one for smaller ones, each a supermartingale. Where it exceeds 1 / alpha, the
one on the estimate's side exceeds 2 / alpha but for the other one, which there is below 1 / sqrt(r). So a rate may
exceed alpha / 2 by a hundredth of itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from statistics import fmean, median, stdev

from analysis.stats.results import Estimate
from analysis.stats.rule import Prior
from experiment.design.metrics import Metric
from experiment.design.model import Comparison
from experiment.records.trial import TrialRecord

MIN_STRUCTURAL_TRIALS = 3
USUAL = Prior()


def half_width_factor(n: int, alpha: float, prior: Prior = USUAL) -> float:
    """Return the half-width of the confidence sequence after n pairs, in standard deviations of one pair."""
    if n < 2:  # noqa: PLR2004 - a spread needs two
        return inf
    r = 1 + n * prior.g
    k = (sqrt(r) / alpha) ** (2 / (n + prior.degrees))
    if k >= r:
        return inf
    u = (k - 1) / (1 - k / r)
    return sqrt((n + prior.degrees - 1) * u) / sqrt(n)


def half_width(log_ratios: Sequence[float], alpha: float, prior: Prior = USUAL) -> float:
    """Return the half-width of the confidence sequence for the mean of `log_ratios` (natural logs)."""
    return LogSample.of(log_ratios).half_width(alpha, prior)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSample:
    """What an interval needs of n natural logs: of ratios, one a pair, or of values, one a trial.

    `is_floor`: they are only known to be at least those given, so the interval has no upper end. `is_cap`: at most
    those given, so that it has no lower end.
    """

    n: int
    mean: float = 0.0
    spread: float = 0.0  # standard deviation; 0 for fewer than two
    is_floor: bool = False
    is_cap: bool = False

    @classmethod
    def of(cls, logs: Sequence[float], *, is_floor: bool = False, is_cap: bool = False) -> "LogSample":
        n = len(logs)
        mean, spread = fmean(logs) if n else 0.0, stdev(logs) if n > 1 else 0.0
        return cls(n=n, mean=mean, spread=spread, is_floor=is_floor, is_cap=is_cap)

    def half_width(self, alpha: float, prior: Prior) -> float:
        factor = half_width_factor(self.n, alpha, prior)
        return inf if factor == inf else factor * prior.spread(self.n, self.spread)

    def estimate(self, alpha: float, prior: Prior = USUAL) -> Estimate:
        """Return the estimate, its interval two-sided at level alpha."""
        half = self.half_width(alpha, prior)
        return Estimate(
            n=self.n,
            effect=exp(self.mean) if self.n else None,
            low=0.0 if self.is_cap or half == inf else exp(self.mean - half),
            high=inf if self.is_floor or half == inf else exp(self.mean + half),
            alpha=alpha,
            is_floor=self.is_floor and not self.is_cap,
        )


def ratio_estimate(pairs: Sequence[tuple[float, float]], alpha: float) -> Estimate:
    """Estimate treatment / baseline from paired values, one pair a round."""
    return LogSample.of([log(treatment / baseline) for treatment, baseline in pairs]).estimate(alpha)


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
    """A trial's metric or a pair's ratio; a floor is only known to be exceeded, a cap only known not to be."""

    value: float
    is_floor: bool = False
    is_cap: bool = False


def estimate(comparison: Comparison, trials: Sequence[TrialRecord], alpha: float, prior: Prior = USUAL) -> Estimate:
    """Estimate one comparison from a campaign's trials; invalid ones are left out."""
    if comparison.is_structural:
        treated = _by_place(trials, comparison.treatment.id, comparison.metric)
        return structural_estimate([v.value for v in treated.values()], alpha)
    return log_sample(comparison, trials).estimate(alpha, prior)


def log_sample(comparison: Comparison, trials: Sequence[TrialRecord]) -> LogSample:
    """Return the sample of a comparison: what `log_ratios` returns, and whether some of it is only a bound."""
    known = _values(comparison, trials)
    return LogSample.of(
        [log(v.value) for v in known], is_floor=any(v.is_floor for v in known), is_cap=any(v.is_cap for v in known)
    )


def log_ratios(comparison: Comparison, trials: Sequence[TrialRecord]) -> list[float]:
    """Return ln(treatment / baseline) of every pair of valid trials, by round; ln(value) where there is no baseline."""
    return [log(v.value) for v in _values(comparison, trials)]


def _values(comparison: Comparison, trials: Sequence[TrialRecord]) -> list[_Value]:
    """Return the ratio of every pair of valid trials, or every trial's value, by round.

    Zeros have no logarithm: where the metric has no `least`, they are left out.
    """
    treated = _by_place(trials, comparison.treatment.id, comparison.metric)
    if comparison.baseline is None:
        return [v for v in treated.values() if v.value > 0]
    base = _by_place(trials, comparison.baseline.id, comparison.metric)
    pairs = [(treated[place], base[place]) for place in sorted(treated.keys() & base.keys())]
    return [_ratio(a, b) for a, b in pairs if a.value > 0 and b.value > 0]


def _ratio(a: _Value, b: _Value) -> _Value:
    return _Value(a.value / b.value, is_floor=a.is_floor or b.is_cap, is_cap=a.is_cap or b.is_floor)


def _by_place(trials: Sequence[TrialRecord], treatment: str, metric: Metric) -> Mapping[tuple[int, int], _Value]:
    """Return a treatment's value at its n-th place of each round, by (round, n); places without a valid trial miss.

    There is one place a round, but for the A/A pair, whose sides are paired in the order of their places. A repetition
    stands at the place of the trial it repeats, so a discarded trial leaves the other pairs of its round as they are.
    """
    values: dict[tuple[int, int], _Value] = {}
    places: dict[int, list[int]] = {}
    for trial in sorted((t for t in trials if t.treatment == treatment), key=lambda t: (t.round, t.position)):
        here = places.setdefault(trial.round, [])
        if trial.position not in here:
            here.append(trial.position)
        value = trial.metrics.value(metric)
        if trial.is_valid and value is not None:
            values[trial.round, len(here) - 1] = _value(trial, metric, value)
    return values


def _value(trial: TrialRecord, metric: Metric, value: float) -> _Value:
    window_s = trial.metrics.window_s
    if metric.zero_is_cap and value == 0 and window_s:
        # No answer in the whole window: under one in that time. Leaving the round out would flatter the worst variant.
        return _Value(1 / window_s, is_cap=True)
    return _Value(max(value, metric.least), is_floor=trial.metrics.is_floor(metric))

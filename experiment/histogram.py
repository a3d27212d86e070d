"""Histograms of durations: the same buckets as the driver's recorder writes.

A duration of v whole microseconds falls into bucket

    index = v                               for v < 2048
    index = shift * 1024 + (v >> shift)     for v >= 2048, where shift = v.bit_length() - 11

so that buckets are contiguous, and the middle of a bucket is never further than 0.05 % from any value in it
(the width is at most 1/1024 of the value; log-linear buckets as in G. Tene's HdrHistogram).

An observation may be censored: the answer had not come when we stopped looking, so all that is known is that it took
at least so long. Leaving such observations out would make the worst variant look best; see `Histogram.quantile`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LINEAR_BELOW_US = 2048
SUB_BUCKETS = 1024
_PRECISION_BITS = 11
_ROUNDING = 1e-9  # ranks are products of floats; a hair more or less must not move them by one


def bucket_index(duration_us: int) -> int:
    """Return the bucket of a duration in whole microseconds (negative durations count as 0)."""
    if duration_us < LINEAR_BELOW_US:
        return max(duration_us, 0)
    shift = duration_us.bit_length() - _PRECISION_BITS
    return shift * SUB_BUCKETS + (duration_us >> shift)


def bucket_low_us(index: int) -> int:
    """Return the smallest duration, in microseconds, that falls into bucket `index`."""
    if index < LINEAR_BELOW_US:
        return index
    shift = index // SUB_BUCKETS - 1
    return (index - shift * SUB_BUCKETS) << shift


def bucket_mid_us(index: int) -> float:
    """Return the middle of bucket `index` in microseconds: what its observations are taken to have lasted."""
    low = bucket_low_us(index)
    return low + (bucket_low_us(index + 1) - 1 - low) / 2


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of durations; a floor where too few were answered to know more than that it is at least so long."""

    value_us: float
    is_floor: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """Durations by bucket: the answered ones, and the censored ones at the age they had when we stopped looking."""

    counts: Mapping[int, int] = field(default_factory=dict)
    censored: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of_us(cls, durations_us: Iterable[float], censored_us: Iterable[float] = ()) -> Histogram:
        """Build a histogram from durations in microseconds."""
        return cls(
            Counter(bucket_index(int(d)) for d in durations_us),
            Counter(bucket_index(int(d)) for d in censored_us),
        )

    @property
    def answered(self) -> int:
        """How many observations are complete."""
        return sum(self.counts.values())

    @property
    def total(self) -> int:
        """How many observations there are, censored ones included."""
        return self.answered + sum(self.censored.values())

    def merged(self, other: Histogram) -> Histogram:
        """Add two histograms, bucket by bucket (quantiles are never averaged)."""
        return Histogram(Counter(self.counts) + Counter(other.counts), Counter(self.censored) + Counter(other.censored))

    def quantile(self, q: float) -> Quantile | None:
        """Return the q-quantile, or None when the sample is too small to hold it.

        A quantile is given only where at least one observation is expected beyond it, n * (1 - q) >= 1: a p99 needs
        100 observations, a median two. Censored observations enter by the product-limit estimate (Kaplan & Meier,
        J. Am. Stat. Assoc. 53, 1958). Where too few were answered for it to reach q, the value is the quantile of the
        ages as they stood, and a floor.
        """
        total = self.total
        if total == 0 or total * (1 - q) < 1 - _ROUNDING:
            return None
        answered = _product_limit_index(self.counts, self.censored, total, q)
        if answered is not None:
            return Quantile(bucket_mid_us(answered), is_floor=False)
        everything = Counter(self.counts) + Counter(self.censored)
        return Quantile(bucket_mid_us(_rank_index(everything, q * total)), is_floor=True)

    def mean_us(self) -> float | None:
        """Return the mean of the answered durations in microseconds, or None without any."""
        if not self.counts:
            return None
        return sum(bucket_mid_us(i) * n for i, n in self.counts.items()) / self.answered


def _product_limit_index(counts: Mapping[int, int], censored: Mapping[int, int], total: int, q: float) -> int | None:
    """Return the first bucket at which the product-limit estimate has seen a share q, or None if it never does."""
    at_risk, surviving = total, 1.0
    for index in sorted({*counts, *censored}):
        answered = counts.get(index, 0)
        surviving *= 1 - answered / at_risk
        if answered and surviving <= 1 - q + _ROUNDING:
            return index
        at_risk -= answered + censored.get(index, 0)
    return None


def _rank_index(counts: Mapping[int, int], rank: float) -> int:
    """Return the bucket of the observation with this rank."""
    seen = 0
    for index in sorted(counts):
        seen += counts[index]
        if seen >= rank - _ROUNDING:
            return index
    raise AssertionError("unreachable: the counts add up to the total")

"""Histograms of durations: the same buckets as the driver's recorder writes.

A duration of v whole microseconds falls into bucket

    index = v                               for v < 2048
    index = shift * 1024 + (v >> shift)     for v >= 2048, where shift = v.bit_length() - 11

Buckets have no gaps, and the middle of a bucket is never further than 0.05 % from any value in it (the width is at
most 1/1024 of the value; log-linear buckets as in G. Tene's HdrHistogram).

An observation may be censored: there was no answer when the observation ended, so the duration is only known to be at
least that long. Without such observations the worst variant would look best; see `Histogram.quantile`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

LINEAR_BELOW_US = 2048
SUB_BUCKETS = 1024
_PRECISION_BITS = 11
_ROUNDING = 1e-9  # ranks are products of floats; a rounding error must not change them by one


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
    """Return the middle of bucket `index` in microseconds. It stands for the duration of all its observations."""
    low = bucket_low_us(index)
    return low + (bucket_low_us(index + 1) - 1 - low) / 2


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of durations. It is a floor if too few requests got an answer: the true value is at least this."""

    value_us: float
    is_floor: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """Durations by bucket: complete ones, and censored ones at their age when the observation ended."""

    counts: Mapping[int, int] = field(default_factory=dict)
    censored: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of_us(cls, durations_us: Iterable[float], censored_us: Iterable[float] = ()) -> Histogram:
        return cls(
            Counter(bucket_index(int(d)) for d in durations_us), Counter(bucket_index(int(d)) for d in censored_us)
        )

    @property
    def answered(self) -> int:
        """How many observations are complete."""
        return sum(self.counts.values())

    @property
    def total(self) -> int:
        """How many observations there are, including censored ones."""
        return self.answered + sum(self.censored.values())

    def merged(self, other: Histogram) -> Histogram:
        """Add two histograms, bucket by bucket (quantiles are never averaged)."""
        return Histogram(Counter(self.counts) + Counter(other.counts), Counter(self.censored) + Counter(other.censored))

    def quantile(self, q: float) -> Quantile | None:
        """Return the q-quantile, or None when the sample is too small for it.

        A quantile is given only where at least one observation is expected beyond it, n * (1 - q) >= 1: a p99 needs
        100 observations, a median two. Censored observations enter by the product-limit estimate (Kaplan & Meier,
        J. Am. Stat. Assoc. 53, 1958). If too few are complete for it to reach q, the value is the quantile of the ages,
        and a floor.
        """
        total = self.total
        if total == 0 or total * (1 - q) < 1 - _ROUNDING:
            return None
        return self.curve([q])[0]

    def curve(self, qs: Sequence[float]) -> list[Quantile]:
        """Return a quantile for each q of an ascending sequence, even for a small sample (but not an empty one).

        Where the product-limit estimate does not reach q, the value is a floor; floors never fall below the values
        before them.
        """
        reached = list(_product_limit(self.counts, self.censored))
        everything = Counter(self.counts) + Counter(self.censored)
        ranked = list(zip(sorted(everything), accumulate(everything[i] for i in sorted(everything)), strict=True))
        out: list[Quantile] = []
        for q in qs:
            known = next((i for i, share in reached if share >= q - _ROUNDING), None)
            if known is not None:
                out.append(Quantile(bucket_mid_us(known), is_floor=False))
                continue
            rank = q * self.total - _ROUNDING
            age = bucket_mid_us(next(i for i, seen in ranked if seen >= rank))
            before = out[-1].value_us if out else 0.0
            out.append(Quantile(max(age, before), is_floor=True))
        return out

    def mean_us(self) -> float | None:
        """Return the mean of the complete durations in microseconds, or None if there are none."""
        if not self.counts:
            return None
        return sum(bucket_mid_us(i) * n for i, n in self.counts.items()) / self.answered


def _product_limit(counts: Mapping[int, int], censored: Mapping[int, int]) -> Iterator[tuple[int, float]]:
    """Yield each bucket of complete durations with the estimated share of requests that are complete by then."""
    at_risk = sum(counts.values()) + sum(censored.values())
    surviving = 1.0
    for index in sorted({*counts, *censored}):
        answered = counts.get(index, 0)
        if answered:
            surviving *= 1 - answered / at_risk
            yield index, 1 - surviving
        at_risk -= answered + censored.get(index, 0)

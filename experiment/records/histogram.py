"""Histograms of durations: the same buckets as the driver's recorder writes.

A duration of v whole microseconds falls into bucket

    index = v                               for v < 2048
    index = shift * 1024 + (v >> shift)     for v >= 2048, where shift = v.bit_length() - 11

Buckets have no gaps, and the middle of a bucket is never further than 0.05 % from any value in it (the width is at
most 1/1024 of the value; log-linear buckets as in G. Tene's HdrHistogram).

An observation may be censored: there was no answer when the observation ended, so the duration is only known to be at
least that long. Without such observations the worst variant would look best.

It may also have begun late (delayed entry, left truncation): the request was in flight already when the window opened.
Had it been answered before, nobody would have seen it, so it says nothing of durations below the age that it had then.
Who is in flight at a random moment is slow more often than a request is: counted from age 0, they would make every
quantile too high. See `_product_limit`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import sqrt

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
    """Durations by bucket: complete ones, and censored ones at their age when the observation ended.

    `entered` holds the ages, when the window opened, of those of them that were in flight then.
    """

    counts: Mapping[int, int] = field(default_factory=dict)
    censored: Mapping[int, int] = field(default_factory=dict)
    entered: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of_us(
        cls, durations_us: Iterable[float], censored_us: Iterable[float] = (), entered_us: Iterable[float] = ()
    ) -> Histogram:
        return cls(*(Counter(bucket_index(int(d)) for d in some) for some in (durations_us, censored_us, entered_us)))

    @property
    def answered(self) -> int:
        """How many observations are complete."""
        return sum(self.counts.values())

    @property
    def total(self) -> int:
        """How many observations there are, including censored ones. Late entries are among them."""
        return self.answered + sum(self.censored.values())

    def merged(self, other: Histogram) -> Histogram:
        """Add two histograms, bucket by bucket (quantiles are never averaged)."""
        return Histogram(
            Counter(self.counts) + Counter(other.counts),
            Counter(self.censored) + Counter(other.censored),
            Counter(self.entered) + Counter(other.entered),
        )

    def quantile(self, q: float) -> Quantile | None:
        """Return the q-quantile, or None when the sample is too small for it.

        A quantile is given only where at least one observation is expected beyond it, n * (1 - q) >= 1: a p99 needs
        100 observations, a median two. The value is that of the product-limit estimate. If too few are complete for it
        to reach q, the value is the quantile of the ages, and a floor: the estimate is below q at every age seen.
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
        reached = list(_product_limit(self))
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

    def share_within(self, duration_us: int) -> float | None:
        """Return the share (0..1) of durations up to `duration_us`, to a bucket's width, by the product-limit estimate.

        None where that cannot be known: nothing was watched for so long, and not everything was complete before.
        """
        last = bucket_index(duration_us)
        share = max((reached for index, reached in _product_limit(self) if index <= last), default=0.0)
        is_watched = max((*self.counts, *self.censored), default=-1) >= last
        return share if is_watched or share > 1 - _ROUNDING else None

    def mean_us(self) -> float | None:
        """Return the mean in microseconds, or None if nothing is complete.

        It is that of the complete durations. Where some entered late, it is that of the product-limit estimate: in a
        window that is short for its durations, the short ones are complete more often. What the estimate does not reach
        counts at the longest age of all (Efron, Proc. 5th Berkeley Symp. 4, 1967), so that the mean is then a floor.
        """
        if not self.counts:
            return None
        if not self.entered:
            return sum(bucket_mid_us(i) * n for i, n in self.counts.items()) / self.answered
        steps = [(0, 0.0), *_product_limit(self), (max((*self.counts, *self.censored)), 1.0)]
        return sum(bucket_mid_us(index) * (share - before) for (_, before), (index, share) in pairwise(steps))


def _product_limit(durations: Histogram) -> Iterator[tuple[int, float]]:
    """Yield buckets of complete durations with the estimated share of all durations that are complete by then.

    Product-limit estimate (Kaplan & Meier, J. Am. Stat. Assoc. 53, 1958) with delayed entry (Lynden-Bell, Mon. Not. R.
    Astron. Soc. 155, 1971): at an age, those are at risk who entered by then and were still observed.

    Where most are out of sight, still to enter or censored already, the few at risk must not speak for all: if they
    end, the plain estimate is 1. So, after Lai & Ying (Ann. Stat. 19, 1991), an answer does not count where fewer than
    sqrt(n) are at risk, if these are also less than a quarter of the n * S that should be; and the last one at risk
    never counts before everybody has entered.
    """
    total, entering = durations.total, sum(durations.entered.values())
    at_risk, surviving = total - entering, 1.0
    for index in sorted({*durations.counts, *durations.censored, *durations.entered}):
        entering -= durations.entered.get(index, 0)
        at_risk += durations.entered.get(index, 0)
        answered = durations.counts.get(index, 0)
        is_too_few = at_risk < min(sqrt(total), total * surviving / 4)
        ended = 0 if is_too_few else min(answered, at_risk - bool(entering))
        if ended > 0:
            surviving *= 1 - ended / at_risk
            yield index, 1 - surviving
        at_risk -= answered + durations.censored.get(index, 0)

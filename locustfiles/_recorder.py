"""A histogram of durations that is cheap to record into, bounded in memory and exact to 0.05 %.

Locust's own percentiles are whole milliseconds below 100 ms and two digits above (locust/stats.py,
`bucket_response_time`); a route that answers in 200 us needs better. The buckets here are log-linear, after
G. Tene's HdrHistogram. A duration of v whole microseconds falls into bucket

    index = v                               for v < 2048
    index = shift * 1024 + (v >> shift)     for v >= 2048, where shift = v.bit_length() - 11

`v >> shift` lies in 1024..2047, so indices are contiguous and rise with v. A bucket is one microsecond wide below
2048 us, and at most 1/1024 of its value above: its middle is within 0.05 % of whatever fell into it. An hour is
index 23220, so a histogram never holds more than some tens of thousands of numbers.

Whoever reads `to_pairs()` uses the same formula (experiment/records/histogram.py; a test holds the two together).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Times = np.ndarray[Any, np.dtype[np.float64]]
"""Times or durations of several requests, in seconds: one dimension, an entry for each request."""

Whole = np.ndarray[Any, np.dtype[np.int64]]

LINEAR_BELOW_US = 2048
SUB_BUCKET_BITS = 10
_PRECISION_BITS = SUB_BUCKET_BITS + 1


def bucket_low_us(index: int) -> int:
    """Return the shortest duration, in whole microseconds, that falls into bucket `index`."""
    if index < LINEAR_BELOW_US:
        return index
    shift = (index >> SUB_BUCKET_BITS) - 1
    return (index - (shift << SUB_BUCKET_BITS)) << shift


def whole_us(seconds: float) -> int:
    """Round a duration in seconds to whole microseconds."""
    return int(seconds * 1e6 + 0.5)


def whole_us_of(seconds: Times) -> Whole:
    """Round durations in seconds to whole microseconds, each as `whole_us` does."""
    return (seconds * 1e6 + 0.5).astype(np.int64)


def buckets_of(us: Whole) -> Whole:
    """Return the bucket of each duration in whole microseconds."""
    us = np.maximum(us, 0)
    bits: Whole = np.frexp(us)[1].astype(np.int64)  # as int.bit_length(), for whole numbers below 2**53
    shift = np.maximum(bits - _PRECISION_BITS, 0)
    return (shift << SUB_BUCKET_BITS) + (us >> shift)


class Histogram:
    """How many durations fell into each bucket."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Whole = np.zeros(0, dtype=np.int64)

    def record(self, us: int) -> None:
        """Record one duration, in whole microseconds; one below 0 counts as 0."""
        shift = max(us.bit_length() - _PRECISION_BITS, 0)
        bucket = (shift << SUB_BUCKET_BITS) + (us >> shift) if us > 0 else 0
        if bucket >= len(self._counts):
            self._grow(bucket)
        self._counts[bucket] += 1

    def record_all(self, us: Whole) -> None:
        """Record several durations, each as `record` does."""
        buckets = buckets_of(us)
        last = int(buckets.max())
        if last >= len(self._counts):
            self._grow(last)
        np.add.at(self._counts, buckets, 1)

    def _grow(self, bucket: int) -> None:
        grown = np.zeros(2 * bucket + 1, dtype=np.int64)
        grown[: len(self._counts)] = self._counts
        self._counts = grown

    @property
    def count(self) -> int:
        return int(self._counts.sum())

    def snapshot(self) -> Counter[int]:
        return Counter(dict(self.to_pairs()))

    def to_pairs(self) -> tuple[tuple[int, int], ...]:
        """Return (index, count) pairs in order of index: the form in which a histogram travels."""
        filled = np.flatnonzero(self._counts)
        return tuple(zip(filled.tolist(), self._counts[filled].tolist(), strict=True))


def quantile_us(counts: Mapping[int, int], q: float) -> float | None:
    """Return the duration, in microseconds, that a share `q` (0..1) does not exceed; None where nothing was counted."""
    rank = q * sum(counts.values())
    seen = 0
    for index in sorted(counts):
        seen += counts[index]
        if seen >= rank:
            return (bucket_low_us(index) + bucket_low_us(index + 1) - 1) / 2
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """One kind of duration: the finished ones, and the ages of those that were still unfinished when we stopped.

    An unfinished request took at least its age. Leaving it out would make the worst variant look best. `entered` has
    the ages, when the window opened, of those of both that were in flight then.
    """

    counts: Histogram = field(default_factory=Histogram)
    censored: Histogram = field(default_factory=Histogram)
    entered: Histogram = field(default_factory=Histogram)


@dataclass(slots=True, kw_only=True)
class Second:
    """What was finished in one second of the window."""

    answers: int = 0
    wrong: int = 0
    errors: int = 0
    slowest_us: int | None = None

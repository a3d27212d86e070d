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

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

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


class Histogram:
    """How many durations fell into each bucket."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: defaultdict[int, int] = defaultdict(int)

    def record(self, us: int) -> None:
        # the formula is written out here: calling a function would cost as much as the rest of this method
        if us >= LINEAR_BELOW_US:
            shift = us.bit_length() - _PRECISION_BITS
            us = (shift << SUB_BUCKET_BITS) + (us >> shift)
        elif us < 0:
            us = 0
        self._counts[us] += 1

    @property
    def count(self) -> int:
        return sum(self._counts.values())

    def snapshot(self) -> Counter[int]:
        return Counter(self._counts)

    def to_pairs(self) -> tuple[tuple[int, int], ...]:
        """Return (index, count) pairs in order of index: the form in which a histogram travels."""
        return tuple(sorted(self._counts.items()))


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

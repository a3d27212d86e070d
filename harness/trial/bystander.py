"""What a trial says of its bystander beyond quantiles: who was answered within a second, and was it steady (pure)."""

from functools import reduce
from typing import Any

from experiment.records.driver_protocol import BystanderCounts, HistogramPairs
from experiment.records.histogram import Histogram
from experiment.theory.steady import shift_between_halves

_SECOND_US = 1_000_000


def histogram_of(pairs: HistogramPairs) -> Histogram:
    return Histogram(dict(pairs.counts), dict(pairs.censored), dict(pairs.entered))


def bystander_numbers(counts: BystanderCounts, window_s: float) -> dict[str, Any]:
    """Return fields of TrialMetrics, by name."""
    tenths = [histogram_of(pairs) for pairs in counts.response_by_tenth]
    middle = len(tenths) // 2
    return {
        "bystander_sent": counts.sent,
        "bystander_answers": counts.answers,
        "bystander_within_1s_share": _within_1s(counts) if window_s >= 1 else None,
        "bystander_first_half_p50_us": _median_us(reduce(Histogram.merged, tenths[:middle], Histogram())),
        "bystander_second_half_p50_us": _median_us(reduce(Histogram.merged, tenths[middle:], Histogram())),
        "bystander_shift": shift_between_halves([_median_us(tenth) for tenth in tenths]),
        "bystander_cold_calls": counts.connections_opened_in_window,
    }


def _within_1s(counts: BystanderCounts) -> float | None:
    """Return the share of calls that get the right answer within a second, in a window of at least a second.

    A failed call gets none. Where nobody was watched for a second, the estimate leaves open what became of the oldest
    in flight at the end. But every call of the window's first part was answered sooner, or it would have been watched
    for as long: nobody takes a second there.
    """
    due, failed = counts.sent + counts.dropped, counts.wrong + sum(counts.errors.values())
    share = histogram_of(counts.response).share_within(_SECOND_US)
    return (1.0 if share is None else share) * (1 - failed / due) if due else None


def _median_us(histogram: Histogram) -> float | None:
    """Return a median that is more than a floor."""
    median = histogram.quantile(0.5)
    return None if median is None or median.is_floor else median.value_us

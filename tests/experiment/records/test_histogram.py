"""Histograms: bucket precision, quantiles, and what was never answered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from experiment.records.histogram import Histogram, bucket_index, bucket_low_us, bucket_mid_us


@given(st.integers(min_value=1, max_value=10**12))
def test_the_middle_of_a_bucket_is_within_a_thousandth_of_every_value_in_it(duration_us: int) -> None:
    assert abs(bucket_mid_us(bucket_index(duration_us)) - duration_us) <= 0.001 * duration_us


@given(st.integers(min_value=0, max_value=10**10))
def test_buckets_are_contiguous_and_in_order(duration_us: int) -> None:
    index = bucket_index(duration_us)
    assert bucket_low_us(index) <= duration_us < bucket_low_us(index + 1)


def test_a_quantile_is_the_value_at_its_rank() -> None:
    histogram = Histogram.of_us(range(1, 1001))
    p99 = histogram.quantile(0.99)
    assert p99 is not None
    assert (p99.value_us, p99.is_floor) == (990, False)


def test_a_p99_is_not_given_for_fewer_than_a_hundred() -> None:
    assert Histogram.of_us([5] * 99).quantile(0.99) is None
    assert Histogram.of_us([5] * 100).quantile(0.99) is not None


def test_an_empty_histogram_has_no_quantiles_and_no_mean() -> None:
    assert Histogram().quantile(0.5) is None
    assert Histogram().mean_us() is None


def test_what_was_never_answered_makes_the_quantile_a_floor() -> None:
    frozen = Histogram.of_us([1000] * 5, censored_us=[2_000_000] * 95)
    p50 = frozen.quantile(0.5)
    assert p50 is not None
    assert p50.is_floor
    assert abs(p50.value_us - 2_000_000) <= 2000


def test_a_few_requests_in_flight_at_the_end_do_not_turn_a_quantile_into_a_floor() -> None:
    steady = Histogram.of_us(range(1000, 2000), censored_us=range(0, 1000, 20))
    p99 = steady.quantile(0.99)
    assert p99 is not None
    assert not p99.is_floor
    assert 1980 <= p99.value_us <= 2000


def test_merging_adds_counts_and_never_averages_quantiles() -> None:
    merged = Histogram.of_us([10] * 300).merged(Histogram.of_us([1000] * 100))
    p50, p99 = merged.quantile(0.5), merged.quantile(0.99)
    assert p50 is not None
    assert p99 is not None
    assert (p50.value_us, p99.value_us) == (10, 1000)

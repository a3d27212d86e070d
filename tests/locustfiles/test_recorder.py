"""The driver's histogram: precise to 0.05 %, contiguous, and the same whichever way it was filled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _recorder import Durations, Histogram, bucket_high_us, bucket_index, bucket_low_us, whole_us

A_DAY_US = 86_400_000_000
durations = st.integers(min_value=0, max_value=A_DAY_US)


@given(durations)
def test_a_duration_lies_within_its_bucket(us: int) -> None:
    index = bucket_index(us)
    assert bucket_low_us(index) <= us <= bucket_high_us(index)


@given(durations)
def test_the_middle_of_a_bucket_is_within_a_thousandth_of_the_duration(us: int) -> None:
    index = bucket_index(us)
    middle = (bucket_low_us(index) + bucket_high_us(index)) / 2
    assert abs(middle - us) <= 0.001 * us


@given(durations, durations)
def test_a_longer_duration_never_has_a_smaller_index(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert bucket_index(low) <= bucket_index(high)


def test_buckets_follow_one_another_without_a_gap() -> None:
    for index in range(40_000):
        assert bucket_low_us(index + 1) == bucket_high_us(index) + 1
        assert bucket_index(bucket_low_us(index)) == index
        assert bucket_index(bucket_high_us(index)) == index


def test_the_formula_is_the_one_that_was_agreed_on() -> None:
    expected = {0: 0, 1: 1, 2047: 2047, 2048: 2048, 2049: 2048, 4095: 3071, 4096: 3072, 1_000_000: 11169}
    assert {us: bucket_index(us) for us in expected} == expected


def test_a_day_needs_no_more_than_some_tens_of_thousands_of_buckets() -> None:
    assert bucket_index(A_DAY_US) < 30_000


def test_a_negative_duration_counts_as_zero() -> None:
    histogram = Histogram()
    histogram.record(-3)
    assert histogram.to_pairs() == [[0, 1]]
    assert bucket_index(-3) == 0


@given(st.lists(durations, max_size=50))
def test_recording_agrees_with_the_bucket_function(values: list[int]) -> None:
    histogram = Histogram()
    for us in values:
        histogram.record(us)
    indices = [bucket_index(us) for us in values]
    assert histogram.to_pairs() == [[index, indices.count(index)] for index in sorted(set(indices))]
    assert histogram.count == len(values)


@given(st.lists(durations), st.lists(durations))
def test_merging_is_recording_into_one(left: list[int], right: list[int]) -> None:
    merged, other, together = Histogram(), Histogram(), Histogram()
    for us in left:
        merged.record(us)
        together.record(us)
    for us in right:
        other.record(us)
        together.record(us)
    merged.merge(other)
    assert merged.to_pairs() == together.to_pairs()


def test_quantiles_are_those_of_the_sorted_durations() -> None:
    histogram = Histogram()
    for us in range(1, 101):
        histogram.record(us)
    assert [histogram.quantile_us(q) for q in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]


def test_an_empty_histogram_has_no_quantile() -> None:
    assert Histogram().quantile_us(0.5) is None
    assert Histogram().to_pairs() == []


def test_what_came_since_a_snapshot_can_be_told_apart() -> None:
    histogram = Histogram()
    histogram.record(5)
    before = histogram.snapshot()
    histogram.record(5)
    histogram.record(7)
    assert histogram.since(before).to_pairs() == [[5, 1], [7, 1]]


def test_finished_and_unfinished_requests_travel_apart() -> None:
    durations_ = Durations()
    durations_.counts.record(10)
    durations_.censored.record(3_000_000)
    assert durations_.to_json() == {"counts": [[10, 1]], "censored": [[bucket_index(3_000_000), 1]]}


def test_seconds_are_rounded_to_whole_microseconds() -> None:
    assert [whole_us(s) for s in (0.0, 1e-6, 1.4e-6, 1.6e-6, 2.0)] == [0, 1, 1, 2, 2_000_000]

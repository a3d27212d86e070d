"""The driver's histogram: precise to 0.05 %, contiguous, and in the very buckets that its readers take it to have."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _recorder import Histogram, bucket_low_us, quantile_us, whole_us
from experiment.records import histogram as reader

A_DAY_US = 86_400_000_000
durations = st.integers(min_value=0, max_value=2**40)


def recorded(*values: int) -> Histogram:
    histogram = Histogram()
    for us in values:
        histogram.record(us)
    return histogram


def bucket_of(us: int) -> int:
    ((index, count),) = recorded(us).to_pairs()
    assert count == 1
    return index


@given(durations)
def test_the_driver_and_its_readers_have_one_formula_for_buckets(us: int) -> None:
    index = bucket_of(us)
    assert index == reader.bucket_index(us)
    assert bucket_low_us(index) == reader.bucket_low_us(index) <= us


@given(durations)
def test_the_middle_of_a_bucket_is_within_a_thousandth_of_the_duration(us: int) -> None:
    index = bucket_of(us)
    middle = (bucket_low_us(index) + bucket_low_us(index + 1) - 1) / 2
    assert abs(middle - us) <= 0.001 * us


def test_buckets_follow_one_another_without_a_gap() -> None:
    for index in range(40_000):
        assert bucket_of(bucket_low_us(index)) == index
        assert bucket_of(bucket_low_us(index + 1) - 1) == index


def test_the_formula_is_the_one_that_was_agreed_on() -> None:
    expected = {0: 0, 1: 1, 2047: 2047, 2048: 2048, 2049: 2048, 4095: 3071, 4096: 3072, 1_000_000: 11169}
    assert {us: bucket_of(us) for us in expected} == expected


def test_a_day_needs_no_more_than_some_tens_of_thousands_of_buckets() -> None:
    assert bucket_of(A_DAY_US) < 30_000


def test_a_negative_duration_counts_as_zero() -> None:
    assert recorded(-3).to_pairs() == ((0, 1),)


@given(st.lists(durations, max_size=50))
def test_every_duration_is_counted_in_its_bucket(values: list[int]) -> None:
    histogram = recorded(*values)
    indices = [reader.bucket_index(us) for us in values]
    assert histogram.to_pairs() == tuple((index, indices.count(index)) for index in sorted(set(indices)))
    assert histogram.count == len(values)


@given(st.lists(st.lists(st.integers(min_value=-5, max_value=2**40), min_size=1, max_size=50), max_size=3))
def test_durations_recorded_together_are_recorded_as_one_by_one(batches: list[list[int]]) -> None:
    together = Histogram()
    for batch in batches:
        together.record_all(np.array(batch, dtype=np.int64))
    assert together.to_pairs() == recorded(*chain(*batches)).to_pairs()


def test_quantiles_are_those_of_the_sorted_durations() -> None:
    counts = recorded(*range(1, 101)).snapshot()
    assert [quantile_us(counts, q) for q in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]


def test_an_empty_histogram_has_no_quantile() -> None:
    assert quantile_us(Histogram().snapshot(), 0.5) is None
    assert Histogram().to_pairs() == ()


def test_what_came_since_a_snapshot_can_be_told_apart() -> None:
    histogram = recorded(5)
    before = histogram.snapshot()
    histogram.record(5)
    histogram.record(7)
    assert histogram.snapshot() - before == {5: 1, 7: 1}


def test_seconds_are_rounded_to_whole_microseconds() -> None:
    assert [whole_us(s) for s in (0.0, 1e-6, 1.4e-6, 1.6e-6, 2.0)] == [0, 1, 1, 2, 2_000_000]

"""Histograms: bucket precision, quantiles, and what was never answered."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heapreplace
from itertools import islice
from statistics import fmean

import pytest
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


# delayed entry: what is in flight when the window opens has an age

Requests = Iterator[tuple[float, float]]
"""Start and end in seconds, by start, forever."""
LONGEST_S = 10.0
"""No response takes so long."""


def everybody_at_once(users: int, service_s: Callable[[], float]) -> Requests:
    """Yield the requests of a closed loop whose server works on all of them at the same time."""
    starts = [0.0] * users
    heapify(starts)
    while True:
        start = starts[0]
        end = start + service_s()
        yield start, end
        heapreplace(starts, end)


def one_after_the_other(users: int, service_s: Callable[[], float]) -> Requests:
    """Yield the requests of a closed loop whose server works on one at a time, in the order in which they came."""
    waiting, free = deque([0.0] * users), 0.0
    while True:
        start = waiting.popleft()
        free += service_s()
        yield start, free
        waiting.append(free)


def seen_through(requests: list[tuple[float, float]], windows: Iterable[tuple[float, float]]) -> Histogram:
    """Return what is known of them in windows: of those in flight at some time inside one."""
    done, censored, entered = [], [], []
    for opens, closes in windows:
        near = requests[bisect_left(requests, (opens - LONGEST_S, 0)) : bisect_left(requests, (closes, 0))]
        inside = [(start, end) for start, end in near if end > opens]
        done += [(end - start) * 1e6 for start, end in inside if end < closes]
        censored += [(closes - start) * 1e6 for start, end in inside if end >= closes]
        entered += [(opens - start) * 1e6 for start, _ in inside if start < opens]
    return Histogram.of_us(done, censored, entered)


def mostly_short(chance: random.Random) -> Callable[[], float]:
    """Return service times of 8 to 12 ms, and of 0.3 to 0.5 s for one request in ten."""
    return lambda: chance.uniform(0.3, 0.5) if chance.random() < 0.1 else chance.uniform(0.008, 0.012)


@pytest.mark.parametrize(
    ("loop", "users", "requests", "window_s", "q"),
    [(everybody_at_once, 20, 60_000, 0.5, 0.87), (one_after_the_other, 10, 60_000, 1.0, 0.5)],
)
def test_with_delayed_entry_short_windows_show_the_quantiles_of_the_long_run(
    loop: Callable[[int, Callable[[], float]], Requests], users: int, requests: int, window_s: float, q: float
) -> None:
    long_run = list(islice(loop(users, mostly_short(random.Random(1))), requests))
    times = [10 + 2 * window_s * k for k in range(int((long_run[-1][0] - 15) / (2 * window_s)))]
    seen = seen_through(long_run, [(t, t + window_s) for t in times])
    durations = [(end - start) * 1e6 for start, end in long_run if start > 10]
    truth = Histogram.of_us(durations).curve([q])[0].value_us
    assert seen.curve([q])[0].value_us == pytest.approx(truth, rel=0.05)
    assert Histogram(seen.counts, seen.censored).curve([q])[0].value_us > 1.05 * truth
    for at_us in (100_000, 300_000, 400_000):
        share = fmean(duration <= at_us for duration in durations)
        assert seen.share_within(at_us) == pytest.approx(share, abs=0.02)
    assert seen.mean_us() == pytest.approx(fmean(durations), rel=0.05)


def test_a_quantile_moves_to_where_it_belongs_when_those_in_flight_at_the_start_have_their_age() -> None:
    # nine in ten take 10 ms; of twenty users most are in the middle of one that takes a second
    counts = {bucket_index(10_000): 90, bucket_index(1_000_000): 10}
    censored = Histogram.of_us([], [500_000] * 18).censored
    entered = Histogram.of_us([], [500_000] * 18).censored
    late, naive = Histogram(counts, censored, entered).quantile(0.87), Histogram(counts, censored).quantile(0.87)
    assert late is not None
    assert naive is not None
    assert (round(late.value_us, -3), round(naive.value_us, -3)) == (10_000, 1_000_000)


def test_a_mean_counts_those_who_still_wait_where_some_entered_late() -> None:
    half = Histogram.of_us([1000] * 5, [2000] * 5, entered_us=[500] * 5)
    assert half.mean_us() == pytest.approx(1500)
    assert Histogram.of_us([1000] * 5, [2000] * 5).mean_us() == 1000
    assert Histogram.of_us([1000], entered_us=[500]).mean_us() == 1000


def test_a_few_early_answers_do_not_stand_for_those_who_have_not_entered_yet() -> None:
    early = Histogram.of_us([1000] + [2_000_000] * 80, entered_us=[1_500_000] * 80)
    assert early.share_within(1_000_000) == 0
    p50 = early.quantile(0.5)
    assert p50 is not None
    assert abs(p50.value_us - 2_000_000) < 2000


def test_the_last_answer_does_not_stand_for_all_who_were_lost_before() -> None:
    # a queue of eighty that started within 0.2 s; the window closes when the first 26 are answered, 0.1 s each
    starts = [200_000 * k / 80 for k in range(80)]
    ages = [100_000 * (k + 1) - start for k, start in enumerate(starts[:26])]
    queue = Histogram.of_us(ages, [2_600_000 - start for start in starts[26:]])
    p50 = queue.quantile(0.5)
    assert p50 is not None
    assert p50.is_floor
    assert 2_400_000 < p50.value_us < 2_600_000


def test_a_long_tail_counts_to_its_end() -> None:
    slow = Histogram.of_us([*range(1000, 2000), 300_000, 400_000], entered_us=[250_000])
    assert [p.is_floor for p in slow.curve([0.5, 0.99, 0.999, 1.0])] == [False] * 4
    assert slow.share_within(400_000) == 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), min_size=1, max_size=40))
def test_the_estimate_rises_from_nothing_to_at_most_one(ages: list[tuple[int, int, bool]]) -> None:
    seen = Histogram.of_us(
        [entry + more for entry, more, is_answered in ages if is_answered],
        [entry + more for entry, more, is_answered in ages if not is_answered],
        [entry for entry, _, _ in ages if entry],
    )
    shares = [share for us in range(120) if (share := seen.share_within(us)) is not None]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    values = [p.value_us for p in seen.curve([0.1, 0.5, 0.9, 1.0])]
    assert values == sorted(values)


def test_merging_adds_entries_too() -> None:
    one = Histogram.of_us([10], [20], [5])
    assert one.merged(one) == Histogram({10: 2}, {20: 2}, {5: 2})


# the share within a time


def test_a_share_counts_what_was_not_answered_in_that_time() -> None:
    assert Histogram.of_us([1000] * 9 + [3_000_000]).share_within(1_000_000) == pytest.approx(0.9)
    assert Histogram.of_us([1000] * 9, [3_000_000]).share_within(1_000_000) == pytest.approx(0.9)
    assert Histogram.of_us([], [3_000_000]).share_within(1_000_000) == 0


def test_a_share_is_unknown_where_nothing_was_watched_for_so_long() -> None:
    assert Histogram.of_us([1000] * 9, [5000]).share_within(1_000_000) is None
    assert Histogram().share_within(1_000_000) is None
    assert Histogram.of_us([1000] * 9 + [2000], [500]).share_within(1_000_000) == 1

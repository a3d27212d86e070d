"""What a trial says of its bystander: who was answered within a second, and was it steady."""

from __future__ import annotations

from typing import Any

import pytest

from driver_results import NO_DURATIONS, bystander_counts
from experiment.records.driver_protocol import HistogramPairs
from experiment.records.histogram import bucket_index
from harness.trial.bystander import bystander_numbers

MS, SECOND = 1000, 1_000_000


def durations(answered_us: list[int], unanswered_us: list[int] | None = None) -> HistogramPairs:
    """Return durations that all lie in buckets of their own or come in order."""
    found = [{bucket_index(us): some.count(us) for us in some} for some in (answered_us, unanswered_us or [])]
    counts, censored = (tuple(sorted(buckets.items())) for buckets in found)
    return HistogramPairs(counts=counts, censored=censored)


def share(window_s: float = 3.0, **changes: Any) -> float | None:
    found: float | None = bystander_numbers(bystander_counts(**changes), window_s)["bystander_within_1s_share"]
    return found


def test_a_blocked_loop_answers_nobody_within_a_second() -> None:
    ages = [20 * MS * k for k in range(1, 150)]
    assert share(sent=149, response=durations([], ages)) == 0


def test_a_loop_that_is_free_answers_all() -> None:
    assert share(sent=150, response=durations([MS] * 150)) == 1


def test_a_wait_of_over_a_second_counts_against_the_share() -> None:
    assert share(sent=100, response=durations([MS] * 90 + [2 * SECOND] * 10)) == pytest.approx(0.9)


def test_the_last_in_flight_may_be_the_oldest_of_all_without_harm() -> None:
    assert share(sent=150, response=durations([MS] * 147, [45 * MS, 25 * MS, 5 * MS])) == 1


def test_a_call_that_fails_or_is_answered_wrong_has_no_answer() -> None:
    assert share(sent=100, errors={"reset": 100}, response=durations([], [MS] * 100)) == 0
    assert share(sent=100, errors={"reset": 5}, wrong=5, response=durations([MS] * 90, [MS] * 5)) == pytest.approx(0.9)


def test_a_window_shorter_than_a_second_cannot_tell() -> None:
    assert share(0.9, sent=45, response=durations([MS] * 45)) is None


def test_without_a_call_there_is_no_share() -> None:
    assert share(sent=0, response=NO_DURATIONS) is None


def test_halves_have_medians_and_a_shift() -> None:
    tenths = (durations([3 * MS] * 9),) * 5 + (durations([MS] * 9),) * 5
    found = bystander_numbers(bystander_counts(response_by_tenth=tenths), 3.0)
    assert found["bystander_first_half_p50_us"] == pytest.approx(3 * MS, rel=0.001)
    assert found["bystander_second_half_p50_us"] == MS
    assert found["bystander_shift"] == pytest.approx(2, rel=0.01)


def test_a_half_without_answers_is_not_compared() -> None:
    tenths = (durations([3 * MS] * 9),) * 5 + (durations([], [MS] * 9),) * 5
    found = bystander_numbers(bystander_counts(response_by_tenth=tenths), 3.0)
    assert (found["bystander_second_half_p50_us"], found["bystander_shift"]) == (None, None)


def test_connections_opened_inside_the_window_make_calls_cold() -> None:
    found = bystander_numbers(bystander_counts(connections_opened=200, connections_opened_in_window=3), 3.0)
    assert found["bystander_cold_calls"] == 3

"""Steady state: MSER-5 finds a warm-up that reaches into the window, and leaves a level one alone."""

from __future__ import annotations

import random

import pytest

from experiment.theory.steady import batch_means, mser_cut, shift_between_halves, truncation_shift


def test_a_level_series_hardly_moves() -> None:
    rng = random.Random(1)
    shift = truncation_shift([100 + rng.gauss(0, 5) for _ in range(60)])
    assert shift is not None
    assert shift < 0.05


def test_a_slow_start_is_found() -> None:
    rng = random.Random(1)
    series = [20.0] * 20 + [100 + rng.gauss(0, 5) for _ in range(40)]
    assert mser_cut(batch_means(series)) == 4
    shift = truncation_shift(series)
    assert shift is not None
    assert shift == pytest.approx(100 / (20 / 3 + 200 / 3) - 1, rel=0.1)


def test_an_incomplete_batch_is_dropped() -> None:
    assert batch_means([1, 1, 1, 1, 1, 9, 9]) == [1]


def test_too_short_or_empty_series_are_not_judged() -> None:
    assert truncation_shift([5.0] * 10) is None
    assert truncation_shift([0.0] * 60) is None


def test_halves_differ_by_what_lies_between_the_lowest_of_one_and_the_highest_of_the_other() -> None:
    slow, fast = [40.0, 50.0, 30.0, 60.0, 45.0], [10.0, 20.0, 15.0, 12.0, 11.0]
    assert shift_between_halves(slow + fast) == pytest.approx(0.5)
    assert shift_between_halves(fast + slow) == pytest.approx(0.5)


def test_halves_that_overlap_do_not_differ() -> None:
    assert shift_between_halves([90, 90, 90, 90, 10, 11, 10, 12, 10, 12]) == 0


def test_too_few_known_values_are_not_judged() -> None:
    assert shift_between_halves([9, 9, 9, 9, None, 1, 1, 1, 1, None]) == 8
    assert shift_between_halves([9, 9, 9, 9, 9, 1, 1, 1, None, None]) is None
    assert shift_between_halves([]) is None


def test_chance_alone_seldom_separates_halves() -> None:
    rng = random.Random(1)
    shifts = [shift_between_halves([rng.expovariate(1) for _ in range(10)]) for _ in range(2000)]
    assert sum(bool(shift) for shift in shifts) / len(shifts) < 0.02  # 2 in 252


def test_waits_that_rise_and_fall_again_and_again_are_steady() -> None:
    for period in (2, 3, 4, 5):
        for phase in range(period):
            assert shift_between_halves([1.0 + (tenth + phase) % period for tenth in range(10)]) == 0

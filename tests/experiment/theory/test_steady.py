"""Steady state: MSER-5 finds a warm-up that reaches into the window, and leaves a level one alone."""

from __future__ import annotations

import random

import pytest

from experiment.theory.steady import batch_means, mser_cut, truncation_shift


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

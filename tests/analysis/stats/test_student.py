"""Student's t against published tables, and the interval of two independent campaigns, which is Welch's."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, log
from typing import Any

import pytest

from analysis.stats.independent import metric_ratio, sample
from analysis.stats.student import incomplete_beta, quantile, two_sided_tail
from experiment.design.metrics import GOODPUT
from made_trials import FAST, trial

# --- Student's t


@pytest.mark.parametrize(
    ("probability", "df", "published"),
    [  # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2
        (0.975, 1, 12.706),
        (0.95, 2, 2.920),
        (0.975, 3, 3.182),
        (0.99, 5, 3.365),
        (0.999, 6, 5.208),
        (0.975, 10, 2.228),
        (0.95, 30, 1.697),
        (0.999, 100, 3.174),
    ],
)
def test_quantiles_are_those_of_published_tables(probability: float, df: float, published: float) -> None:
    assert quantile(probability, df) == pytest.approx(published, abs=6e-4)


def test_quantiles_of_many_degrees_of_freedom_are_the_normal_ones() -> None:
    assert quantile(0.975, 1e7) == pytest.approx(1.959964, abs=1e-5)


def test_quantiles_are_symmetric_and_undo_the_tail() -> None:
    assert quantile(0.1, 4.5) == -quantile(0.9, 4.5)
    assert two_sided_tail(quantile(0.995, 4.5), 4.5) == pytest.approx(0.01)
    assert quantile(0.5, 3) == pytest.approx(0, abs=1e-12)


def test_the_incomplete_beta_function_has_its_known_values() -> None:
    assert (incomplete_beta(2, 3, 0), incomplete_beta(2, 3, 1)) == (0, 1)
    assert incomplete_beta(2, 3, 0.4) == pytest.approx(0.5248)  # 1 - 0.6^4 - 4 * 0.4 * 0.6^3


@pytest.mark.parametrize(("probability", "df"), [(0, 3), (1, 3), (0.9, 0)])
def test_a_quantile_of_nonsense_is_refused(probability: float, df: float) -> None:
    with pytest.raises(ValueError, match=r"is asked for|a tail needs"):
        quantile(probability, df)


# --- the interval of two independent campaigns


def _ratio(before: list[float], after: list[float], *, floors: tuple[bool, bool] = (False, False)) -> Any:
    trials = [[trial(FAST, n, goodput_rps=v) for n, v in enumerate(values)] for values in (before, after)]
    one, other = (sample(t, FAST.id, GOODPUT) for t in trials)
    one, other = replace(one, is_floor=floors[0]), replace(other, is_floor=floors[1])
    return metric_ratio(GOODPUT, one, other, 0.05)


def test_the_interval_is_welchs() -> None:
    """ln y is 0, 0.2 against 0, 0, 0.3: by hand both means are 0.1, s²/n is 0.01 and 0.01, and df = 8/3."""
    found = _ratio([1.0, exp(0.2)], [1.0, 1.0, exp(0.3)])
    half = quantile(0.975, 8 / 3) * 0.02**0.5
    assert (log(found.ratio), log(found.low), log(found.high)) == pytest.approx((0, -half, half))


def test_one_trial_a_side_has_a_ratio_and_no_interval() -> None:
    found = _ratio([100.0], [80.0, 80.0])
    assert (found.ratio, found.low, found.high) == (pytest.approx(0.8), 0.0, inf)


def test_two_wild_trials_say_nothing_and_overflow_nothing() -> None:
    found = _ratio([1e-9, 1e9], [1e-9, 1e9])
    assert (found.low, found.high) == (0.0, inf)


def test_a_floor_opens_the_interval_on_its_own_side() -> None:
    assert _ratio([1.0, 1.1], [1.0, 1.1], floors=(False, True)).high == inf
    assert _ratio([1.0, 1.1], [1.0, 1.1], floors=(True, False)).low == 0


def test_trials_that_agree_to_the_last_digit_are_not_certainty() -> None:
    found = _ratio([100.0] * 3, [100.0] * 3)
    assert found.low < 1 < found.high


def test_swapping_the_campaigns_inverts_ratio_and_interval() -> None:
    there, back = _ratio([1.0, 1.1, 1.3], [0.9, 1.0]), _ratio([0.9, 1.0], [1.0, 1.1, 1.3])
    assert (there.ratio, there.low, there.high) == pytest.approx((1 / back.ratio, 1 / back.high, 1 / back.low))

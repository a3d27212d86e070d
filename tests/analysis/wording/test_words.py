from __future__ import annotations

from math import inf

import pytest

from analysis.wording import words
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT, IN_FLIGHT_PEAK, METRICS, SHARE_ON_LOOP
from experiment.design.model import Interval, at_least, at_most


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0256, "0.026x"), (0.0996, "0.10x"), (0.98, "0.98x"), (1.984, "1.98x"), (12.44, "12.4x"), (1234.0, "1,230x")],
)
def test_a_ratio_keeps_the_digits_that_tell_something(value: float, said: str) -> None:
    assert words.times(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0000085, "8.5 µs"),
        (0.00018, "180 µs"),
        (0.0009996, "1.0 ms"),
        (0.0012, "1.2 ms"),
        (0.012, "12 ms"),
        (0.9996, "1.0 s"),
        (8.0, "8.0 s"),
        (20.04, "20 s"),
    ],
)
def test_a_duration_is_said_in_the_unit_people_would_use(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("rps", "said"), [(0.5, "0.50 rps"), (9.84, "9.8 rps"), (395.2, "395 rps"), (4120, "4,120 rps")]
)
def test_a_rate_is_said_without_false_precision(rps: float, said: str) -> None:
    assert words.rate(rps) == said


def test_only_everything_is_a_hundred_percent() -> None:
    assert words.percent(1.0) == "100 %"
    assert words.percent(0.99999) == "99.9 %"


def test_an_open_interval_is_said_as_a_bound() -> None:
    assert words.span(Interval(0.025, 0.027)) == "0.025 to 0.027"
    assert words.span(at_least(312)) == "at least 312"
    assert words.span(at_most(1.2)) == "at most 1.20"
    assert words.span(Interval(0.0, inf)) == "no interval yet"


def test_an_interval_that_says_nothing_is_not_spelt_out() -> None:
    assert words.span(Interval(1e-13, 8.37e12)) == "too few trials"
    assert words.span(Interval(0.01, 900)) == "0.010 to 900"


def test_what_a_claim_expects_carries_its_unit() -> None:
    assert words.expected(GOODPUT, at_most(0.1), is_ratio=True) == "at most 0.1x"
    assert words.expected(SHARE_ON_LOOP, Interval(1, 1), is_ratio=False) == "exactly 100 %"
    assert words.expected(IN_FLIGHT_PEAK, at_least(41), is_ratio=False) == "at least 41"


def test_loads_of_one_kind_are_named_together() -> None:
    assert words.loads([LOADS["closed-80"], LOADS["closed-20"]]) == "80 and 20 users, closed loop"
    assert words.loads([LOADS["burst-10"]]) == "10 requests at once"


def test_every_metric_has_a_value_in_words() -> None:
    for metric in METRICS.values():
        assert words.metric_value(metric, 12.0)


def test_no_number_is_ever_said_in_exponent_form() -> None:
    for power in range(-5, 7):
        for said in (words.significant(3.21 * 10.0**power), words.ratio(3.21 * 10.0**power)):
            assert "e" not in said

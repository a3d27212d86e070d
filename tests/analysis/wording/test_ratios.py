"""Ratios as a speaker says them: plain words, and never a stronger one than the interval carries."""

from __future__ import annotations

from itertools import product
from math import inf

import pytest

from analysis.wording.ratios import (
    ADJECTIVES,
    NOT_CLEAR,
    SAME,
    bar_value,
    expected_ratio,
    expected_value,
    say_ratio,
    value,
    value_span,
)
from experiment.design.claims import CLAIMS
from experiment.design.metrics import (
    BYSTANDER_P99,
    BYSTANDER_WITHIN_1S,
    CPU_PER_REQUEST,
    GOODPUT,
    IN_FLIGHT_PEAK,
    LONGEST_STALL,
    MAKESPAN,
    METRICS,
    RESPONSE_P99,
    Metric,
    Unit,
)
from experiment.design.model import Interval, at_least, at_most

DIRECTIONS = {word for each in ADJECTIVES.values() for word in (each.more, each.less, each.times)}


@pytest.mark.parametrize(
    ("metric", "effect", "interval", "said"),
    [
        (GOODPUT, 0.0253, (0.022, 0.0292), ("40 times slower", "than", "34 to 45 times")),
        (GOODPUT, 1.989, (1.943, 2.037), ("2.0 times as fast", "as", "1.9 to 2.0 times")),
        (MAKESPAN, 9.99, (9.25, 10.79), ("10 times as long", "as", "9.2 to 11 times")),
        (BYSTANDER_P99, 0.3195, (0.221, 0.4617), ("3.1 times shorter", "than", "2.2 to 4.5 times")),
        (RESPONSE_P99, 1.4667, (1.1077, 1.942), ("47 % longer", "than", "11 % to 94 %")),
        (CPU_PER_REQUEST, 0.556, (0.419, 0.739), ("44 % less CPU", "than", "26 % to 58 %")),
        (CPU_PER_REQUEST, 1.283, (1.115, 1.478), ("28 % more CPU", "than", "12 % to 48 %")),
        (GOODPUT, 0.963, (0.902, 1.028), (SAME, "as", "0.90 to 1.03 times")),
        (GOODPUT, 1.0136, (1.004, 1.023), (SAME, "as", "1.00 to 1.02 times")),
        (GOODPUT, 0.988, (0.486, 2.01), (NOT_CLEAR, "from", "0.49 to 2.01 times")),
        (GOODPUT, 1.295, (0.94, 1.78), (NOT_CLEAR, "from", "0.94 to 1.78 times")),
        (GOODPUT, 0.5, (0.0, inf), (NOT_CLEAR, "from", "no interval yet")),
        (GOODPUT, 3.0, (2.0, inf), ("3.0 times as fast", "as", "at least 2.0 times")),
        (GOODPUT, 0.1, (0.0, 0.2), ("10 times slower", "than", "at least 5.0 times")),
        (GOODPUT, 1.2, (1.1, inf), ("20 % faster", "than", "at least 10 %")),
    ],
)
def test_a_ratio_is_said_in_words(
    metric: Metric, effect: float, interval: tuple[float, float], said: tuple[str, str, str]
) -> None:
    found = say_ratio(metric, effect, Interval(*interval))
    assert (found.said, found.link, found.interval) == said


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_no_word_is_stronger_than_its_interval(metric: Metric) -> None:
    for effect, reach in product((0.02, 0.5, 0.89, 0.95, 1.0, 1.05, 1.12, 1.6, 40.0), (1.01, 1.2, 2.0, 60.0)):
        interval = Interval(effect / reach, effect * reach)
        said = say_ratio(metric, effect, interval).said
        if interval.low <= 1 <= interval.high:
            assert said in {SAME, NOT_CLEAR}
        if said == SAME:
            assert Interval(0.8, 1.25).contains(interval)
        if said not in {SAME, NOT_CLEAR}:
            assert any(said.endswith(word) for word in DIRECTIONS)


def test_every_unit_has_its_words() -> None:
    assert set(ADJECTIVES) == set(Unit)


def test_a_ratio_that_is_known_from_one_side_says_so() -> None:
    assert say_ratio(BYSTANDER_P99, 300.0, at_least(250), is_floor=True).said == "at least 300 times as long"
    assert say_ratio(BYSTANDER_P99, 0.2, Interval(0.1, 0.3), is_floor=True).said == "at most 5.0 times shorter"


@pytest.mark.parametrize(
    ("metric", "wanted", "said"),
    [
        (GOODPUT, at_most(0.1), "at least 10 times slower"),
        (GOODPUT, at_most(0.3), "at least 3.3 times slower"),
        (GOODPUT, at_least(0.9), "at most 10 % slower"),
        (GOODPUT, at_least(1.0), "not slower"),
        (GOODPUT, at_least(1.5), "at least 1.5 times as fast"),
        (GOODPUT, at_least(0.0), "anything"),
        (MAKESPAN, at_least(5), "at least 5 times as long"),
        (BYSTANDER_P99, at_most(3), "at most 3 times as long"),
        (BYSTANDER_P99, at_most(0.7), "at least 30 % shorter"),
        (CPU_PER_REQUEST, at_least(1.1), "at least 10 % more CPU"),
        (CPU_PER_REQUEST, at_most(1), "not more CPU"),
        (GOODPUT, Interval(0.8, 1.25), "0.8 to 1.25 times"),
        (GOODPUT, Interval(0.05, 0.1), "20 times slower to 10 times slower"),
    ],
)
def test_what_a_claim_expects_is_said_in_the_same_words(metric: Metric, wanted: Interval, said: str) -> None:
    assert expected_ratio(metric, wanted) == said


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_what_every_claim_expects_can_be_said(claim: object) -> None:
    for asked in getattr(claim, "comparisons", ()):
        say = expected_ratio if asked.is_ratio else expected_value
        said = say(asked.metric, asked.expected)
        assert "x" not in said.replace("exactly", "")
        assert ".0 " not in said


def test_a_value_is_said_with_its_unit_and_rounded_no_further_than_is_true() -> None:
    shares = {0.0: "0 %", 0.0001: "under 0.1 %", 0.1: "10 %", 0.995: "99.5 %", 0.9999: "99.9 %", 1.0: "100 %"}
    assert {share: value(BYSTANDER_WITHIN_1S, share) for share in shares} == shares
    assert value(LONGEST_STALL, 8.386) == "8.4 times the wait"
    assert bar_value(LONGEST_STALL, 8.386) == "8.4"
    assert bar_value(GOODPUT, 395.2) == "395 rps"
    assert value_span(LONGEST_STALL, Interval(7.147, 9.84)) == "7.1 to 9.8 times the wait"
    assert value_span(LONGEST_STALL, at_least(0)) == "no interval yet"
    assert expected_value(LONGEST_STALL, Interval(6, 10)) == "6 to 10 times the wait"
    assert expected_value(IN_FLIGHT_PEAK, Interval(40, 40)) == "exactly 40"
    assert expected_value(IN_FLIGHT_PEAK, at_least(41)) == "at least 41"
    assert expected_value(BYSTANDER_WITHIN_1S, at_most(0.1)) == "at most 10 %"

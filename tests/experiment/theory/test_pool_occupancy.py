"""Connections in use: worked by hand for 390 answers a second, S_hold = 50 ms, a pool of 20, a window of 3 s."""

from __future__ import annotations

import random
from dataclasses import replace
from math import exp, log
from typing import TYPE_CHECKING, Any

import pytest

from bench_app.catalogue import CATALOGUE
from bench_app.items import PLAIN
from bench_app.works import Bound
from experiment.design.factors import ServerConfig, server
from experiment.records.trial import TrialMetrics
from experiment.theory.pool_occupancy import ConnectionHold, allowed_in_use, complaint, connection_hold, expected_in_use
from fake_campaigns import SETTINGS

if TYPE_CHECKING:
    from experiment.design.model import Interval

HELD = ConnectionHold(hold_s=0.05, pool_size=20)
BUSY = TrialMetrics(goodput_rps=390.0, window_s=3.0, db_in_use_mean=19.6, db_in_use_peak=20, db_waiting_peak=0)
ONE_AT_A_TIME = replace(BUSY, goodput_rps=19.3, db_in_use_mean=0.967, db_in_use_peak=1)
HALF = replace(BUSY, goodput_rps=200.0, db_in_use_mean=10.1)


def _allowed(metrics: TrialMetrics, held: ConnectionHold = HELD) -> Interval:
    found = allowed_in_use(metrics, held)
    assert found is not None
    return found


def test_goodput_times_the_hold_is_what_must_be_in_use() -> None:
    assert expected_in_use(BUSY, HELD) == pytest.approx(19.5)


def test_the_hold_is_the_wait_of_the_query_under_the_settings_the_app_was_given() -> None:
    assert connection_hold(CATALOGUE["db.def.psycopg2"], SETTINGS) == HELD
    assert connection_hold(CATALOGUE["db.def.psycopg2"], {**SETTINGS, "query_s": 0.2}) == replace(HELD, hold_s=0.2)


def test_a_server_with_another_pool_has_another_bound() -> None:
    small = server(db_pool=6).settings(SETTINGS)
    assert connection_hold(CATALOGUE["db.def.psycopg2"], small) == replace(HELD, pool_size=6)
    assert ServerConfig().settings(SETTINGS) == SETTINGS


@pytest.mark.parametrize(
    "variant",
    [v for v in CATALOGUE.values() if v.work.bound is not Bound.POOLED_WAIT or (v.tool or "").endswith(PLAIN)],
)
def test_nothing_is_known_of_a_variant_whose_query_does_not_wait(variant: Any) -> None:
    assert connection_hold(variant, SETTINGS) is None


@pytest.mark.parametrize("settings", [{}, {**SETTINGS, "query_s": 0}, {**SETTINGS, "db_pool_size": None}])
def test_nothing_is_known_without_a_wait_and_a_pool(settings: dict[str, Any]) -> None:
    assert connection_hold(CATALOGUE["db.def.psycopg2"], settings) is None


@pytest.mark.parametrize("metrics", [BUSY, ONE_AT_A_TIME, HALF])
def test_a_trial_that_agrees_raises_no_complaint(metrics: TrialMetrics) -> None:
    assert complaint(metrics, HELD) is None


@pytest.mark.parametrize(
    "metrics",
    [
        replace(BUSY, goodput_rps=780.0),  # more answers than a pool of 20 can give in queries of 50 ms
        replace(BUSY, db_in_use_mean=0.0, db_in_use_peak=0),  # the answers come from elsewhere
        replace(BUSY, db_in_use_mean=12.0),
        replace(ONE_AT_A_TIME, db_in_use_mean=0.0, db_in_use_peak=0),
        replace(ONE_AT_A_TIME, db_in_use_mean=4.0, db_in_use_peak=4),  # transactions left open
        replace(HALF, db_in_use_mean=19.9),  # held twice as long as the query takes
    ],
)
def test_a_trial_that_contradicts_the_arithmetic_is_told_with_both_numbers(metrics: TrialMetrics) -> None:
    told = complaint(metrics, HELD)
    assert told is not None
    assert f"{metrics.db_in_use_mean:.1f} connections" in told
    assert f"X·S_hold = {expected_in_use(metrics, HELD):.1f}" in told


def test_more_connections_than_the_pool_has_are_somebody_elses() -> None:
    assert complaint(replace(BUSY, db_in_use_peak=21), HELD) == (
        "the database saw 21 connections in use, of a pool of 20"
    )


@pytest.mark.parametrize("unknown", ["goodput_rps", "window_s", "db_in_use_mean", "db_in_use_peak"])
def test_what_was_not_measured_is_no_contradiction(unknown: str) -> None:
    assert complaint(replace(BUSY, **{unknown: None}), HELD) is None


def test_the_lower_bound_is_where_hoeffdings_chance_is_one_in_a_thousand() -> None:
    low = _allowed(BUSY).low / 20
    true = (19.5 - 2 * 20 * 0.05 / 3) / 20  # the edges' two queries a connection off the mean
    chance = exp(-30 * (low * log(low / true) + (1 - low) * log((1 - low) / (1 - true))))
    assert chance == pytest.approx(0.001)


def test_a_longer_window_is_looked_at_more_often_and_allows_less() -> None:
    short, long = _allowed(HALF), _allowed(replace(HALF, window_s=30.0))
    assert short.low < long.low < 10 < long.high < short.high


def test_nobody_asks_for_more_connections_than_there_are() -> None:
    assert _allowed(BUSY).high == 20


def test_a_trial_without_an_answer_and_without_a_query_agrees() -> None:
    assert complaint(replace(BUSY, goodput_rps=0.0, db_in_use_mean=0.0, db_in_use_peak=0), HELD) is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.975])
def test_chance_alone_seldom_makes_a_complaint_even_of_a_pool_that_is_all_busy_or_all_idle(share: float) -> None:
    world, trials, false = random.Random(1), 5000, 0
    for _ in range(trials):
        looks = [20 * (world.random() < share) for _ in range(30)]
        seen = replace(BUSY, goodput_rps=400 * share, db_in_use_mean=sum(looks) / 30, db_in_use_peak=20)
        false += complaint(seen, HELD) is not None
    assert false <= 2 * 0.001 * trials

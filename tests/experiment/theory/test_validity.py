"""Validity: each rule in a trial where it fires, and in one where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from experiment.design.loads import LOADS
from experiment.design.model import Load, LoadKind
from experiment.records.trial import Measurement, TrialMetrics
from experiment.theory.pool_occupancy import ConnectionHold
from experiment.theory.rules import PAUSE_S
from experiment.theory.validity import FAILURE_RULES, RULES, RuleContext, findings

CLOSED, BURST = replace(LOADS["closed-80"], window_s=3.0), LOADS["burst-10"]

GOOD = TrialMetrics(
    window_s=3.0,
    sent=2400,
    answers=2400,
    wrong=0,
    errors=0,
    users_planned=80,
    users_started=80,
    users_failed=0,
    in_flight_mean=79.9,
    goodput_rps=780.0,
    response_mean_us=102_000.0,
    driver_cpu_share=0.2,
    sut_steal_share=0.01,
    sut_runqueue_share=0.4,
    sut_foreign_cores=0.02,
    driver_runqueue_share=0.1,
    driver_foreign_cores=0.5,
    connections_opened=80,
    unsteady_shift=0.02,
    host_foreign_cores=0.5,
    bystander_sent=150,
    bystander_cold_calls=0,
    bystander_shift=0.1,
    bystander_first_half_p50_us=1200.0,
    bystander_second_half_p50_us=1000.0,
    bystander_send_lag_p99_us=900.0,
    send_lag_p99_us=2.0,
    db_in_use_mean=19.8,
    db_in_use_peak=20,
    db_waiting_peak=0,
)
HELD = ConnectionHold(hold_s=0.025, pool_size=40)
OPEN = Load(id="open-800", kind=LoadKind.OPEN, rate_rps=800.0, arrivals="poisson")

FIRES: dict[str, tuple[Load, dict[str, Any]]] = {
    "users-not-started": (CLOSED, {"users_started": 79}),
    "wrong-answers": (CLOSED, {"wrong": 1}),
    "errors": (CLOSED, {"errors": 3}),
    "driver-cpu": (CLOSED, {"driver_cpu_share": 0.9}),
    "host-steal": (CLOSED, {"sut_steal_share": 0.2}),
    "in-flight": (CLOSED, {"in_flight_mean": 60.0}),
    "littles-law": (CLOSED, {"goodput_rps": 390.0}),
    "send-lag": (CLOSED, {"bystander_send_lag_p99_us": 40_000.0}),
    "rate-not-achieved": (OPEN, {"sent": 1500, "dropped": 10}),
    "connections": (CLOSED, {"connections_opened": 160}),
    "not-steady": (CLOSED, {"unsteady_shift": 0.5}),
    "sut-contention": (CLOSED, {"sut_foreign_cores": 0.3}),
    "driver-contention": (CLOSED, {"driver_cpu_share": 0.5, "driver_runqueue_share": 0.4}),
    "clock": (CLOSED, {"window_s": 4.0}),
    "db-in-use": (CLOSED, {"db_in_use_mean": 38.0, "db_in_use_peak": 40}),
    "bystander-cold": (CLOSED, {"bystander_cold_calls": 2}),
    "bystander-not-steady": (CLOSED, {"bystander_shift": 2.5, "bystander_first_half_p50_us": 5000.0}),
    "burst-unanswered": (BURST, {"makespan_s": None}),
}


def _rules(metrics: TrialMetrics, load: Load, held: ConnectionHold | None = HELD) -> set[str]:
    asked = RuleContext(load=load, hold=held)
    return {f.rule for f in findings(Measurement(metrics=metrics, histograms={}), asked)}


def test_every_rule_has_a_trial_that_breaks_it() -> None:
    assert set(FIRES) == set(RULES)


@pytest.mark.parametrize("rule", FIRES)
def test_it_fires(rule: str) -> None:
    load, change = FIRES[rule]
    assert rule in _rules(replace(GOOD, **change), load)


@pytest.mark.parametrize("rule", FIRES)
def test_it_is_silent_on_a_good_trial(rule: str) -> None:
    load, _ = FIRES[rule]
    good = replace(GOOD, makespan_s=20.0) if load is BURST else GOOD
    assert rule not in _rules(good, load)


def test_what_was_not_measured_fires_nothing() -> None:
    assert _rules(TrialMetrics(), CLOSED) == set()


def test_littles_law_waits_for_a_window_of_ten_response_times() -> None:
    blocked = replace(GOOD, goodput_rps=10.0, response_mean_us=1_500_000.0)
    assert "littles-law" not in _rules(blocked, CLOSED)


def test_a_query_that_does_not_wait_tells_nothing_of_connections() -> None:
    kept = replace(GOOD, db_in_use_mean=38.0, db_in_use_peak=40)
    assert "db-in-use" in _rules(kept, CLOSED)
    assert "db-in-use" not in _rules(kept, CLOSED, held=None)


def test_one_error_in_a_thousand_is_let_pass() -> None:
    assert "errors" not in _rules(replace(GOOD, errors=2), CLOSED)


def test_a_finding_says_what_was_seen_and_what_to_do() -> None:
    bad = replace(GOOD, wrong=2, first_failure="wrong-status: 500")
    (finding,) = findings(Measurement(metrics=bad, histograms={}), RuleContext(load=CLOSED))
    assert "2 wrong of 2400" in finding.reason
    assert "wrong-status: 500" in finding.reason
    assert finding.advice


@pytest.mark.parametrize("rule", FAILURE_RULES)
def test_an_unfinished_trial_is_named_by_its_failure_alone(rule: str) -> None:
    broken = Measurement(metrics=TrialMetrics(), histograms={}, failure="it ended", failure_rule=rule)
    assert [f.rule for f in findings(broken, RuleContext(load=CLOSED))] == [rule]


def test_a_suts_own_threads_that_wait_for_each_other_are_no_contention() -> None:
    assert "sut-contention" not in _rules(replace(GOOD, sut_runqueue_share=3.0), CLOSED)


def test_another_process_on_a_core_is_no_contention_while_nothing_waits() -> None:
    beside = replace(GOOD, sut_runqueue_share=0.05, sut_foreign_cores=0.9, host_foreign_cores=1.8)
    assert _rules(replace(beside, driver_runqueue_share=0.3, driver_foreign_cores=0.9), CLOSED) == set()


def test_a_driver_that_waits_for_the_services_of_its_own_core_is_no_contention() -> None:
    busy = replace(GOOD, driver_cpu_share=0.6, driver_runqueue_share=0.6, driver_foreign_cores=0.05)
    assert "driver-contention" not in _rules(busy, CLOSED)


def test_a_user_s_own_time_with_the_driver_is_not_missing_in_flight() -> None:
    """One user on an empty route: a turn of 0.25 ms, of which 0.04 ms are the driver's."""
    one = replace(LOADS["closed-1"], window_s=3.0)
    turns: dict[str, Any] = {"users_planned": 1, "users_started": 1, "connections_opened": 1}
    fast = replace(GOOD, **turns, in_flight_mean=0.84, goodput_rps=4000.0, response_mean_us=210.0)
    slow = replace(GOOD, **turns, in_flight_mean=0.5, goodput_rps=10.0, response_mean_us=50_000.0)

    def fired(metrics: TrialMetrics, pause_s: float) -> set[str]:
        found = findings(Measurement(metrics=metrics, histograms={}), RuleContext(load=one, pause_s=pause_s))
        return {f.rule for f in found} & {"in-flight", "littles-law"}

    assert fired(fast, PAUSE_S) == set()
    assert fired(fast, 0.0) == fired(slow, PAUSE_S) == {"in-flight", "littles-law"}

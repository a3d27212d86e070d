"""One trial's measurement out of what driver, host and SUT were seen to do."""

from __future__ import annotations

from typing import Any

import pytest

from driver_results import COUNTS, DURATIONS, driver_result
from experiment.design.model import Load, LoadKind
from experiment.records.driver_protocol import RequestCounts, SecondCounts
from experiment.records.trial import Measurement, SecondRow, Series
from harness.system.host import ProcessSample
from harness.trial.assemble import TrialObservations, assemble
from harness.trial.probe_log import ProbeLog

CLOSED = Load(id="closed-4", kind=LoadKind.CLOSED, users=4)


def _second(number: int, *, answers: int) -> SecondCounts:
    return SecondCounts(second=number, answers=answers, wrong=1, errors=2, bystander_max_us=30)


RESULT = driver_result(
    wrong=3,
    errors={"reset": 2, "timeout": 1},
    first_failure="reset: by peer",
    connections_opened=6,
    dropped=4,
    per_second=(_second(0, answers=90), _second(1, answers=110)),
)


def measured(load: Load = CLOSED, **changes: Any) -> Measurement:
    seen: dict[str, Any] = {"result": RESULT, "probe": None, "host": None, "sut": None, "sut_ready_s": 0.7}
    return assemble(TrialObservations(load=load, **(seen | changes)))


STALLED = ProbeLog(
    lags=[(100.0 + 0.02 * k, 100_000 if k % 2 else 100) for k in range(50)],  # late for half of a second
    overdue=[],
    samples=[{"t": 99.0, "served_on_loop": 0, "served_off_loop": 0}],
)


def test_a_stall_is_counted_by_answers_and_in_units_of_the_works_own_wait() -> None:
    result = driver_result(window_open_t=100.0, window_close_t=101.0, answers=5)
    metrics = measured(result=result, probe=STALLED, wait_s=0.1).metrics
    assert metrics.loop_late_share == 0.5
    assert metrics.loop_stall_per_answer_waits == pytest.approx(1.0)
    assert metrics.loop_stall_longest_waits == pytest.approx(1.0)


def test_a_work_without_a_wait_has_no_stall_in_units_of_it() -> None:
    metrics = measured(probe=STALLED).metrics
    assert (metrics.loop_stall_per_answer_waits, metrics.loop_stall_longest_waits) == (None, None)


def test_goodput_by_littles_law_is_users_by_mean_response_time() -> None:
    metrics = measured().metrics
    assert metrics.response_mean_us is not None
    assert metrics.goodput_littles_rps == pytest.approx(4e6 / metrics.response_mean_us)
    assert measured(Load(id="open-9", kind=LoadKind.OPEN, rate_rps=9.0)).metrics.goodput_littles_rps is None


def test_what_the_driver_counted_is_kept_as_it_is() -> None:
    metrics = measured().metrics
    assert (metrics.sent, metrics.answers, metrics.wrong, metrics.errors, metrics.dropped) == (210, 200, 3, 3, 4)
    assert (metrics.users_planned, metrics.users_started, metrics.users_failed) == (4, 4, 0)
    assert (metrics.connections_opened, metrics.in_flight_mean, metrics.in_flight_end) == (6, 3.9, 2)
    assert (metrics.window_s, metrics.sut_ready_s, metrics.first_failure) == (2.0, 0.7, "reset: by peer")


def test_rates_and_shares_are_of_their_own_spans() -> None:
    metrics = measured().metrics
    assert metrics.goodput_rps == 100.0
    assert metrics.goodput_cv == pytest.approx(0.1)
    assert metrics.unsteady_shift == 0.0
    assert metrics.driver_cpu_share == 0.2  # of the time over which it was taken, not of the window


def test_response_times_come_from_the_histogram_with_what_was_not_answered() -> None:
    measurement = measured()
    assert (measurement.metrics.response_p50_us, measurement.metrics.response_p99_us) == (100.0, 200.0)
    assert measurement.metrics.response_mean_us == 125.0
    assert measurement.histograms.keys() == {Series.RESPONSE}  # nothing else was recorded
    assert measurement.histograms[Series.RESPONSE].censored == {2048: 2}


def test_a_bystander_has_its_own_numbers() -> None:
    beside = RequestCounts(**(COUNTS | {"sent": 100, "answers": 99, "send_lag": DURATIONS}))
    measurement = measured(result=driver_result(bystander=beside))
    metrics = measurement.metrics
    assert (metrics.bystander_sent, metrics.bystander_answers, metrics.bystander_p50_us) == (100, 99, 100.0)
    assert metrics.bystander_send_lag_p99_us == 200.0
    assert {Series.BYSTANDER, Series.BYSTANDER_SEND_LAG} < measurement.histograms.keys()


def test_seconds_follow_the_window_and_one_without_a_row_had_nothing() -> None:
    seconds = measured(result=driver_result(per_second=(_second(0, answers=90),))).seconds
    assert seconds == (
        SecondRow(second=0, answers=90, wrong=1, errors=2, bystander_max_us=30),
        SecondRow(second=1, answers=0, wrong=0, errors=0, bystander_max_us=None),
    )


def test_a_burst_has_a_makespan_and_no_goodput() -> None:
    burst = Load(id="burst-4", kind=LoadKind.BURST, users=4)
    metrics = measured(burst, result=driver_result(makespan_s=1.5)).metrics
    assert (metrics.makespan_s, metrics.goodput_rps, metrics.users_planned) == (1.5, None, 4)


def test_an_open_load_has_no_planned_users() -> None:
    metrics = measured(Load(id="open-50", kind=LoadKind.OPEN, rate_rps=50.0)).metrics
    assert (metrics.users_planned, metrics.goodput_rps) == (None, 100.0)


def test_the_suts_cpu_is_shared_among_the_answers() -> None:
    sut = (ProcessSample(10.0, 1.0, 50.0, 100, 5), ProcessSample(14.0, 2.0, 60.0, 500, 4))
    metrics = measured(sut=sut).metrics
    assert (metrics.sut_cpu_share, metrics.sut_threads_peak) == (0.25, 5)
    assert metrics.sut_cpu_us_per_request == pytest.approx(2500.0)
    assert metrics.sut_context_switches_per_request == pytest.approx(1.0)

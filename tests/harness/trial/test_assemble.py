"""One trial's measurement out of what driver, host and SUT were seen to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from driver_results import DURATIONS, bystander_counts, driver_result
from experiment.design.model import Load, LoadKind
from experiment.records.driver_protocol import HistogramPairs, SecondCounts
from experiment.records.trial import Measurement, SecondRow, Series
from harness.system.host import HostSample
from harness.system.usage import ProcessSample
from harness.trial.assemble import TrialObservations, assemble, cpu_us_per_request
from harness.trial.contention import Edge, TrialCores
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
    seen: dict[str, Any] = {"result": RESULT, "probe": None, "edges": None, "sut_ready_s": 0.7}
    seen |= {"cores": TrialCores(sut=(1,), others=(0,)), "sut_idle_cpu_share": 0.05}
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


def test_response_times_know_what_was_in_flight_when_the_window_opened() -> None:
    late = HistogramPairs(counts=((100, 50), (200, 50)), censored=((150, 60),), entered=((150, 60),))
    assert measured(result=driver_result(response=late)).metrics.response_p50_us == 100.0
    assert measured(result=driver_result(response=late)).histograms[Series.RESPONSE].entered == {150: 60}
    naive = HistogramPairs(counts=late.counts, censored=late.censored)
    assert measured(result=driver_result(response=naive)).metrics.response_p50_us == 200.0


def test_a_bystander_has_its_own_numbers() -> None:
    measurement = measured(result=driver_result(bystander=bystander_counts(send_lag=DURATIONS)))
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


def edge(t_s: float, *, sut_s: float, waited_s: float = 0.0, busy_s: float = 0.0) -> Edge:
    """The machine at a moment: what the SUT (pid 7) has used of core 1, and what all have."""
    sut = ProcessSample(
        t_s=t_s,
        cpu_s={7: sut_s},
        waited_s={7: waited_s},
        rss_peak_mib=50.0 + t_s,
        context_switches=int(t_s * 100),
        threads=15 - int(t_s),
    )
    host = HostSample(t_s=t_s, busy_s={0: 0.0, 1: busy_s}, steal_s={0: 0.0, 1: t_s / 10}, pressure_s=None)
    return Edge(host=host, sut=sut, yardstick_s={8: 0.0}, others_s={9: 0.0}, driver_waited_s={9: t_s / 4})


def test_the_suts_cpu_is_shared_among_the_answers_without_what_it_costs_when_idle() -> None:
    metrics = measured(edges=(edge(10.0, sut_s=1.0), edge(14.0, sut_s=2.0))).metrics
    assert (metrics.sut_cpu_share, metrics.sut_idle_cpu_share, metrics.sut_threads_peak) == (0.25, 0.05, 5)
    assert metrics.sut_cpu_us_per_request == pytest.approx(2000.0)
    assert metrics.sut_context_switches_per_request == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"answers": 49}, "too few answers"),
        ({"share": 0.029, "idle_share": 0.02}, "under 20 ms of CPU"),
        ({"share": 0.39, "idle_share": 0.2}, "less than the idle SUT's own"),
        ({"idle_share": None}, "the idle SUT is not known"),
    ],
)
def test_too_little_cpu_is_no_figure_and_never_nought(changes: dict[str, Any], why: str) -> None:
    enough: dict[str, Any] = {"share": 0.5, "idle_share": 0.05, "answers": 100, "window_s": 2.0}
    assert cpu_us_per_request(**enough) == pytest.approx(9000.0)
    assert cpu_us_per_request(**(enough | changes)) is None, why


def test_a_clock_of_whole_ticks_needs_more_cpu_for_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    few: dict[str, Any] = {"share": 0.1, "idle_share": 0.01, "answers": 100, "window_s": 2.0}
    monkeypatch.setattr("harness.trial.assemble.cpu_resolution_us", lambda: 0.001)
    assert cpu_us_per_request(**few) is not None
    monkeypatch.setattr("harness.trial.assemble.cpu_resolution_us", lambda: 10_000.0)
    assert cpu_us_per_request(**few) is None


def test_waiting_for_a_core_and_what_others_used_of_it_stand_beside_each_other() -> None:
    edges = edge(10.0, sut_s=0.0), edge(14.0, sut_s=1.0, waited_s=2.0, busy_s=3.0)
    metrics = measured(edges=edges).metrics
    assert (metrics.sut_runqueue_share, metrics.sut_foreign_cores, metrics.driver_foreign_cores) == (0.5, 0.5, 0.0)
    assert (metrics.host_foreign_cores, metrics.driver_runqueue_share) == (0.5, 0.25)
    assert metrics.host_steal_share == pytest.approx(0.05)
    assert metrics.sut_steal_share == pytest.approx(0.1)


def test_on_cores_that_we_share_what_our_own_processes_use_is_never_foreign() -> None:
    shared = TrialCores(sut=(0, 1), others=(0,))
    edges = edge(10.0, sut_s=0.0), replace(edge(14.0, sut_s=2.0, busy_s=3.0), others_s={9: 1.0})
    metrics = measured(edges=edges, cores=shared).metrics
    assert (metrics.sut_foreign_cores, metrics.driver_foreign_cores, metrics.host_foreign_cores) == (0.0, 0.0, 0.0)


def test_a_process_that_ends_in_the_window_does_not_make_the_others_cheaper() -> None:
    edges = edge(10.0, sut_s=1.0), edge(14.0, sut_s=2.0)
    assert edges[0].sut is not None
    ended = replace(edges[0], sut=replace(edges[0].sut, cpu_s={7: 1.0, 77: 5.0}))
    assert measured(edges=(ended, edges[1])).metrics.sut_cpu_share == 0.25


def test_where_waiting_is_not_counted_it_is_missing() -> None:
    before, after = edge(10.0, sut_s=0.0), edge(14.0, sut_s=1.0)
    assert after.sut is not None
    after = replace(after, driver_waited_s={}, sut=replace(after.sut, waited_s={}))
    metrics = measured(edges=(before, after)).metrics
    assert (metrics.sut_runqueue_share, metrics.driver_runqueue_share) == (None, None)

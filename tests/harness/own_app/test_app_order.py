"""The bounds of a campaign over an app follow from what it measures, and a route that keeps failing is given up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiment.design.model import Load, LoadKind, at_least
from experiment.design.own_app import DEFAULT_LOADS, AppRequest, AppTarget, BenchFile
from experiment.records.trial import Measurement, TrialMetrics
from harness.own_app.app_schedule import is_hopeless
from harness.own_app.order import budget_s, loads_for, writes
from harness.own_app.pilot import calmer, costs_of, entry_of, pilot_load
from made_trials import FAST, claim, comparison, trial

OWN = (Load(id="mine", kind=LoadKind.CLOSED, users=3),)


def file_with(loads: tuple[Load, ...]) -> BenchFile:
    app = AppTarget(target="m:app", python="python", directory=Path())
    return BenchFile(app=app, requests=(), loads=loads, claims=(), path=Path("handlerbench.toml"))


@pytest.mark.parametrize(("treatments", "minutes"), [(1, 2), (12, 4), (30, 9), (200, 12)])
def test_the_budget_is_whole_minutes_by_what_is_to_be_measured(treatments: int, minutes: int) -> None:
    assert budget_s(treatments) == 60 * minutes


def test_a_slow_route_has_a_longer_window_unless_the_file_names_its_own_loads() -> None:
    assert loads_for(file_with(DEFAULT_LOADS), 0.01) == DEFAULT_LOADS
    assert [load.id for load in loads_for(file_with(DEFAULT_LOADS), 0.5)] == ["closed-1", "closed-20-long"]
    assert loads_for(file_with(OWN), 0.5) == OWN


def test_what_may_change_the_app_s_data_is_known() -> None:
    asked = [AppRequest(id=method, method=method, path="/") for method in ("GET", "HEAD", "POST", "DELETE")]
    assert [request.id for request in writes(asked)] == ["POST", "DELETE"]


@pytest.mark.parametrize(("service_s", "window_s"), [(0.001, 1.2), (0.2, 2.0), (3.0, 4.0)])
def test_the_pilot_lasts_for_about_ten_answers(service_s: float, window_s: float) -> None:
    assert pilot_load(service_s).window_s == pytest.approx(window_s)


def measured(**metrics: float | str | None) -> Measurement:
    usual = {"window_s": 1.0, "answers": 40, "response_mean_us": 25_000.0, "loop_blocked_ms_per_answer": 21.0}
    return Measurement(metrics=TrialMetrics(**{**usual, **metrics}), histograms={})  # type: ignore[arg-type]


def test_a_pilot_takes_the_service_time_of_one_user_and_the_cpu_of_a_busy_app() -> None:
    cpu = {"sut_cpu_share": 0.5, "sut_idle_cpu_share": 0.1}
    found = entry_of("home", "", measured(loop_blocked_ms_per_answer=0.0, **cpu), measured(answers=80, **cpu))
    assert (found.service_us, found.blocked_ms) == (25_000.0, 0.0)
    assert found.cpu_us == pytest.approx(5000)


def test_of_two_times_with_20_users_the_cheaper_request_counts_and_a_wrong_answer_never() -> None:
    alone = measured(loop_blocked_ms_per_answer=0.0, sut_cpu_share=0.5, sut_idle_cpu_share=0.1)
    dear, cheap = (measured(answers=80, sut_cpu_share=share, sut_idle_cpu_share=0.1) for share in (0.9, 0.5))
    wrong = measured(answers=80, wrong=1, sut_cpu_share=0.2, sut_idle_cpu_share=0.1)
    assert entry_of("home", "", alone, dear, cheap, wrong).cpu_us == pytest.approx(5000)


def test_of_a_route_that_blocks_all_figures_are_of_the_same_moment() -> None:
    cpu = {"sut_cpu_share": 0.5, "sut_idle_cpu_share": 0.1}
    found = entry_of("home", "", measured(**cpu), measured(answers=80, **cpu))
    assert found.cpu_us == pytest.approx(10_000)
    costs = costs_of(found, "async")
    assert costs is not None
    assert costs.blocks


@pytest.mark.parametrize(("second_ms", "is_taken"), [(0.4, True), (9.0, False), (None, False)])
def test_of_two_pilots_of_a_route_that_seemed_to_block_the_calmer_counts(
    second_ms: float | None,
    is_taken: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    first, second = measured(loop_blocked_ms_per_answer=7.4), measured(loop_blocked_ms_per_answer=second_ms)
    assert calmer(first, second) is (second if is_taken else first)


def test_a_second_pilot_that_failed_does_not_count() -> None:
    first = measured(loop_blocked_ms_per_answer=7.4)
    failed = replace(measured(loop_blocked_ms_per_answer=0.0), failure="the app ended")
    assert calmer(first, failed) is first


def test_a_pilot_that_used_too_little_cpu_to_tell_says_none() -> None:
    found = entry_of("home", "", measured(sut_cpu_share=0.11, sut_idle_cpu_share=0.1))
    assert found.cpu_us is None


@pytest.mark.parametrize("metrics", [{"answers": 0, "response_mean_us": None}, {"wrong": 2, "first_failure": "500"}])
def test_a_pilot_without_right_answers_predicts_nothing(metrics: dict[str, float | str | None]) -> None:
    found = entry_of("home", "", measured(**metrics))
    assert found.failure
    assert costs_of(found, "async") is None


def test_a_route_that_keeps_failing_is_given_up_and_one_that_was_disturbed_is_not() -> None:
    asked = claim(comparison(at_least(1.0)))
    failing = [trial(FAST, number, rules=("wrong-answers",)) for number in range(4)]
    assert is_hopeless(asked, failing)
    assert not is_hopeless(asked, failing[:3])
    assert not is_hopeless(asked, [*failing, trial(FAST, 5)])
    assert not is_hopeless(asked, [trial(FAST, number, rules=("host-steal",)) for number in range(9)])

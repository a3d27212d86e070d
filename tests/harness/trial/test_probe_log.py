"""The probe's file, cut to a trial's window."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.trial.probe_log import ProbeLog, Window

if TYPE_CHECKING:
    from pathlib import Path

HEADER = {"probe": 1, "tick_s": 0.02, "sample_s": 0.05, "t0": 100.0, "pid": 1}


def _sample(t: float, first_tick: int, lags_us: list[int], next_due_t: float, **more: Any) -> dict[str, Any]:
    counters = {"tokens_total": 40, "tokens_borrowed": 3, "tokens_waiting": 1, "threads": 5, "stuck_at": None}
    served = {"served_on_loop": 0, "served_off_loop": 0, "in_flight": 0, "in_flight_peak": 0}
    lags = {"t": t, "first_tick": first_tick, "lags_us": lags_us, "next_due_t": next_due_t}
    return {**lags, **counters, **served, **more}


def _log(path: Path, *lines: dict[str, Any], tail: str = "") -> ProbeLog:
    path.write_text("".join(json.dumps(line) + "\n" for line in (HEADER, *lines)) + tail)
    log = ProbeLog.read(path)
    assert log is not None
    return log


def test_ticks_are_counted_by_when_they_were_due(tmp_path: Path) -> None:
    log = _log(tmp_path / "p", _sample(100.05, 0, [10, 20, 30], 100.06))
    assert log.lag_histogram(Window(100.01, 100.03)).counts == {20: 1}


def test_a_frozen_loops_missing_ticks_are_censored_at_their_age(tmp_path: Path) -> None:
    log = _log(tmp_path / "p", _sample(100.05, 0, [10], 100.02), _sample(100.10, 1, [], 100.02))
    histogram = log.lag_histogram(Window(100.0, 101.0))
    assert histogram.answered == 1
    assert sum(histogram.censored.values()) == 4  # due at .02, .04, .06 and .08, looked at last at .10
    assert log.lag_max_us(Window(100.0, 101.0)) == 80_000


def test_the_share_of_late_ticks_is_the_share_of_time_the_loop_stood_still(tmp_path: Path) -> None:
    stalled = [10, 90_000, 70_000, 50_000, 30_000, 10_000, 1_500, 10, 10, 10]  # a stall of 100 ms in a span of 200 ms
    log = _log(tmp_path / "p", _sample(100.25, 0, stalled, 100.2))
    assert log.late_share(Window(100.0, 100.2)) == 0.5
    assert log.late_share(Window(300.0, 301.0)) is None


def test_the_line_that_a_killed_sut_was_writing_is_ignored(tmp_path: Path) -> None:
    log = _log(tmp_path / "p", _sample(100.05, 0, [10], 100.06), tail='{"t": 100.1, "fir')
    assert len(log.samples) == 1


def test_a_sut_that_died_at_once_left_no_log(tmp_path: Path) -> None:
    assert ProbeLog.read(tmp_path / "none") is None
    (tmp_path / "empty").write_text(json.dumps(HEADER) + "\n")
    assert ProbeLog.read(tmp_path / "empty") is None


def test_the_line_most_often_stood_on_is_named(tmp_path: Path) -> None:
    lines = [_sample(100.0 + k, 0, [], 200.0, stuck_at=at) for k, at in enumerate(["a.py:1", "b.py:2", "b.py:2"])]
    log = _log(tmp_path / "p", *lines)
    assert log.stuck_at(Window(100.0, 110.0)) == "b.py:2"
    assert log.stuck_at(Window(105.0, 110.0)) is None


IN_THE_LOOP = [
    "~python3.11/selectors.py:468 in select",
    "~asyncio/selector_events.py:1057 in write",
    "~asyncio/base_events.py:1909 in _run_once",
    "~asyncio/runners.py:118 in run",
]


@pytest.mark.parametrize("place", IN_THE_LOOP)
def test_a_loop_that_is_late_in_its_own_machinery_is_held_up_by_nothing(place: str, tmp_path: Path) -> None:
    stuck = [[0.3, "shop/a.py:4 in f", None], [0.1, "~fastapi/encoders.py:9 in encode", None], [0.6, place, "select"]]
    log = _log(tmp_path / "p", _sample(100.0, 0, [], 200.0, stuck=stuck))
    window = Window(100.0, 110.0)
    assert {at for at, _ in log.held_up_by(window)} == {"shop/a.py:4 in f", "~fastapi/encoders.py:9 in encode"}
    assert log.held_up_share(window) == pytest.approx(0.4)


def test_a_file_of_the_app_that_is_called_like_the_loops_counts(tmp_path: Path) -> None:
    stuck = [[0.3, "asyncio/runners.py:4 in f", None]]
    log = _log(tmp_path / "p", _sample(100.0, 0, [], 200.0, stuck=stuck))
    assert log.held_up_share(Window(100.0, 110.0)) == 1


def test_without_weighed_lines_all_late_time_counts(tmp_path: Path) -> None:
    assert _log(tmp_path / "p", _sample(100.0, 0, [], 200.0)).held_up_share(Window(100.0, 110.0)) == 1


def test_shares_come_from_the_handlers_own_count(tmp_path: Path) -> None:
    log = _log(tmp_path / "p", _sample(100.05, 0, [], 200.0, served_on_loop=30, served_off_loop=10))
    assert log.share_on_loop() == 0.75
    assert _log(tmp_path / "q", _sample(100.05, 0, [], 200.0)).share_on_loop() is None


def test_the_busiest_of_several_workers_is_the_one_that_served_most(tmp_path: Path) -> None:
    for pid, served in ((7, {"served_on_loop": 30}), (8, {"served_on_loop": 5, "served_off_loop": 5})):
        _log(tmp_path / f"p.{pid}", _sample(100.05, 0, [], 200.0, **served))
    several = ProbeLog.read(tmp_path / "p")
    assert several is not None
    assert several.busiest_share() == 0.75
    assert _log(tmp_path / "q", _sample(100.05, 0, [], 200.0, served_on_loop=30)).busiest_share() is None


def test_workers_whose_handlers_count_nothing_have_no_busiest(tmp_path: Path) -> None:
    for pid in (7, 8):
        _log(tmp_path / f"p.{pid}", _sample(100.05, 0, [], 200.0))
    several = ProbeLog.read(tmp_path / "p")
    assert several is not None
    assert several.busiest_share() is None


def test_a_windows_seconds_cover_it_without_overlap() -> None:
    def edges(close_t: float) -> list[tuple[float, float]]:
        return [(p.open_t, p.close_t) for p in Window(10.0, close_t).seconds()]

    assert edges(12.5) == [(10.0, 11.0), (11.0, 12.0), (12.0, 12.5)]
    assert edges(13.01) == [(10.0, 11.0), (11.0, 12.0), (12.0, 13.01)]
    assert edges(10.4) == [(10.0, 10.4)]

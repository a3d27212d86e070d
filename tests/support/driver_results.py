"""A result of the driver's to start from, without a driver."""

from __future__ import annotations

from typing import Any

from experiment.records.driver_protocol import BystanderCounts, HistogramPairs, ResultEvent

NO_DURATIONS = HistogramPairs(counts=(), censored=())
DURATIONS = HistogramPairs(counts=((100, 150), (200, 50)), censored=((2048, 2),))
COUNTS: dict[str, Any] = {
    "sent": 210,
    "answers": 200,
    "wrong": 0,
    "errors": {},
    "errors_warmup": {},
    "first_failure": None,
    "connections_opened": 4,
    "connections_opened_in_window": 0,
    "dropped": 0,
    "response": DURATIONS,
    "send_lag": NO_DURATIONS,
}


def driver_result(**changes: Any) -> ResultEvent:
    """Return the result of a closed load of four users in a window of two seconds, changed as asked."""
    whole: dict[str, Any] = COUNTS | {
        "trial_id": "t0001",
        "window_open_t": 10.0,
        "window_close_t": 12.0,
        "window_s": 2.0,
        "users_started": 4,
        "users_failed": 0,
        "service": NO_DURATIONS,
        "per_second": (),
        "bin_s": 0.05,
        "answers_per_bin": (5,) * 40,
        "in_flight_mean": 3.9,
        "in_flight_end": 2,
        "makespan_s": None,
        "bystander": None,
        "driver_cpu_s": 0.5,
        "driver_wall_s": 2.5,
    }
    return ResultEvent(**(whole | changes))


def bystander_counts(**changes: Any) -> BystanderCounts:
    """Return what became of a hundred bystanders, of which one was not answered, changed as asked."""
    whole: dict[str, Any] = COUNTS | {"sent": 100, "answers": 99, "response_by_tenth": (NO_DURATIONS,) * 10}
    return BystanderCounts(**(whole | changes))

"""One trial from beginning to end: connect, warm up, measure for the window, drain, count, stop."""

from __future__ import annotations

import gc
import math
import time
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
from locust import User, task

from _bystander import Bystander
from _ledger import Ledger
from _load_closed import ClosedLoad
from _load_open import OpenLoad
from _protocol import Burst, Closed, Open, Replay, emit
from _report import Report
from _tally import BIN_S, ArrivalTally, CompletionTally

if TYPE_CHECKING:
    from locust.env import Environment

    from _protocol import TrialOrder
    from _target import Target

Load = ClosedLoad | OpenLoad
_DRAIN_POLL_S = 0.005


class TrialUser(User):
    """The one Locust user class; what a user does is the load's business."""

    load: Load

    @task
    def drive(self) -> None:
        """Be a user of the current load until stopped."""
        self.load.user_task()


def build_load(order: TrialOrder, target: Target, report: Report) -> tuple[Load, Ledger]:
    """Return the load that a trial orders, and the ledger it is written down in."""
    match order.load:
        case Closed(users=users, stagger_s=stagger_s):
            ledger = Ledger(CompletionTally(), report)
            return ClosedLoad(target, ledger, users=users, once=False, stagger_s=stagger_s), ledger
        case Burst(requests=requests):
            ledger = Ledger(CompletionTally(), report)
            return ClosedLoad(target, ledger, users=requests, once=True), ledger
        case Open() | Replay():
            ledger = Ledger(ArrivalTally(), report)
            return OpenLoad(target, ledger, order.load), ledger


class Trial:
    """One trial. `run` it once."""

    def __init__(self, environment: Environment, order: TrialOrder) -> None:
        """Prepare everything that can be refused. Raises CommandError for a request that cannot be written."""
        self._order = order
        self._environment = environment
        self._target = order.request.target(host=order.host, port=order.port, timeout_s=order.request_timeout_s)
        report = Report(environment, method=order.request.method, name=order.request.path)
        self._load, ledger = build_load(order, self._target, report)
        self._tally = ledger.tally
        self._bystander = self._build_bystander()
        self._ledgers = [ledger] if self._bystander is None else [ledger, self._bystander.ledger]
        self._is_burst = isinstance(order.load, Burst)
        self._p99_base: dict[int, int] = {}
        self._cpu_s = self._wall_s = 0.0

    def _build_bystander(self) -> Bystander | None:
        order = self._order.bystander
        if order is None:
            return None
        target = order.request.target(
            host=self._order.host, port=self._order.port, timeout_s=self._order.request_timeout_s
        )
        report = Report(self._environment, method=order.request.method, name=f"bystander {order.request.path}")
        return Bystander(target, report, order)

    def run(self) -> None:
        """Carry the trial out and emit its events, the result last; whatever happens, nothing stays open."""
        try:
            self._prepare()
            self._measure()
            result = self._result()
        finally:
            gc.enable()
            self._stop()
        emit("result", trial_id=self._order.trial_id, **result)

    def _prepare(self) -> None:
        runner = self._environment.runner
        assert runner is not None, "created in trials.py"  # noqa: S101
        TrialUser.load = self._load
        runner.start(self._load.users, spawn_rate=self._load.users)
        self._load.prepare()
        if self._bystander is not None:
            self._bystander.prepare()
        # A collection in the window would stop every user for its duration; a trial makes no cycles worth collecting.
        gc.collect()
        gc.disable()

    def _measure(self) -> None:
        order = self._order
        start_t = perf_counter()
        warmup_s = 0.0 if self._is_burst else order.warmup_s
        for ledger in self._ledgers:
            ledger.tally.begin(open_t=start_t + warmup_s, window_s=order.window_s, drain_s=order.drain_s)
        self._load.start(start_t)
        if self._bystander is not None:
            self._bystander.start(start_t)
        gevent.sleep(0)  # let the users send before anything is written about it
        emit("warm", trial_id=order.trial_id, t=start_t)
        _sleep_until(self._tally.open_t)
        self._window()
        self._drain()
        self._load.finish()
        if self._bystander is not None:
            self._bystander.finish()
        for ledger in self._ledgers:
            ledger.settle()
            ledger.tally.finish()

    def _window(self) -> None:
        trial_id, tally = self._order.trial_id, self._tally
        cpu_s, wall_s = time.process_time(), perf_counter()
        emit("window-open", trial_id=trial_id, t=tally.open_t)
        self._p99_base = tally.response.counts.snapshot()
        for second in range(math.ceil(self._order.window_s)):
            if self._wait_until(min(tally.open_t + second + 1, tally.close_t)):
                break
            if tally.open_t + second + 1 <= tally.close_t:
                self._progress(second)
        self._cpu_s, self._wall_s = time.process_time() - cpu_s, perf_counter() - wall_s
        emit("window-close", trial_id=trial_id, t=tally.close_t)

    def _wait_until(self, t: float) -> bool:
        """Wait for a time of the window; True if the load (a burst) finished before it, which ends the window."""
        if not self._load.finished.wait(timeout=max(t - perf_counter(), 0.0)):
            return False
        closed_t = perf_counter()
        for ledger in self._ledgers:
            ledger.tally.close_early(closed_t)
        if self._bystander is not None:
            self._bystander.end_at(closed_t)
        return True

    def _progress(self, second: int) -> None:
        for ledger in self._ledgers:
            ledger.settle()
        tally = self._tally
        recent = tally.response.counts.since(self._p99_base)
        self._p99_base = tally.response.counts.snapshot()
        emit(
            "progress",
            trial_id=self._order.trial_id,
            second=second,
            rps=tally.seconds[second].answers,
            p99_us=recent.quantile_us(0.99),
            errors=tally.seconds[second].errors + tally.seconds[second].wrong,
        )

    def _drain(self) -> None:
        """Wait for what is in flight, no longer than ordered."""
        loads = [self._load] if self._bystander is None else [self._load, self._bystander]
        while perf_counter() < self._tally.end_t and any(load.in_flight for load in loads):
            gevent.sleep(_DRAIN_POLL_S)

    def _stop(self) -> None:
        runner = self._environment.runner
        if runner is not None:
            runner.stop()
        if self._bystander is not None:
            self._bystander.stop()

    def _result(self) -> dict[str, Any]:
        tally, load = self._tally, self._load
        bystander = self._bystander
        return {
            "window_open_t": tally.open_t,
            "window_close_t": tally.close_t,
            "window_s": tally.window_s,
            "users_started": load.users_started,
            "users_failed": load.users_failed,
            "sent": tally.sent,
            "answers": tally.answers,
            "wrong": tally.wrong,
            "errors": dict(tally.errors),
            "errors_warmup": dict(tally.errors_warmup),
            "first_failure": tally.first_failure,
            "connections_opened": self._target.connections_opened,
            **tally.durations_json(),
            "per_second": self._per_second(),
            "bin_s": BIN_S,
            "answers_per_bin": tally.answers_per_bin,
            "in_flight_mean": tally.in_flight_mean,
            "in_flight_end": tally.in_flight_end,
            "dropped": tally.dropped,
            "makespan_s": self._makespan_s(),
            "bystander": None if bystander is None else bystander.to_json(),
            "driver_cpu_s": self._cpu_s,
            "driver_wall_s": self._wall_s,
        }

    def _per_second(self) -> list[dict[str, int | None]]:
        return [
            {
                "second": number,
                "answers": second.answers,
                "wrong": second.wrong,
                "errors": second.errors,
                "bystander_max_us": None if self._bystander is None else self._bystander.slowest_us(number),
            }
            for number, second in enumerate(self._tally.seconds[: math.ceil(self._tally.window_s)])
        ]

    def _makespan_s(self) -> float | None:
        """Return the time from a burst's start to its last right answer; None if some were not answered right."""
        tally = self._tally
        if not self._is_burst or tally.answers < self._load.users or tally.last_answer_t is None:
            return None
        return tally.last_answer_t - tally.open_t


def _sleep_until(t: float) -> None:
    gevent.sleep(max(t - perf_counter(), 0.0))

"""One trial from beginning to end: connect, warm up, measure for the window, drain, count, stop."""

import gc
import math
import sys
import time
from collections import Counter
from time import perf_counter
from typing import Any, Protocol

import gevent
from gevent.event import Event as Wish
from locust import User, task
from locust.env import Environment
from locust.runners import Runner, WorkerRunner

from _arrival import anchor
from _recorder import quantile_us
from _side import Load, Side, bystander_side, load_side, pairs
from _tally import BIN_S
from experiment.records.driver_protocol import (
    BurstOrder,
    BystanderCounts,
    Event,
    ProgressEvent,
    ResultEvent,
    SecondCounts,
    TrialCommand,
    WarmEvent,
    WindowCloseEvent,
    WindowOpenEvent,
)

_DRAIN_POLL_S = 0.005


class TrialUser(User):
    """The one Locust user class; what a user does is the load's business."""

    load: Load

    @task
    def drive(self) -> None:
        self.load.user_task()


def emit(event: Event) -> None:
    sys.stdout.write(event.model_dump_json() + "\n")
    sys.stdout.flush()


class Telling(Protocol):
    """Who is told how a trial goes."""

    def event(self, event: Event) -> None:
        """Pass on that the load or the window begins or ends."""

    def second(self, number: int, answers: int, errors: int, response: Counter[int]) -> None:
        """Pass on what came in a second of the window; `response` counts by bucket."""


class TellingHarness:
    """Tells the harness, on stdout, of a trial that this process alone carries out."""

    def __init__(self, trial_id: str) -> None:
        self._trial_id = trial_id

    def event(self, event: Event) -> None:
        emit(event)

    def second(self, number: int, answers: int, errors: int, response: Counter[int]) -> None:
        p99_us = quantile_us(response, 0.99)
        emit(ProgressEvent(trial_id=self._trial_id, second=number, rps=answers, p99_us=p99_us, errors=errors))


class Trial:
    """One trial. `run` it once; where somebody else says when: `prepare`, `measure`, `counted`, and `stop` anyway."""

    def __init__(self, environment: Environment, command: TrialCommand, telling: Telling | None = None) -> None:
        """Prepare everything that can be refused. Raises ValueError for a request that cannot be written."""
        self._command = command
        self._telling = telling or TellingHarness(command.trial_id)
        self._environment = environment
        self._main = load_side(environment, command)
        self._bystander = bystander_side(environment, command)
        self._sides: list[Side[Any]] = [self._main, self._bystander] if self._bystander else [self._main]
        self._load, self._tally = self._main.load, self._main.tally
        self._is_burst = isinstance(command.load, BurstOrder)
        self.closing = self._load.finished
        """Ends the window when it is set: a burst's own end, or that of all parts of it."""
        self._p99_base: Counter[int] = Counter()
        self._cpu_s = self._wall_s = 0.0

    def run(self) -> None:
        """Carry the trial out and emit its events, the result last; whatever happens, nothing stays open."""
        try:
            self.prepare()
            self.measure(perf_counter())
            result = self.counted()
        finally:
            self.stop()
        emit(result)

    @property
    def finished(self) -> Wish:
        """Set when a burst has all its answers."""
        return self._load.finished

    def prepare(self) -> None:
        """Connect all users."""
        runner = self._environment.runner
        assert runner is not None, "created in trials.py"  # noqa: S101
        TrialUser.load = self._load
        anchor()
        _start_users(runner, self._load.users)
        for side in self._sides:
            side.load.prepare()
        # A collection in the window would stop every user for its duration; a trial makes no cycles worth collecting.
        gc.collect()
        gc.disable()

    def measure(self, start_t: float) -> None:
        """Begin the load at `start_t` (perf_counter seconds), and return when the drain has ended."""
        command = self._command
        open_t = start_t if self._is_burst else start_t + command.warmup_s
        for side in self._sides:
            side.tally.begin(open_t=open_t, window_s=command.window_s, drain_s=command.drain_s)
        gevent.sleep(max(start_t - perf_counter(), 0.0))
        for side in self._sides:
            side.load.start(start_t, side.tally.close_t)
        gevent.sleep(0)  # let the users send before anything is written about it
        self._telling.event(WarmEvent(trial_id=command.trial_id, t=start_t))
        gevent.sleep(max(open_t - perf_counter(), 0.0))
        self._window()
        self._drain()
        for side in self._sides:
            side.load.finish()
        for side in self._sides:
            side.ledger.settle()
            side.tally.finish()

    def _window(self) -> None:
        trial_id, tally = self._command.trial_id, self._tally
        cpu_s, wall_s = time.process_time(), perf_counter()
        self._telling.event(WindowOpenEvent(trial_id=trial_id, t=tally.open_t))
        self._p99_base = tally.response.counts.snapshot()
        for second in range(math.ceil(self._command.window_s)):
            if self._wait_until(min(tally.open_t + second + 1, tally.close_t)):
                break
            if tally.open_t + second + 1 <= tally.close_t:
                self._progress(second)
        self._cpu_s, self._wall_s = time.process_time() - cpu_s, perf_counter() - wall_s
        self._telling.event(WindowCloseEvent(trial_id=trial_id, t=tally.close_t))

    def _wait_until(self, t: float) -> bool:
        """Wait for a time of the window; True if the load (a burst) finished before it, which ends the window."""
        if not self.closing.wait(timeout=max(t - perf_counter(), 0.0)):
            return False
        closed_t = perf_counter()
        for side in self._sides:
            side.tally.close_early(closed_t)
        if self._bystander:
            self._bystander.load.end_at(closed_t)
        return True

    def _progress(self, second: int) -> None:
        for side in self._sides:
            side.ledger.settle()
        counted = self._tally.seconds[second]
        before, self._p99_base = self._p99_base, self._tally.response.counts.snapshot()
        self._telling.second(second, counted.answers, counted.errors + counted.wrong, self._p99_base - before)

    def _drain(self) -> None:
        """Wait for what is in flight, no longer than ordered."""
        while perf_counter() < self._tally.end_t and any(side.load.in_flight for side in self._sides):
            gevent.sleep(_DRAIN_POLL_S)

    def stop(self) -> None:
        """End all users, and close everything."""
        gc.enable()
        runner = self._environment.runner
        if runner is not None:
            runner.stop()
        if self._bystander:
            self._bystander.load.stop()

    def counted(self) -> ResultEvent:
        """Return all that was counted."""
        tally, load = self._tally, self._load
        return ResultEvent(
            trial_id=self._command.trial_id,
            window_open_t=tally.open_t,
            window_close_t=tally.close_t,
            window_s=tally.window_s,
            users_started=load.users_started,
            users_failed=load.users_failed,
            answers=tally.answers,
            **self._main.counts(),
            service=pairs(tally.service),
            per_second=self._per_second(),
            bin_s=BIN_S,
            answers_per_bin=tuple(tally.answers_per_bin),
            in_flight_mean=tally.in_flight_mean,
            in_flight_ns=tally.in_flight_ns,
            in_flight_end=tally.in_flight_end,
            makespan_s=self._makespan_s(),
            bystander=self._bystander_counts(),
            driver_cpu_s=self._cpu_s,
            driver_wall_s=self._wall_s,
        )

    def _bystander_counts(self) -> BystanderCounts | None:
        """Return the bystander's part; its answers include those that came while draining."""
        if self._bystander is None:
            return None
        answers = self._bystander.tally.response.counts.count
        by_tenth = tuple(pairs(tenth) for tenth in self._bystander.load.tally.tenths)
        return BystanderCounts(answers=answers, response_by_tenth=by_tenth, **self._bystander.counts())

    def _per_second(self) -> tuple[SecondCounts, ...]:
        beside = self._bystander.tally.seconds if self._bystander else None
        return tuple(
            SecondCounts(
                second=number,
                answers=second.answers,
                wrong=second.wrong,
                errors=second.errors,
                bystander_max_us=beside[number].slowest_us if beside else None,
            )
            for number, second in enumerate(self._tally.seconds[: math.ceil(self._tally.window_s)])
        )

    def _makespan_s(self) -> float | None:
        """Return the time from a burst's start to its last right answer; None if some were not answered right."""
        tally = self._tally
        if not self._is_burst or tally.answers < self._load.users or tally.last_answer_t is None:
            return None
        return tally.last_answer_t - tally.open_t


def _start_users(runner: Runner, users: int) -> None:
    """Start users in this process at once; a worker's are otherwise started by its master, some a second."""
    if isinstance(runner, WorkerRunner):
        runner.spawn_users({TrialUser.__name__: users})
    else:
        runner.start(users, spawn_rate=users)

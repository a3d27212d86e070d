"""A worker's part of a trial: prepared when ordered, begun when told, its result said until it is acknowledged."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import Any

import gevent
from gevent.event import Event as Wish
from locust.env import Environment

from _trial import Trial
from experiment.records.driver_protocol import Event, ResultEvent, TrialCommand
from experiment.records.worker_protocol import (
    Abandon,
    AskClock,
    Broke,
    Clock,
    Close,
    Done,
    Finished,
    Go,
    Hello,
    Introduce,
    Part,
    Prepared,
    Second,
    Taken,
    ToWorker,
)

log = logging.getLogger("worker")

SAY_AGAIN_S = 1.0
MOST_TIMES = 10
GO_LIMIT_S = 90.0
"""A master that gives up says so; this is for one that is gone."""


class _TellingMaster:
    """Tells the master of a part; that the window begins and ends it knows itself."""

    def __init__(self, say: Callable[[Any], None], trial_id: str) -> None:
        self._say = say
        self._trial_id = trial_id

    def event(self, event: Event) -> None:
        pass

    def second(self, number: int, answers: int, errors: int, response: Counter[int]) -> None:
        pairs = tuple(sorted(response.items()))
        self._say(Second(trial_id=self._trial_id, second=number, answers=answers, errors=errors, counts=pairs))


class Parts:
    """Obeys a master: one part at a time."""

    def __init__(self, environment: Environment, say: Callable[[Any], None], *, hello: Hello) -> None:
        self._environment = environment
        self._say = say
        self._hello = hello
        self._trial_id = ""
        self._go_t = 0.0
        self._go, self._close, self._taken = Wish(), Wish(), Wish()
        self._running: gevent.Greenlet[..., None] | None = None

    def take(self, message: ToWorker) -> None:
        """Do what a message says; what is about another trial is left."""
        match message:
            case Introduce():
                self._say(self._hello)
            case AskClock(t=asked_t):
                self._say(Clock(asked_t=asked_t, t=perf_counter()))
            case Part(command=command):
                self._begin(command)
            case _ if message.trial_id != self._trial_id:
                return
            case Go(t=t):
                self._go_t = t
                self._go.set()
            case Close():
                self._close.set()
            case Taken():
                self._taken.set()
            case Abandon():
                self._end()

    def _begin(self, command: TrialCommand) -> None:
        self._end()
        self._trial_id = command.trial_id
        self._go, self._close, self._taken = Wish(), Wish(), Wish()
        self._running = gevent.spawn(self._carry_out, command)

    def _end(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running = None

    def _carry_out(self, command: TrialCommand) -> None:
        try:
            done = Done(trial_id=command.trial_id, result=self._driven(command))
        except Exception as reason:
            log.exception("part of trial %s broke", command.trial_id)
            self._say(Broke(trial_id=command.trial_id, message=f"{type(reason).__name__}: {reason}"))
            return
        for _ in range(MOST_TIMES):
            self._say(done)
            if self._taken.wait(SAY_AGAIN_S):
                return

    def _driven(self, command: TrialCommand) -> ResultEvent:
        trial = Trial(self._environment, command, _TellingMaster(self._say, command.trial_id))
        trial.closing = self._close
        watch = gevent.spawn(self._tell_when, trial.finished, command.trial_id)
        try:
            trial.prepare()
            self._say(Prepared(trial_id=command.trial_id))
            if not self._go.wait(GO_LIMIT_S):
                raise RuntimeError("the master did not say when to begin")
            if (late_s := perf_counter() - self._go_t) > 0:
                raise RuntimeError(f"it heard {late_s * 1e3:.0f} ms too late when to begin")
            trial.measure(self._go_t)
            return trial.counted()
        finally:
            watch.kill()
            trial.stop()

    def _tell_when(self, finished: Wish, trial_id: str) -> None:
        finished.wait()
        self._say(Finished(trial_id=trial_id))

"""Requests that come on a schedule and do not wait for the answers of those before them.

Locust's wait_time functions cannot do this: they wait after the task, and constant_pacing forgets the slots it missed.
Here every arrival has an intended start. It is sent at that time, or as soon after it as the driver gets there, and its
response time counts from the intended start; it gets a greenlet of its own and a connection from a pool that grows.
"""

import random
from collections.abc import Iterator
from itertools import accumulate, count
from time import perf_counter
from typing import Literal, Protocol

import gevent
from gevent import get_hub
from greenlet import GreenletExit, getcurrent, greenlet

from _alarm import Alarm
from _client import Connection
from _load_closed import START_LIMIT_S
from _target import Failure, Target

ArrivalProcess = Literal["constant", "poisson"]


class Counts(Protocol):
    """Where arrivals are counted; see _ledger.Ledger."""

    def ended(self, intended: float, sent_t: float, ended_t: float, received: int, failure: Failure | None) -> None:
        """Count a request that ended, and tell Locust."""

    def unanswered(self, intended: float, sent_t: float) -> None:
        """Count a request that is still in flight when nobody waits any longer."""

    def drop(self, intended: float) -> None:
        """Count an arrival that was never sent."""


def every(interval_s: float) -> Iterator[float]:
    """Yield 0, interval, 2 * interval, … in seconds, forever."""
    return (k * interval_s for k in count())


def schedule(process: ArrivalProcess, rate_rps: float, seed: int) -> Iterator[float]:
    """Yield the offsets, in seconds from the start, of arrivals at `rate_rps` a second, forever.

    "poisson" draws independent exponential gaps from `seed`: the same seed gives the same arrivals.
    """
    if process == "constant":
        return every(1 / rate_rps)
    source = random.Random(seed)  # noqa: S311 - a reproducible load, no secret
    return accumulate(source.expovariate(rate_rps) for _ in count())


class Arrivals:
    """Sends one target's request at the times of a schedule."""

    def __init__(
        self, target: Target, counts: Counts, *, offsets: Iterator[float], max_in_flight: int, priority: int = 0
    ) -> None:
        """Take the schedule as offsets in seconds from the start; arrivals over `max_in_flight` are dropped."""
        self._target = target
        self._counts = counts
        self._offsets = offsets
        self._max_in_flight = max_in_flight
        self._priority = priority
        self._idle: list[Connection] = []
        self._flying: dict[greenlet, Connection] = {}
        self._alarm = Alarm(self._launch_due, priority=priority)
        self._start_t = self._due_t = self._until_t = 0.0

    @property
    def in_flight(self) -> int:
        return len(self._flying)

    def prewarm(self, connections: int) -> None:
        """Open some connections now; one that cannot be opened is simply not there."""
        fresh = [Connection(self._target, priority=self._priority) for _ in range(connections)]
        gevent.joinall([gevent.spawn(connection.open) for connection in fresh], timeout=START_LIMIT_S)
        self._idle += [connection for connection in fresh if connection.is_open]

    def start(self, start_t: float, until_t: float) -> None:
        """Begin the schedule at `start_t`; the last arrival comes before `until_t` (perf_counter seconds)."""
        self._start_t = start_t
        self._until_t = until_t
        self._due_t = start_t + next(self._offsets)
        if self._due_t < until_t:
            self._alarm.set(self._due_t)

    def finish(self) -> None:
        """Stop launching, and count what is not answered yet or was never launched."""
        self._alarm.close()
        while self._due_t < self._until_t:
            self._counts.drop(self._due_t)
            self._due_t = self._start_t + next(self._offsets)
        for connection in self._flying.values():
            self._counts.unanswered(connection.since, connection.sent_t)

    def stop(self) -> None:
        self._alarm.close()
        for flying in list(self._flying):
            # gevent.killall() knows its own greenlets only; thrown from the hub, this one ends and comes back there
            get_hub().loop.run_callback(flying.throw, GreenletExit)
        gevent.sleep(0)
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def end_at(self, until_t: float) -> None:
        self._until_t = min(self._until_t, until_t)

    # in the hub

    def _launch_due(self) -> None:
        """Send every arrival whose time has come.

        Runs in the hub, so that each greenlet starts at once and comes back here when it first waits: one that is
        spawned would take its turn after everything else that is ready, and be sent late.
        """
        now = perf_counter()
        while self._due_t <= now and self._due_t < self._until_t:
            due_t = self._due_t
            self._due_t = self._start_t + next(self._offsets)
            if len(self._flying) < self._max_in_flight:
                greenlet(self._fly, get_hub()).switch(due_t)
            else:
                self._counts.drop(due_t)
        if self._due_t < self._until_t:
            self._alarm.set(self._due_t)

    # in a greenlet of its own

    def _fly(self, due_t: float) -> None:
        connection = self._take()
        me = getcurrent()
        self._flying[me] = connection
        try:
            failure = connection.exchange(due_t)
        except BaseException:
            connection.close()
            raise
        finally:
            del self._flying[me]
        if connection.is_open:
            self._idle.append(connection)
        self._counts.ended(due_t, connection.sent_t, connection.ended_t, connection.received, failure)

    def _take(self) -> Connection:
        """Return an idle connection that still stands, or a new one.

        One that the server closed meanwhile is left: nothing was sent on it, so this repeats no request.
        """
        while self._idle:
            connection = self._idle.pop()
            if not connection.went_away():
                return connection
            connection.close()
        return Connection(self._target, priority=self._priority)

"""Loads whose requests come on a schedule: the open load, and the bystander that runs beside every load."""

from collections.abc import Iterator
from itertools import chain, islice, repeat
from math import ceil, inf
from time import perf_counter

import gevent
from gevent.event import Event

from _arrivals import Arrivals, every, schedule
from _client import Connection
from _ledger import Ledger
from _load_closed import START_LIMIT_S
from _tally_bystander import BystanderTally
from _target import Failure, FailureKind, Target
from experiment.records.driver_protocol import BystanderOrder, OpenOrder, ReplayOrder

# One would do while the server answers within the interval; the others are there when it first does not.
_PREWARMED_CONNECTIONS = 4
# More than eight at once gained nothing when it was tried, and a short accept queue must not overflow.
_WARMED_AT_ONCE = 8
# A server that is idle needs a fraction of it for the most connections that there may be.
_WARM_LIMIT_S = 2.0
_UNANSWERED = Failure(kind=FailureKind.TIMEOUT, detail="not answered in time before the load began")
# Served before the load's own sockets: a bystander's lateness must be the server's, not the driver's.
_BYSTANDER_PRIORITY = 2


class OpenLoad(Arrivals):
    """Arrivals with one Locust user who owns them; offers Trial what ClosedLoad does."""

    users = 1

    def __init__(self, target: Target, ledger: Ledger, order: OpenOrder | ReplayOrder) -> None:
        super().__init__(target, ledger, offsets=_offsets(order), max_in_flight=order.max_in_flight)
        self.users_failed = self.users_started = 0
        self.finished = Event()
        self._ready = Event()

    def prepare(self) -> None:
        """Wait until the first connections stand. Raises RuntimeError if Locust does not start the user."""
        if not self._ready.wait(START_LIMIT_S):
            raise RuntimeError("the user who keeps the schedule did not start")

    def user_task(self) -> None:
        """Be the user who owns the arrivals: they end when this one does."""
        self.users_started += 1
        try:
            self.prewarm(_PREWARMED_CONNECTIONS)
            self._ready.set()
            Event().wait()
        finally:
            self.stop()


class Bystander(Arrivals):
    """An innocent request at a fixed interval, which shows what the load does to others."""

    def __init__(
        self, target: Target, ledger: Ledger, tally: BystanderTally, order: BystanderOrder, *, seconds: float
    ) -> None:
        """Take what `ledger` writes into as `tally`; warm-up and window together last `seconds`."""
        offsets = every(order.interval_s)
        super().__init__(
            target, ledger, offsets=offsets, max_in_flight=order.max_in_flight, priority=_BYSTANDER_PRIORITY
        )
        self.tally = tally
        self._most_at_once = min(order.max_in_flight, ceil(seconds / order.interval_s) + 1)

    def prepare(self) -> None:
        """Open as many connections as can be needed at once, and use each once, while the server is idle.

        A busy loop accepts new connections one a pass, and a blocked one none: a call that had to open one would show
        how long the accept queue is, not what the load does to clients who are there. What fails is counted as a
        failure of the warm-up; the call that misses the connection opens another.
        """
        fresh = iter([Connection(self._target, priority=self._priority) for _ in range(self._most_at_once)])
        crew = [gevent.spawn(self._use_once, fresh) for _ in range(_WARMED_AT_ONCE)]
        try:
            gevent.joinall(crew, timeout=_WARM_LIMIT_S)
        finally:
            gevent.killall(crew)

    def _use_once(self, fresh: Iterator[Connection]) -> None:
        for connection in fresh:
            failure: Failure | None = _UNANSWERED
            try:
                failure = connection.exchange(perf_counter())
            finally:
                if failure is not None:
                    connection.close()
                    self.tally.done(perf_counter(), 0.0, perf_counter(), failure)
                elif connection.is_open:
                    self._idle.append(connection)


def _offsets(order: OpenOrder | ReplayOrder) -> Iterator[float]:
    """Return the schedule, which never ends: after the last recorded arrival the next one never comes."""
    if isinstance(order, ReplayOrder):
        return chain(order.offsets_s, repeat(inf))
    return islice(schedule(order.arrivals, order.rate_rps, order.seed), order.first, None, order.every)

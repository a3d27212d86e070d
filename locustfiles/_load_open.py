"""Loads whose requests come on a schedule: the open load, and the bystander that runs beside every load."""

from collections.abc import Iterator
from itertools import chain, repeat
from math import inf

from gevent.event import Event

from _arrivals import Arrivals, every, schedule
from _ledger import Ledger
from _load_closed import START_LIMIT_S
from _target import Target
from experiment.records.driver_protocol import BystanderOrder, OpenOrder, ReplayOrder

# For the bystander one would do while the server answers within the interval; the others are there when it first does
# not, since a frozen server accepts nobody new.
_PREWARMED_CONNECTIONS = 4
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

    def __init__(self, target: Target, ledger: Ledger, order: BystanderOrder) -> None:
        offsets = every(order.interval_s)
        super().__init__(
            target, ledger, offsets=offsets, max_in_flight=order.max_in_flight, priority=_BYSTANDER_PRIORITY
        )

    def prepare(self) -> None:
        """Connect, while the server still accepts."""
        self.prewarm(_PREWARMED_CONNECTIONS)


def _offsets(order: OpenOrder | ReplayOrder) -> Iterator[float]:
    """Return the schedule, which never ends: after the last recorded arrival the next one never comes."""
    if isinstance(order, ReplayOrder):
        return chain(order.offsets_s, repeat(inf))
    return schedule(order.arrivals, order.rate_rps, order.seed)

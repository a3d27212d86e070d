"""Open load: one Locust user who keeps the schedule; the arrivals have greenlets and connections of their own."""

from __future__ import annotations

from itertools import chain, repeat
from math import inf
from typing import TYPE_CHECKING

from gevent.event import Event

from _arrivals import Arrivals, schedule
from _load_closed import START_LIMIT_S
from _protocol import Replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _ledger import Ledger
    from _protocol import Open
    from _target import Target

PREWARMED_CONNECTIONS = 4


class OpenLoad:
    """Arrivals on a schedule, with the same interface as ClosedLoad."""

    users = 1

    def __init__(self, target: Target, ledger: Ledger, order: Open | Replay) -> None:
        """Take the schedule and the cap from the order."""
        self.users_failed = 0
        self.users_started = 0
        self.finished = Event()
        self._tally = ledger.tally
        self._ready = Event()
        self._arrivals = Arrivals(
            target,
            ledger,
            offsets=_offsets(order),
            max_in_flight=order.max_in_flight,
        )

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return self._arrivals.in_flight

    def prepare(self) -> None:
        """Wait until the first connections stand. Raises RuntimeError if Locust does not start the user."""
        if not self._ready.wait(START_LIMIT_S):
            raise RuntimeError("the user who keeps the schedule did not start")

    def start(self, start_t: float) -> None:
        """Begin the schedule, which ends with the window."""
        self._arrivals.start(start_t, self._tally.close_t)

    def end_at(self, until_t: float) -> None:
        """End the schedule before its time."""
        self._arrivals.end_at(until_t)

    def finish(self) -> None:
        """Count what is still in flight or was never launched."""
        self._arrivals.finish()

    def user_task(self) -> None:
        """Be the user who owns the arrivals: they end when this one does."""
        self.users_started += 1
        try:
            self._arrivals.prewarm(PREWARMED_CONNECTIONS)
            self._ready.set()
            Event().wait()
        finally:
            self._arrivals.stop()


def _offsets(order: Open | Replay) -> Iterator[float]:
    """Return the schedule, which never ends: after the last recorded arrival the next one never comes."""
    if isinstance(order, Replay):
        return chain(order.offsets_s, repeat(inf))
    return schedule(order.arrivals, order.rate_rps, order.seed)

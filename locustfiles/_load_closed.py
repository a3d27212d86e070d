"""Closed load and burst: Locust users with a connection each, all connected before the load begins."""

from time import perf_counter

import gevent
from gevent.event import Event

from _client import Connection
from _ledger import Ledger
from _target import CONNECT_KINDS, Failure, Target

# A server that refuses connections is asked again this often by each user: a tight loop would starve everybody else.
PAUSE_AFTER_REFUSAL_S = 0.05
# Far more than Locust and a connect timeout can take: reached only if Locust could not start the users at all.
START_LIMIT_S = 60.0


class ClosedLoad:
    """A fixed number of users; each sends again when answered, or sends once (a burst)."""

    def __init__(
        self, target: Target, ledger: Ledger, *, users: int, once: bool, stagger_s: float = 0.0, first_s: float = 0.0
    ) -> None:
        """Prepare for `users` calls of `user_task`; the first requests are spread evenly over `stagger_s`.

        Users that all start at once stay in step, so that a handler that waits 100 ms is answered in volleys of 80, and
        a window holds one volley more or less by chance: several percent of a goodput that varies by a few per mille.
        """
        self.users = users
        self.users_failed = 0
        self.finished = Event()
        self._target = target
        self._ledger = ledger
        self._tally = ledger.tally
        self._once = once
        self._stagger_s = stagger_s
        self._first_s = first_s
        self._connections: list[Connection] = []
        self._waiting = 0
        self._done = 0
        self._everybody_waits = Event()
        self._go = Event()
        self._start_t = 0.0

    @property
    def users_started(self) -> int:
        """How many users exist, connected or not."""
        return len(self._connections)

    @property
    def in_flight(self) -> int:
        return sum(connection.since > 0 for connection in self._connections)

    def prepare(self) -> None:
        """Wait until every user has connected or failed to. Raises RuntimeError if Locust does not start them."""
        if not self._everybody_waits.wait(START_LIMIT_S):
            raise RuntimeError(f"only {self._waiting} of {self.users} users started")

    def start(self, start_t: float, _until_t: float) -> None:
        """Let all users go; a burst's intended start is `start_t` for each. They end with the tally's window."""
        self._start_t = start_t
        self._go.set()

    def finish(self) -> None:
        for connection in self._connections:
            if connection.since > 0:
                self._ledger.unanswered(connection.since, connection.sent_t)

    def user_task(self) -> None:
        """Be one user, in the user's own greenlet, until Locust stops it.

        A user who is through waits to be stopped: Locust complains of users who end while it is stopping them.
        """
        connection = Connection(self._target)
        number = len(self._connections)
        self._connections.append(connection)
        try:
            self._connect(connection)
            self._go.wait()
            if self._once:
                self._ask(connection, self._start_t)
                self._count_done()
            else:
                gevent.sleep(self._first_s + self._stagger_s * number / self.users)
                self._keep_asking(connection)
            Event().wait()
        finally:
            connection.close()

    def _connect(self, connection: Connection) -> None:
        failure = connection.open()
        if failure is not None:
            self.users_failed += 1
            now = perf_counter()
            self._tally.done(now, 0.0, now, failure)
        self._waiting += 1
        if self._waiting == self.users:
            self._everybody_waits.set()

    def _keep_asking(self, connection: Connection) -> None:
        tally = self._tally
        started = perf_counter()
        while started < tally.close_t:
            failure = self._ask(connection, started)
            if failure is not None and failure.kind in CONNECT_KINDS:
                gevent.sleep(PAUSE_AFTER_REFUSAL_S)
            started = perf_counter()

    def _ask(self, connection: Connection, started: float) -> Failure | None:
        failure = connection.exchange(started)
        self._ledger.ended(started, connection.sent_t, connection.ended_t, connection.received, failure)
        return failure

    def _count_done(self) -> None:
        self._done += 1
        if self._done == self.users:
            self.finished.set()

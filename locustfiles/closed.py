"""A closed load by hand: N users, each sends again as soon as it is answered.

    locust -f locustfiles/closed.py
    locust -f locustfiles/closed.py --host http://127.0.0.1:8000 --path /sleep/def --headless -u 80 -r 80 -t 10s

The first opens Locust's web page on http://localhost:8089; without options it asks for /sleep/def of `bench serve`,
which listens on port 8000. For figures to compare use `make bench`: Locust's own percentiles are whole milliseconds,
count the ramp-up, and forget what was never answered.
"""

from time import perf_counter

import gevent
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.user.task import LOCUST_STATE_RUNNING

from _client import Connection
from _load_closed import PAUSE_AFTER_REFUSAL_S
from _report import Report
from _standalone import HOST, add_request_options, target_of
from _target import CONNECT_KINDS


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # Locust leaves its hooks untyped
def _add_options(parser: LocustArgumentParser) -> None:
    add_request_options(parser)


class ClosedUser(User):
    """Asks, waits for the answer, asks again: no think time, which would cap the load at N / think time."""

    host = HOST  # what Locust's web page offers

    def on_start(self) -> None:
        options = self.environment.parsed_options
        self._connection = Connection(target_of(self.environment))
        self._report = Report(self.environment, method=options.method, name=options.path)

    def on_stop(self) -> None:
        self._connection.close()

    @task
    def keep_asking(self) -> None:
        """Loop here: going through Locust's task loop for each request would cost more than the request."""
        while self._state == LOCUST_STATE_RUNNING:
            started = perf_counter()
            failure = self._connection.exchange(started)
            self._report(started, self._connection.ended_t, self._connection.received, failure)
            if failure is not None and failure.kind in CONNECT_KINDS:
                gevent.sleep(PAUSE_AFTER_REFUSAL_S)

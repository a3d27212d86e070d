"""An open load by hand: requests come at a rate, whether or not those before them are answered.

    locust -f locustfiles/open.py --host http://127.0.0.1:8000 --path /sleep/def --rate 200 --headless -t 10s

One Locust user keeps the whole schedule, so `-u` is left at 1. The request's own row is its response time, from its
intended start; the rows of type "service" (from the send) and "send lag" (how late the driver was) are not part of the
totals. An arrival over `--max-in-flight` is dropped and listed as a failure.
"""

import math
from time import perf_counter
from typing import Any

import gevent
from gevent.event import Event
from locust import User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.user.task import LOCUST_STATE_RUNNING

from _arrivals import Arrivals, schedule
from _report import Report
from _standalone import HOST, add_request_options, target_of
from _target import Failure

_LOOK_AGAIN_S = 0.1


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # Locust leaves its hooks untyped
def _add_options(parser: LocustArgumentParser) -> None:
    add_request_options(parser)
    group: Any = parser.add_argument_group("arrivals")
    group.add_argument("--rate", type=float, default=50.0, help="arrivals a second")
    group.add_argument("--arrivals", default="constant", choices=["constant", "poisson"], help="how they are spaced")
    group.add_argument("--seed", type=int, default=1, help="of poisson arrivals: the same seed, the same times")
    group.add_argument("--max-in-flight", type=int, default=1000, help="drop arrivals while so many are unanswered")
    group.add_argument("--drain", type=float, default=0.0, help="seconds to wait for answers when stopped")


class LocustCounts:
    """Puts what is known of an arrival into Locust's statistics: its response time, and rows for what is beside it."""

    def __init__(self, environment: Environment, *, method: str, name: str) -> None:
        self._environment = environment
        self._name = name
        self._report = Report(environment, method=method, name=name)

    def ended(self, intended: float, sent_t: float, ended_t: float, received: int, failure: Failure | None) -> None:
        """Keep response time, service time and send lag of an answered request, or its failure."""
        self._report(intended, ended_t, received, failure)
        if failure is None:
            entries: Any = self._environment.stats.entries
            entries[self._name, "service"].log((ended_t - sent_t) * 1e3, 0)
            entries[self._name, "send lag"].log((sent_t - intended) * 1e3, 0)

    def unanswered(self, intended: float, sent_t: float) -> None:
        """Leave it to Locust, which does not count what it did not see end."""

    def drop(self, intended: float) -> None:  # noqa: ARG002 - the protocol's signature
        fire: Any = self._environment.events.request.fire
        fire(
            request_type="dropped",
            name=self._name,
            response_time=None,
            response_length=0,
            context={},
            exception="over --max-in-flight",
        )


class OpenUser(User):
    """Keeps the schedule; each arrival has a greenlet of its own."""

    fixed_count = 1
    host = HOST  # what Locust's web page offers

    def on_start(self) -> None:
        options: Any = self.environment.parsed_options
        self._drain_s = options.drain
        self._arrivals = Arrivals(
            target_of(self.environment),
            LocustCounts(self.environment, method=options.method, name=options.path),
            offsets=schedule(options.arrivals, options.rate, options.seed),
            max_in_flight=options.max_in_flight,
        )

    def on_stop(self) -> None:
        """Launch no more, wait for what is in flight as long as asked to, close everything."""
        self._arrivals.end_at(0.0)
        until_t = perf_counter() + self._drain_s
        while self._arrivals.in_flight and perf_counter() < until_t:
            gevent.sleep(_LOOK_AGAIN_S)
        self._arrivals.stop()

    @task
    def keep_the_schedule(self) -> None:
        self._arrivals.start(perf_counter(), math.inf)
        while self._state == LOCUST_STATE_RUNNING:
            Event().wait(_LOOK_AGAIN_S)

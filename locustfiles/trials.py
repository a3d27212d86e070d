"""Carry out trials as told on stdin: one long-lived Locust process for a whole campaign.

    python locustfiles/trials.py

Commands come as JSON lines on stdin, events go as JSON lines to stdout, logs to stderr; README.md of this folder
describes both. Starting Locust takes longer than many a trial, so it is started once. Ends, with every socket closed,
on {"do":"quit"}, at the end of stdin, on SIGTERM and on SIGINT; a malformed command is answered with an "error" event
and changes nothing.
"""

from __future__ import annotations

import gc
import logging
import os
import platform
import resource
import signal
import sys

import gevent
import locust
from gevent import get_hub
from gevent.event import Event
from gevent.queue import Queue
from locust.env import Environment
from locust.stats import RequestStats

from _protocol import CommandError, TrialOrder, emit, parse_line
from _trial import Trial, TrialUser

log = logging.getLogger("trials")
_MOST_DESCRIPTORS = 65536
# Whoever ends this process waits for it: a trial that cannot be ended is left to the operating system.
_LEAVE_LIMIT_S = 3.0
_READ = 1


class Reader:
    """Turns stdin into orders, without ever blocking the event loop."""

    def __init__(self, orders: Queue[TrialOrder], leave: Event) -> None:
        """Put trials into `orders`, and set `leave` when told to quit or when stdin ends."""
        self._orders = orders
        self._leave = leave

    def run(self) -> None:
        """Read until there is no more."""
        hub = get_hub()
        # Waits for readiness and then reads what is there. O_NONBLOCK would do too, but on a terminal it would also
        # apply to stdout, which is the same open file there.
        readable = hub.loop.io(sys.stdin.fileno(), _READ)
        rest = b""
        while not self._leave.is_set():
            hub.wait(readable)
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                self._leave.set()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._obey(line.decode("utf-8", "replace"))

    def _obey(self, line: str) -> None:
        if not line.strip():
            return
        try:
            order = parse_line(line)
        except CommandError as reason:
            emit("error", trial_id=reason.trial_id, message=str(reason))
            return
        if order is None:
            self._leave.set()
        else:
            self._orders.put(order)


def carry_out(environment: Environment, orders: Queue[TrialOrder]) -> None:
    """Run one trial after the other; one that breaks is answered with an error and does not end the process."""
    while True:
        order = orders.get()
        try:
            Trial(environment, order).run()
        except Exception as reason:
            log.exception("trial %s broke", order.trial_id)
            emit("error", trial_id=order.trial_id, message=f"{type(reason).__name__}: {reason}")


def create_environment() -> Environment:
    """Return a Locust environment with a local runner and no web page."""
    environment = Environment(user_classes=[TrialUser], events=locust.events)
    # the cache of percentiles over the last seconds is for the web page only
    environment.stats = RequestStats(use_response_times_cache=False)
    environment.create_local_runner()
    # says of every trial that its users start fast, which is intended
    logging.getLogger("locust.runners").setLevel(logging.ERROR)
    return environment


def allow_many_descriptors() -> None:
    """Raise the soft limit of open files as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def end(worker: gevent.Greenlet[..., None], environment: Environment) -> None:
    """End the trial that runs, if any, and Locust."""
    worker.kill()
    if environment.runner is not None:
        environment.runner.quit()


def main() -> None:
    """Start Locust, say "ready", obey until told to leave."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    allow_many_descriptors()
    environment = create_environment()
    leave = Event()
    orders: Queue[TrialOrder] = Queue()
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, leave.set)
    # what was imported stays: the collector need not look at it again in every trial
    gc.collect()
    gc.freeze()
    worker = gevent.spawn(carry_out, environment, orders)
    gevent.spawn(Reader(orders, leave).run)
    emit("ready", locust=locust.__version__, python=platform.python_version(), pid=os.getpid())
    leave.wait()
    gevent.spawn(end, worker, environment).join(timeout=_LEAVE_LIMIT_S)


if __name__ == "__main__":
    main()
    # Everything is closed. What Python and gevent would still tidy up can wait for a greenlet that never ends.
    os._exit(0)

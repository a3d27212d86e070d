"""Carry out trials as commanded on stdin: one long-lived Locust process for a whole campaign.

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
from pathlib import Path

import gevent
import locust
from gevent import get_hub
from gevent.event import Event
from gevent.queue import Queue
from locust.env import Environment
from locust.stats import RequestStats

# The words of this very checkout, whatever else is installed; before other folders, after this one.
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from collections.abc import Iterator

from _trial import Trial, TrialUser, emit
from experiment.records.driver_protocol import (
    ErrorEvent,
    ProtocolError,
    QuitCommand,
    ReadyEvent,
    TrialCommand,
    read_command,
)

Commands = Queue[TrialCommand]

log = logging.getLogger("trials")
_MOST_DESCRIPTORS = 65536
# Whoever ends this process waits for it: a trial that cannot be ended is left to the operating system.
_LEAVE_LIMIT_S = 3.0
_READ = 1


def stdin_lines() -> Iterator[bytes]:
    """Yield stdin's lines until it ends, without ever blocking the event loop."""
    hub = get_hub()
    # Waits for readiness and then reads what is there. O_NONBLOCK would do too, but on a terminal it would also apply
    # to stdout, which is the same open file there.
    readable = hub.loop.io(sys.stdin.fileno(), _READ)
    rest = b""
    while True:
        hub.wait(readable)
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


def take_commands(commands: Commands, leave: Event) -> None:
    """Put the trials commanded on stdin into the queue; set `leave` at "quit" and at the end of stdin."""
    for line in filter(bytes.strip, stdin_lines()):
        try:
            command = read_command(line)
        except ProtocolError as reason:
            emit(ErrorEvent(trial_id=reason.trial_id, message=str(reason)))
            continue
        if isinstance(command, QuitCommand):
            break
        commands.put(command)
    leave.set()


def carry_out(environment: Environment, commands: Commands) -> None:
    """Run one trial after the other; one that breaks is answered with an error and does not end the process."""
    for command in commands:
        try:
            Trial(environment, command).run()
        except Exception as reason:
            log.exception("trial %s broke", command.trial_id)
            emit(ErrorEvent(trial_id=command.trial_id, message=f"{type(reason).__name__}: {reason}"))


def create_environment() -> Environment:
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
    commands: Commands = Queue()
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, leave.set)
    # what was imported stays: the collector need not look at it again in every trial
    gc.collect()
    gc.freeze()
    worker = gevent.spawn(carry_out, environment, commands)
    gevent.spawn(take_commands, commands, leave)
    emit(ReadyEvent(locust=locust.__version__, python=platform.python_version(), pid=os.getpid()))
    leave.wait()
    gevent.spawn(end, worker, environment).join(timeout=_LEAVE_LIMIT_S)


if __name__ == "__main__":
    main()
    # Everything is closed. What Python and gevent would still tidy up can wait for a greenlet that never ends.
    os._exit(0)

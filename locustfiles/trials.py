"""Carry out trials as commanded on stdin: one long-lived Locust process for a whole campaign.

    python locustfiles/trials.py

    python locustfiles/trials.py --workers 2 [--bind 127.0.0.1:5557] [--cores 0,1]

    python locustfiles/trials.py --expect 2 --bind 10.0.0.5:5557 --sut-host 10.0.0.5

Commands come as JSON lines on stdin, events go as JSON lines to stdout, logs to stderr; README.md of this folder
describes both. With workers this process is Locust's master and drives nothing itself: worker.py does, started from
here on this machine, or by others elsewhere. Only loopback addresses are loaded, or the one given at the start.
Starting Locust takes longer than many a trial, so it is started once. Ends, with every socket closed, on {"do":"quit"},
at the end of stdin, on SIGTERM and on SIGINT; a malformed command is answered with an "error" event and changes
nothing.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import platform
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import gevent
import locust
from gevent.event import Event
from gevent.queue import Queue
from locust.env import Environment
from locust.stats import RequestStats

# The words of this very checkout, whatever else is installed; before other folders, after this one.
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from collections.abc import Callable

from _crew import COME_LIMIT_S, WorkerError
from _machine import machine
from _process import allow_many_descriptors, end, stdin_lines
from _trial import Trial, TrialUser, emit
from _workers import crew
from experiment.records.driver_protocol import (
    ErrorEvent,
    ProtocolError,
    QuitCommand,
    ReadyEvent,
    TrialCommand,
    WorkerFacts,
    read_command,
)

Commands = Queue[TrialCommand]

log = logging.getLogger("trials")
# Whoever ends this process waits for it: a trial that cannot be ended is left to the operating system.
_LEAVE_LIMIT_S = 3.0


def take_commands(commands: Commands, leave: Event, hosts: tuple[str, ...]) -> None:
    """Put the trials commanded on stdin into the queue; set `leave` at "quit" and at the end of stdin."""
    for line in filter(bytes.strip, stdin_lines()):
        try:
            command = read_command(line, hosts=hosts)
        except ProtocolError as reason:
            emit(ErrorEvent(trial_id=reason.trial_id, message=str(reason)))
            continue
        if isinstance(command, QuitCommand):
            break
        commands.put(command)
    leave.set()


def carry_out(run: Callable[[TrialCommand], None], commands: Commands) -> None:
    """Run one trial after the other; one that breaks is answered with an error and does not end the process."""
    for command in commands:
        try:
            run(command)
        except Exception as reason:
            if not isinstance(reason, WorkerError):
                log.exception("trial %s broke", command.trial_id)
            said = str(reason) if isinstance(reason, WorkerError) else f"{type(reason).__name__}: {reason}"
            emit(ErrorEvent(trial_id=command.trial_id, message=said))


def create_environment() -> Environment:
    """Return an environment in which this process drives by itself."""
    environment = Environment(user_classes=[TrialUser], events=locust.events)
    # the cache of percentiles over the last seconds is for the web page only
    environment.stats = RequestStats(use_response_times_cache=False)
    environment.create_local_runner()
    # says of every trial that its users start fast, which is intended
    logging.getLogger("locust.runners").setLevel(logging.ERROR)
    return environment


def alone() -> tuple[Environment, Callable[[TrialCommand], None], tuple[WorkerFacts, ...]]:
    """Return what carries trials out in this process."""
    environment = create_environment()
    return environment, lambda command: Trial(environment, command).run(), ()


def end_all(worker: gevent.Greenlet[..., None], environment: Environment) -> None:
    """End the trial that runs, if any, and Locust."""
    worker.kill()
    end(environment)


def ready(workers: tuple[WorkerFacts, ...]) -> ReadyEvent:
    python = platform.python_version()
    return ReadyEvent(locust=locust.__version__, python=python, pid=os.getpid(), workers=workers, machine=machine())


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="worker processes; 0: this one drives")
    parser.add_argument("--expect", type=int, default=0, metavar="N", help="wait for workers that others start")
    parser.add_argument("--come-limit", type=float, default=COME_LIMIT_S, metavar="S", help="how long, at the start")
    parser.add_argument("--bind", default="127.0.0.1:0", metavar="HOST:PORT", help="where workers find this master")
    parser.add_argument("--sut-host", metavar="ADDRESS", help="the address that may be loaded (default: loopback)")
    parser.add_argument("--cores", default="", metavar="N,N", help="cores for the workers, one after the other")
    return parser.parse_args()


def main() -> None:
    """Start Locust, say "ready", obey until told to leave."""
    asked = options()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    allow_many_descriptors()
    leave = Event()
    commands: Commands = Queue()
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, leave.set)
    with ExitStack() as stack:
        several = asked.workers or asked.expect
        environment, run, workers = stack.enter_context(crew(asked)) if several else alone()
        # what was imported stays: the collector need not look at it again in every trial
        gc.collect()
        gc.freeze()
        worker = gevent.spawn(carry_out, run, commands)
        gevent.spawn(take_commands, commands, leave, () if asked.sut_host is None else (asked.sut_host,))
        emit(ready(workers))
        leave.wait()
        gevent.spawn(end_all, worker, environment).join(timeout=_LEAVE_LIMIT_S)


if __name__ == "__main__":
    try:
        main()
    except WorkerError as reason:  # before any trial
        emit(ErrorEvent(trial_id=None, message=str(reason)))
        sys.exit(str(reason))
    # Everything is closed. What Python and gevent would still tidy up can wait for a greenlet that never ends.
    os._exit(0)

"""Carry out parts of trials for a master: one of several processes that drive together.

    python locustfiles/worker.py --master 127.0.0.1:5557 [--core 2] [--sut-host 10.0.0.5]

`trials.py --workers N` starts its own on this machine, `bench worker` one for a master elsewhere. A worker speaks with
its master through Locust's connection, and its requests are in the master's statistics as those of any Locust worker.
It says "joined" on stdout, once, and ends with its master: when that says so or is not heard for a while, at the end of
stdin if that is a pipe, on SIGTERM and on SIGINT.

It loads the master's address, or the one that --sut-host names, and refuses a command for any other.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import platform
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import gevent
import locust
import locust.runners
from gevent.event import Event
from locust.env import Environment

# The words of this very checkout, whatever else is installed; before other folders, after this one.
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from _machine import machine, network
from _part import Parts
from _process import allow_many_descriptors, end, stdin_lines
from _trial import TrialUser
from experiment.records.driver_protocol import PROTOCOL, ProtocolError, WorkerFacts
from experiment.records.worker_protocol import MESSAGE, Broke, Hello, to_worker

log = logging.getLogger("worker")
_LEAVE_LIMIT_S = 3.0
_LAST_WORD_S = 0.1
_MASTER_GONE_S = 15
"""Locust's own minute is for tests that go on without their master."""


def facts(core: int | None) -> WorkerFacts:
    return WorkerFacts(
        host=socket.gethostname(),
        pid=os.getpid(),
        core=core,
        locust=locust.__version__,
        python=platform.python_version(),
        protocol=PROTOCOL,
        machine=machine(),
        network=network(),
    )


def connect(host: str, port: int) -> Environment:
    """Return an environment whose runner has the master's ear. Locust ends this process if it finds none in minutes."""
    environment = Environment(user_classes=[TrialUser], events=locust.events)
    locust.runners.MASTER_HEARTBEAT_TIMEOUT = _MASTER_GONE_S
    environment.create_worker_runner(host, port)
    return environment


def obey(environment: Environment, core: int | None, hosts: tuple[str, ...]) -> Parts:
    """Take the master's messages from now on, and say hello. `hosts` are what may be loaded."""
    runner: Any = environment.runner

    def say(message: Any) -> None:
        runner.send_message(MESSAGE, message.model_dump_json(by_alias=True))

    parts = Parts(environment, say, hello=Hello(facts=facts(core)))

    def on_message(msg: Any, **_: Any) -> None:
        try:
            parts.take(to_worker(msg.data, hosts=hosts))
        except ProtocolError as reason:
            log.error("the master said what is no message: %s", reason)  # noqa: TRY400 - the reason says it all
            if reason.trial_id is not None:
                say(Broke(trial_id=reason.trial_id, message=f"refused: {reason}"))

    runner.register_message(MESSAGE, on_message)
    say(Hello(facts=facts(core)))
    return parts


def until_stdin_ends(leave: Event) -> None:
    """Set `leave` when whoever started this process is gone, if it gave a pipe; other kinds of stdin say nothing."""
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        for _ in stdin_lines():
            pass
        leave.set()


def until_the_master_ends(environment: Environment, leave: Event) -> None:
    """Set `leave` when Locust has ended its own part: the master said so, or was not heard for a while."""
    runner: Any = environment.runner
    runner.greenlet.join()
    leave.set()


def say_goodbye(environment: Environment) -> None:
    """End Locust, and let the master know, which would miss the heartbeat only after some seconds."""
    tell: Any = environment.events.quitting.fire
    tell(environment=environment)
    end(environment)
    gevent.sleep(_LAST_WORD_S)  # for the message to leave


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--master", required=True, metavar="HOST:PORT")
    parser.add_argument("--core", type=int, metavar="N", help="run on this core only")
    parser.add_argument("--sut-host", metavar="ADDRESS", help="the address that may be loaded (default: the master's)")
    return parser.parse_args()


def main() -> None:
    asked = options()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    logging.getLogger("locust.runners").setLevel(logging.ERROR)
    if asked.core is not None:
        os.sched_setaffinity(0, {asked.core})
    allow_many_descriptors()
    host, _, port = asked.master.rpartition(":")
    leave = Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(signum, leave.set)
    gevent.spawn(until_stdin_ends, leave)
    environment = connect(host, int(port))
    gevent.spawn(until_the_master_ends, environment, leave)
    obey(environment, asked.core, (asked.sut_host or host,))
    sys.stdout.write("joined\n")
    sys.stdout.flush()
    gc.collect()
    gc.freeze()
    leave.wait()
    gevent.spawn(say_goodbye, environment).join(timeout=_LEAVE_LIMIT_S)


if __name__ == "__main__":
    main()
    # Everything is closed. What Python and gevent would still tidy up can wait for a greenlet that never ends.
    os._exit(0)

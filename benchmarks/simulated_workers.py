"""Workers that only report, many in one process: what a master does for real ones, without any load.

    python benchmarks/simulated_workers.py --master 127.0.0.1:5557 --count 16

Each has a connection of its own and says all that a worker says: Locust's heartbeats and statistics, our clock, seconds
and results, in real messages of a real size. Nothing is sent to an app. The first line of stdout says in JSON how many
bytes one of them sends. Ends with stdin, and when the master says so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import gevent
import locust
from gevent.event import Event
from locust import rpc
from locust.stats import RequestStats

# After this script's own folder: the words of this very checkout, and the parts of its driver.
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))
sys.path.insert(2, str(Path(__file__).resolve().parent.parent / "locustfiles"))

from _machine import machine, network
from _process import stdin_lines
from experiment.records.driver_protocol import (
    PROTOCOL,
    HistogramPairs,
    ResultEvent,
    SecondCounts,
    TrialCommand,
    WorkerFacts,
)
from experiment.records.histogram import Histogram
from experiment.records.worker_protocol import (
    MESSAGE,
    AskClock,
    Clock,
    Done,
    Go,
    Hello,
    Introduce,
    Part,
    Prepared,
    Second,
    Taken,
    to_worker,
)

# Locust's connection and its messages, which have no types.
Connection: Any = rpc.zmqrpc.Client
message: Any = rpc.Message

HEARTBEAT_S, STATISTICS_S, SAY_AGAIN_S = 1.0, 3.0, 1.0
MOST_TIMES = 10
ANSWERS_A_SECOND = 5000
_TYPICAL_LOG_US, _SCATTER, _SEED = 7.3, 0.4, 1
"""Response times around 1.5 ms, log-normal: some thousand different buckets, as a busy worker has."""


def pairs() -> tuple[tuple[int, int], ...]:
    chance = random.Random(_SEED)  # noqa: S311 - reproducible, no secret
    times_us = (chance.lognormvariate(_TYPICAL_LOG_US, _SCATTER) for _ in range(ANSWERS_A_SECOND))
    return tuple(sorted(Histogram.of_us(times_us).counts.items()))


PAIRS = pairs()
DURATIONS = HistogramPairs(counts=PAIRS, censored=PAIRS[:16])


def result(command: TrialCommand, open_t: float) -> ResultEvent:
    """Return a result such as a busy worker has."""
    seconds = range(math.ceil(command.window_s))
    return ResultEvent(
        trial_id=command.trial_id,
        window_open_t=open_t,
        window_close_t=open_t + command.window_s,
        window_s=command.window_s,
        users_started=1,
        users_failed=0,
        sent=ANSWERS_A_SECOND,
        answers=ANSWERS_A_SECOND,
        wrong=0,
        errors={},
        errors_warmup={},
        first_failure=None,
        connections_opened=1,
        connections_opened_in_window=0,
        dropped=0,
        response=DURATIONS,
        send_lag=DURATIONS,
        service=DURATIONS,
        per_second=tuple(
            SecondCounts(second=n, answers=ANSWERS_A_SECOND, wrong=0, errors=0, bystander_max_us=None) for n in seconds
        ),
        bin_s=0.05,
        answers_per_bin=(ANSWERS_A_SECOND // 20,) * (20 * len(seconds)),
        in_flight_mean=1.0,
        in_flight_ns=round(command.window_s * 1e9),
        in_flight_end=1,
        makespan_s=None,
        bystander=None,
        driver_cpu_s=command.window_s / 2,
        driver_wall_s=command.window_s,
    )


def a_second(trial_id: str, number: int) -> Second:
    return Second(trial_id=trial_id, second=number, answers=ANSWERS_A_SECOND, errors=0, counts=PAIRS)


def statistics() -> dict[str, Any]:
    """Return what Locust's own worker reports every three seconds."""
    stats = RequestStats()
    for number in range(100):
        stats.log_request("GET", "/load", 1 + number % 7, 11)
    return {
        "stats": stats.serialize_stats(),
        "stats_total": stats.total.get_stripped_report(),
        "errors": stats.serialize_errors(),
        "user_classes_count": {"TrialUser": 1},
        "user_count": 1,
    }


class Simulated:
    """One worker. Results are made once for all of them: `texts` by trial and time."""

    def __init__(self, number: int, host: str, port: int, texts: dict[tuple[str, float], str]) -> None:
        self._id = f"simulated_{os.getpid()}_{number}"
        self._client: Any = Connection(host, port, self._id)
        self._texts = texts
        self._command: TrialCommand | None = None
        self._taken = Event()
        self.ended = Event()

    def run(self) -> None:
        """Connect, say hello, and do what the master says until it ends."""
        self._send("client_ready", locust.__version__)
        gevent.spawn(self._every, HEARTBEAT_S, "heartbeat", _heartbeat)
        gevent.spawn(self._every, STATISTICS_S, "stats", statistics)
        while not self.ended.is_set():
            heard = self._client.recv()
            if heard.type == "ack":
                self._say(Hello(facts=_facts()))
            elif heard.type == MESSAGE:
                self._take(to_worker(heard.data))
            elif heard.type == "quit":
                self.ended.set()

    def _every(self, interval_s: float, kind: str, data: Any) -> None:
        while not self.ended.wait(interval_s):
            self._send(kind, data())

    def _take(self, message: Any) -> None:
        match message:
            case Introduce():
                self._say(Hello(facts=_facts()))
            case AskClock(t=asked_t):
                self._say(Clock(asked_t=asked_t, t=perf_counter()))
            case Part(command=command):
                self._command, self._taken = command, Event()
                self._say(Prepared(trial_id=command.trial_id))
            case Go(t=t) if self._command is not None:
                gevent.spawn(self._report, self._command, t, self._taken)
            case Taken():
                self._taken.set()

    def _report(self, command: TrialCommand, go_t: float, taken: Event) -> None:
        open_t = go_t + command.warmup_s
        text = self._text(command, open_t)
        for number in range(int(command.window_s)):
            gevent.sleep(max(open_t + number + 1 - perf_counter(), 0.0))
            self._say(a_second(command.trial_id, number))
        gevent.sleep(max(open_t + command.window_s - perf_counter(), 0.0))
        for _ in range(MOST_TIMES):
            self._send(MESSAGE, text)
            if taken.wait(SAY_AGAIN_S):
                return

    def _text(self, command: TrialCommand, open_t: float) -> str:
        key = (command.trial_id, open_t)
        if key not in self._texts:
            self._texts.clear()
            done = Done(trial_id=command.trial_id, result=result(command, open_t))
            self._texts[key] = done.model_dump_json(by_alias=True)
        return self._texts[key]

    def _say(self, message: Any) -> None:
        self._send(MESSAGE, message.model_dump_json(by_alias=True))

    def _send(self, kind: str, data: Any) -> None:
        self._client.send(message(kind, data, self._id))


def _heartbeat() -> dict[str, Any]:
    return {"state": "ready", "current_cpu_usage": 0.0, "current_memory_usage": 0}


def _facts() -> WorkerFacts:
    return WorkerFacts(
        host="simulated",
        pid=os.getpid(),
        core=None,
        locust=locust.__version__,
        python=platform.python_version(),
        protocol=PROTOCOL,
        machine=machine(),
        network=network(),
    )


def sizes() -> dict[str, int]:
    """Return the bytes that one worker sends in a second of a window, and those of a result of one second."""
    beat, stats = (len(message(kind, data, "simulated").serialize()) for kind, data in _OF_LOCUST)
    second = len(a_second("t0001", 0).model_dump_json(by_alias=True))
    command = TrialCommand.model_validate_json(_COMMAND)
    whole = Done(trial_id="t0001", result=result(command, 1e5)).model_dump_json(by_alias=True)
    return {"second_bytes": round(second + beat / HEARTBEAT_S + stats / STATISTICS_S), "result_bytes": len(whole)}


_OF_LOCUST = (("heartbeat", _heartbeat()), ("stats", statistics()))
_COMMAND = json.dumps(
    {
        "do": "trial",
        "trial_id": "t0001",
        "host": "127.0.0.1",
        "port": 9,
        "request": {"method": "GET", "path": "/", "expected_status": 200},
        "load": {"kind": "closed", "users": 1},
        "warmup_s": 0.0,
        "window_s": 1.0,
        "request_timeout_s": 1.0,
    }
)


def until_stdin_ends(leave: Event) -> None:
    for _ in stdin_lines():
        pass
    leave.set()


def until_all_have_ended(running: list[gevent.Greenlet[..., None]], leave: Event) -> None:
    gevent.joinall(running)
    leave.set()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--master", required=True, metavar="HOST:PORT")
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    host, _, port = options.master.rpartition(":")
    sys.stdout.write(json.dumps(sizes()) + "\n")
    sys.stdout.flush()
    texts: dict[tuple[str, float], str] = {}
    workers = [Simulated(number, host, int(port), texts) for number in range(options.count)]
    running = [gevent.spawn(worker.run) for worker in workers]
    leave = Event()
    gevent.spawn(until_stdin_ends, leave)
    gevent.spawn(until_all_have_ended, running, leave)
    leave.wait()


if __name__ == "__main__":
    main()
    os._exit(0)  # a connection to a master that is gone would be waited for

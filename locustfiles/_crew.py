"""A master's workers: who is there, what each says, what its clock says, and whether it can reach the app.

Locust's own master and workers carry the messages, watch each other's heartbeats and merge the statistics.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import gevent
import locust
from gevent.queue import Empty, Queue
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner

from _clock import Offset, offset
from _machine import network
from experiment.records.driver_protocol import PROTOCOL, ProtocolError, WorkerFacts
from experiment.records.worker_protocol import MESSAGE, AskClock, Clock, FromWorker, Hello, Introduce, from_worker

log = logging.getLogger("crew")

COME_LIMIT_S = 45.0
"""Before a trial; harness/trial/driver.py waits longer than this for the trial's result."""

CLOCK_LIMIT_S = 5.0
TIMES_ASKED = 9
MOST_OFF_S = 0.005
"""A clock that is known less well would put a window's edges elsewhere in each worker."""

_LOOK_AGAIN_S = 0.2


class WorkerError(Exception):
    """A worker did not come, is not alike, or was lost; the message names it."""


@dataclass(slots=True)
class Worker:
    """A worker that has said hello."""

    client: str  # Locust's name of it
    facts: WorkerFacts
    offset: Offset = field(default_factory=lambda: Offset(s=0.0, bound_s=0.0))

    def __str__(self) -> str:
        return f"worker {self.facts.pid} on {self.facts.host}"


class Crew:
    """All workers of a master, in the order in which they came; use `crew`."""

    def __init__(self, environment: Environment, count: int, *, on_loopback: bool = True) -> None:
        """Take how many workers there are to be, and whether the app listens on the loopback address."""
        assert isinstance(environment.runner, MasterRunner)  # noqa: S101 - for the type checker: made in `crew`
        self.count = count
        self._on_loopback = on_loopback
        self.workers: list[Worker] = []
        self.said: Queue[tuple[Worker, FromWorker]] = Queue()
        self._runner = environment.runner
        self._runner.register_message(MESSAGE, self._on_message)

    def say(self, worker: Worker, message: Any) -> None:
        self._send(worker.client, message)

    def muster(self, limit_s: float = COME_LIMIT_S) -> None:
        """Wait until all workers are there and alike, and know their clocks. Raises WorkerError."""
        deadline = perf_counter() + limit_s
        while len(self._present()) < self.count:
            if perf_counter() > deadline:
                raise WorkerError(self._who_came(limit_s))
            self._greet_strangers()
            gevent.sleep(_LOOK_AGAIN_S)
        for worker in self.workers:
            check_alike(worker.facts)
            check_reach(worker.facts, on_loopback=self._on_loopback)
            worker.offset = self._offset_of(worker)

    def next_said(self, timeout_s: float) -> tuple[Worker, FromWorker] | None:
        """Return what a worker says next, None if nothing comes in time. Raises WorkerError when one is gone."""
        try:
            return self.said.get(timeout=max(min(timeout_s, _LOOK_AGAIN_S), 0.0))
        except Empty:
            for worker in self.workers:
                if not self._is_there(worker):
                    raise WorkerError(f"{worker} was lost") from None
            return None

    def _who_came(self, limit_s: float) -> str:
        named = f": {', '.join(map(str, self.workers))}" if self.workers else ""
        return f"only {len(self.workers)} of {self.count} workers came within {limit_s:g} s{named}"

    def _greet_strangers(self) -> None:
        """Ask those to say hello who are connected and not known: a worker that was lost and came back."""
        known = {worker.client for worker in self.workers}
        for client, node in list(self._runner.clients.items()):
            if client not in known and node.state != STATE_MISSING:
                self._send(client, Introduce())

    def _present(self) -> list[Worker]:
        self.workers = [worker for worker in self.workers if self._is_there(worker)]
        return self.workers

    def _is_there(self, worker: Worker) -> bool:
        node = self._runner.clients.get(worker.client)
        return node is not None and node.state != STATE_MISSING

    def _on_message(self, msg: Any, **_: Any) -> None:
        try:
            message = from_worker(msg.data)
        except ProtocolError as reason:
            log.error("a worker said what is no message: %s", reason)  # noqa: TRY400 - the reason says it all
            return
        worker = next((each for each in self.workers if each.client == msg.node_id), None)
        if isinstance(message, Hello):
            if worker is None:  # one that was asked twice says it twice
                self.workers = [*self.workers, Worker(client=msg.node_id, facts=message.facts)]
        elif worker is None:
            self._send(msg.node_id, Introduce())
        else:
            self.said.put((worker, message))

    def _send(self, client: str, message: Any) -> None:
        text: Any = message.model_dump_json(by_alias=True)  # Locust sends what msgpack knows, and asks for a dict
        self._runner.send_message(MESSAGE, text, client_id=client)

    def _offset_of(self, worker: Worker) -> Offset:
        readings = [self._reading(worker) for _ in range(TIMES_ASKED)]
        found = offset(readings)
        if found.bound_s > MOST_OFF_S:
            raise WorkerError(f"the clock of {worker} is known to {found.bound_s * 1e3:.1f} ms only")
        return found

    def _reading(self, worker: Worker) -> tuple[float, float, float]:
        asked_t = perf_counter()
        self.say(worker, AskClock(t=asked_t))
        deadline = asked_t + CLOCK_LIMIT_S
        while perf_counter() < deadline:
            match self.next_said(deadline - perf_counter()):
                case (sender, Clock(asked_t=t, t=read_t)) if sender is worker and t == asked_t:
                    return asked_t, read_t, perf_counter()
        raise WorkerError(f"{worker} did not say what its clock says within {CLOCK_LIMIT_S:g} s")


def check_alike(facts: WorkerFacts) -> None:
    """Raise WorkerError for a worker of another version."""
    if (facts.protocol, facts.locust) != (PROTOCOL, locust.__version__):
        raise WorkerError(
            f"worker {facts.pid} on {facts.host} has Locust {facts.locust} and protocol {facts.protocol}; "
            f"this master has {locust.__version__} and {PROTOCOL}"
        )


def check_reach(facts: WorkerFacts, *, on_loopback: bool) -> None:
    """Raise WorkerError for a worker that cannot reach the app: one elsewhere, while the app is on loopback."""
    if on_loopback and facts.network != network():
        raise WorkerError(
            f"worker {facts.pid} on {facts.host} is in another network and cannot reach the app, which listens on the "
            "loopback address of this machine only; have it listen on an address that the worker reaches: --sut-host"
        )

"""The interface between the campaign and what measures: a Driver turns a planned trial into a measurement.

`LocustProcess` speaks with one Locust that lives for the whole campaign: locustfiles/trials.py, in the words of
experiment/records/driver_protocol.py. That one drives itself, or is the master of workers that do, on this machine or
elsewhere. `FakeDriver` in harness/campaign/fake.py plants known effects, so that the judge can be judged.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiment.design.model import Load, LoadKind, PlannedTrial
from experiment.errors import EnvironmentUnfitError
from experiment.records.driver_protocol import (
    BurstOrder,
    BystanderOrder,
    ClosedOrder,
    ErrorEvent,
    Event,
    OpenOrder,
    ProtocolError,
    ReadyEvent,
    Request,
    ResultEvent,
    TrialCommand,
    WorkerFacts,
    read_event,
)
from experiment.records.manifest import LOOPBACK, Elsewhere
from experiment.records.trial import Measurement
from harness.system import interruption
from harness.system.channel import Channel
from harness.system.places import LOCUST_SCRIPT
from harness.system.process import child, tail

_START_TIMEOUT_S = 60.0
COME_LIMIT_S = 120.0
"""For workers elsewhere to come at the beginning: somebody has to start them."""

_RETURN_LIMIT_S = 45.0
"""For one that was lost to come back before a trial, as locustfiles/_crew.py waits."""

_SEND_LIMIT_S = 10.0
_GRACE_S = 20.0
"""Seconds without an event, in addition to warm-up, window and drain, after which the driver counts as broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One second of a running trial, as the driver reports it."""

    second: int
    rps: float
    p99_us: float | None


class Driver(Protocol):
    """Measures one planned trial. It does not raise for a failed trial: the measurement has the failure."""

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement: ...


class DriverFailedError(Exception):
    """The Locust process ended, sent nothing in time, or could not run its command."""


class TrialBrokeError(DriverFailedError):
    """The Locust process says that a trial broke; it goes on."""


def trial_command(
    trial_id: str,
    port: int,
    request: Request,
    load: Load,
    *,
    bystander: BystanderOrder | None,
    seed: int,
    host: str = LOOPBACK,
) -> TrialCommand:
    """Return the command for one trial (pure); `seed` decides when Poisson arrivals come."""
    whole = {
        "trial_id": trial_id,
        "host": host,
        "port": port,
        "request": request,
        "load": _load_order(load, seed),
        "warmup_s": load.warmup_s,
        "window_s": load.window_s,
        "drain_s": load.drain_s,
        "request_timeout_s": max(30.0, load.window_s + load.warmup_s + load.drain_s),
        "bystander": bystander,
    }
    return TrialCommand.model_validate(whole, context=(host,))


def _load_order(load: Load, seed: int) -> ClosedOrder | BurstOrder | OpenOrder:
    match load.kind:
        case LoadKind.CLOSED:
            return ClosedOrder(users=load.users, stagger_s=load.stagger_s)
        case LoadKind.BURST:
            return BurstOrder(requests=load.users)
        case LoadKind.OPEN:
            return OpenOrder(
                rate_rps=load.rate_rps, arrivals=load.arrivals, seed=seed, max_in_flight=load.max_in_flight
            )


class LocustProcess:
    """One long-lived Locust that gets one trial after the other; started again after it broke."""

    def __init__(
        self,
        *,
        log: Path,
        cores: tuple[int, ...],
        script: Path = LOCUST_SCRIPT,
        workers: int = 0,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Take where it may run, and how many workers drive for it; 0: it drives itself.

        They are processes that it starts, or, where `elsewhere` says how they find it, processes that others start.
        """
        self._log = log
        self._workers = workers
        self._elsewhere = elsewhere
        self._ready: ReadyEvent | None = None
        self._cores = cores
        self._script = script
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None

    def start(self) -> None:
        """Start Locust and wait until it is ready. Does nothing if it runs already.

        Raises EnvironmentUnfitError when it cannot start.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        command = [sys.executable, str(self._script), *self._arguments()]
        self._process = self._stack.enter_context(child(command, log=self._log, cores=self._cores, piped=True))
        self._channel = Channel(self._process)
        try:
            first = self._next(_START_TIMEOUT_S + (COME_LIMIT_S if self._elsewhere else 0.0))
        except DriverFailedError as error:
            raise EnvironmentUnfitError(f"the load driver did not start: {error}.{tail(self._log)}") from None
        if isinstance(first, ErrorEvent):
            self.stop()
            raise EnvironmentUnfitError(f"the load driver did not start: {first.message}")
        if not isinstance(first, ReadyEvent):
            raise EnvironmentUnfitError(f"the load driver said {first} instead of being ready")
        self._ready = first

    def _arguments(self) -> list[str]:
        if not self._workers:
            return []
        if self._elsewhere is not None:
            return [
                *("--expect", str(self._workers), "--come-limit", str(COME_LIMIT_S)),
                *("--bind", self._elsewhere.bind, "--sut-host", self._elsewhere.sut_host),
            ]
        cores = ["--cores", ",".join(map(str, self._cores))] if self._cores else []
        return ["--workers", str(self._workers), *cores]

    @property
    def workers(self) -> tuple[WorkerFacts, ...]:
        """The workers that came when it started; none where it drives itself."""
        return () if self._ready is None else self._ready.workers

    def running_pids(self) -> tuple[int, ...]:
        """Start Locust if it does not run, and return which processes of this machine send the load.

        Raises as `running_pid` does.
        """
        own = self.running_pid()
        assert self._ready is not None  # noqa: S101 - for the type checker: start() has just made it
        if not self.workers:
            return (own,)
        return tuple(worker.pid for worker in self.workers if worker.machine == self._ready.machine)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def running_pid(self) -> int:
        """Start Locust if it does not run, and return its pid. Raises EnvironmentUnfitError when it cannot start."""
        self.start()
        assert self._process is not None  # noqa: S101 - for the type checker: start() has just made it
        return self._process.pid

    def stop(self) -> None:
        self._stack.close()
        self._process = None

    def run(self, command: TrialCommand, on_event: Callable[[Event], object]) -> ResultEvent:
        """Send one trial and return its result event; every other event goes to `on_event` as it comes.

        Raises DriverFailedError when the process ends, reports an error, or sends nothing in time. The process is then
        stopped, so that the next trial starts a new one; but workers elsewhere would end with it, so a master of such
        goes on where it can.
        """
        self.start()
        assert self._channel is not None  # noqa: S101 - for the type checker: start() has just made it
        try:
            self._channel.send(command.model_dump_json().encode(), _SEND_LIMIT_S)
            return self._await_result(command, on_event)
        except (OSError, DriverFailedError) as error:
            if self._elsewhere is None or not isinstance(error, TrialBrokeError):
                self.stop()
            raise DriverFailedError(f"{error}; see logs/{self._log.name}") from None

    def _await_result(self, command: TrialCommand, on_event: Callable[[Event], object]) -> ResultEvent:
        grace_s = _GRACE_S + (_RETURN_LIMIT_S if self._elsewhere else 0.0)
        deadline = time.monotonic() + command.duration_s + grace_s
        while True:
            interruption.check()
            event = self._next(deadline - time.monotonic())
            match event:
                case ErrorEvent(trial_id=command.trial_id | None):
                    raise TrialBrokeError(f"the driver says: {event.message}")
                case ReadyEvent():
                    continue
                case _ if event.trial_id != command.trial_id:
                    continue  # what a trial that was given up on still had to say
                case ResultEvent():
                    return event
                case _:
                    on_event(event)

    def _next(self, timeout_s: float) -> Event:
        assert self._channel is not None  # noqa: S101 - for the type checker: there is a process
        try:
            line = self._channel.receive(timeout_s)
            if line is None:
                raise DriverFailedError("its process ended")
            return read_event(line)
        except TimeoutError as error:
            raise DriverFailedError(str(error)) from None
        except ProtocolError as error:
            raise DriverFailedError(f"it said what is no event: {error}") from None


@contextmanager
def locust_process(
    *,
    log: Path,
    cores: tuple[int, ...],
    script: Path = LOCUST_SCRIPT,
    workers: int = 0,
    elsewhere: Elsewhere | None = None,
) -> Iterator[LocustProcess]:
    """Own a Locust process, and the workers that it starts, for the time of the block."""
    locust = LocustProcess(log=log, cores=cores, script=script, workers=workers, elsewhere=elsewhere)
    try:
        locust.start()
        yield locust
    finally:
        locust.stop()

"""The interface between the campaign and what measures: a Driver turns a planned trial into a measurement.

`Rig` in harness/trial/rig.py is the real one. It uses `LocustProcess`: JSON lines to and from one Locust process that
runs for the whole campaign (see locustfiles/trials.py). `FakeDriver` in harness/campaign/fake.py returns planted
effects, so that verdicts can be tested.
"""

from __future__ import annotations

import base64
import json
import queue
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from experiment.design.model import Load, LoadKind
from experiment.errors import EnvironmentUnfitError
from harness.system.process import child, tail

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping

    from experiment.design.model import PlannedTrial
    from experiment.records.trial import Measurement

LOCUST_SCRIPT = Path(__file__).resolve().parents[2] / "locustfiles" / "trials.py"
_START_TIMEOUT_S = 60.0
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

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:
        """Run the trial and return what it measured."""
        ...


class DriverFailedError(Exception):
    """The Locust process ended, sent nothing in time, or could not run its command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as the driver sends it, with its right answer."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    expected_body: bytes | None = None

    def as_command(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "headers": [list(pair) for pair in self.headers],
            "body_base64": _base64(self.body),
            "expected_status": 200,
            "expected_body_base64": _base64(self.expected_body),
        }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def trial_command(
    trial_id: str, port: int, call: Call, load: Load, *, bystander: Call | None, bystander_interval_s: float, seed: int
) -> dict[str, Any]:
    """Return the command for one trial (pure)."""
    return {
        "do": "trial",
        "trial_id": trial_id,
        "host": "127.0.0.1",
        "port": port,
        "request": call.as_command(),
        "load": _load_command(load, seed),
        "warmup_s": load.warmup_s,
        "window_s": load.window_s,
        "drain_s": load.drain_s,
        "request_timeout_s": max(30.0, load.window_s + load.warmup_s + load.drain_s),
        "bystander": None
        if bystander is None
        else {**bystander.as_command(), "interval_s": bystander_interval_s, "max_in_flight": 512},
    }


def _load_command(load: Load, seed: int) -> dict[str, Any]:
    match load.kind:
        case LoadKind.CLOSED:
            return {"kind": "closed", "users": load.users, "stagger_s": load.stagger_s}
        case LoadKind.BURST:
            return {"kind": "burst", "requests": load.users}
        case LoadKind.OPEN:
            return {
                "kind": "open",
                "rate_rps": load.rate_rps,
                "arrivals": load.arrivals,
                "seed": seed,
                "max_in_flight": load.max_in_flight,
            }


class LocustProcess:
    """One Locust process for all trials; it is started again after a failure."""

    def __init__(self, *, log: Path, cores: tuple[int, ...]) -> None:
        """Start nothing yet: the first trial or `start` does."""
        self._log = log
        self._cores = cores
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._events: queue.Queue[Mapping[str, Any] | None] = queue.Queue()

    def start(self) -> None:
        """Start Locust and wait until it is ready. Does nothing if it runs already.

        Raises EnvironmentUnfitError when it cannot start.
        """
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        self._events = queue.Queue()
        command = [sys.executable, str(LOCUST_SCRIPT)]
        self._process = self._stack.enter_context(child(command, log=self._log, cores=self._cores, piped=True))
        threading.Thread(target=_pump, args=(self._process, self._events), daemon=True).start()
        try:
            first = self._next(_START_TIMEOUT_S)
        except DriverFailedError as error:
            raise EnvironmentUnfitError(f"the load driver did not start: {error}.{tail(self._log)}") from None
        if first.get("event") != "ready":
            raise EnvironmentUnfitError(f"the load driver said {first} instead of being ready")

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        self._stack.close()
        self._process = None

    def run(
        self, command: Mapping[str, Any], on_event: Callable[[Mapping[str, Any]], None], *, duration_s: float
    ) -> Mapping[str, Any]:
        """Send one trial's command and return its result event. Every other event goes to `on_event` when it arrives.

        Raises DriverFailedError when the process ends, reports an error, or sends nothing in time. The process is then
        stopped, so that the next trial starts a new one.
        """
        self.start()
        assert self._process is not None  # noqa: S101 - for the type checker: start() has just made it
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            return self._await_result(command["trial_id"], on_event, duration_s + _GRACE_S)
        except (OSError, DriverFailedError) as error:
            self.stop()
            raise DriverFailedError(f"{error}; see logs/{self._log.name}") from None

    def _await_result(
        self, trial_id: str, on_event: Callable[[Mapping[str, Any]], None], patience_s: float
    ) -> Mapping[str, Any]:
        deadline = time.monotonic() + patience_s
        while True:
            event = self._next(deadline - time.monotonic())
            if event.get("trial_id", trial_id) != trial_id:
                continue  # a late event of an earlier trial that failed
            if event["event"] == "result":
                return event
            if event["event"] == "error":
                raise DriverFailedError(f"the driver says: {event.get('message')}")
            on_event(event)

    def _next(self, timeout_s: float) -> Mapping[str, Any]:
        try:
            event = self._events.get(timeout=max(timeout_s, 0.001))
        except queue.Empty:
            raise DriverFailedError("it has been silent for too long") from None
        if event is None:
            raise DriverFailedError("its process ended")
        return event


def _pump(process: subprocess.Popen[bytes], events: queue.Queue[Mapping[str, Any] | None]) -> None:
    """Move the process's lines into a queue, so that a reader can wait for them with a time limit."""
    assert process.stdout is not None  # noqa: S101 - for the type checker: started with pipes
    try:
        for line in process.stdout:
            events.put(json.loads(line))
    except (ValueError, OSError):
        pass  # closed while stopping, or not JSON: the None marks the end
    events.put(None)


@contextmanager
def locust_process(*, log: Path, cores: tuple[int, ...]) -> Iterator[LocustProcess]:
    locust = LocustProcess(log=log, cores=cores)
    try:
        locust.start()
        yield locust
    finally:
        locust.stop()

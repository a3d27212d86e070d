"""An app of somebody else's as a service, under its own interpreter, with the guest in front of it."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from experiment.design.factor import FactorError, Launch
from experiment.design.factors import ServerConfig
from experiment.design.own_app import AppTarget
from experiment.errors import EnvironmentUnfitError
from experiment.records.manifest import LOOPBACK
from harness.own_app.app_environment import app_environment, interpreter
from harness.own_app.secrets import redacted, secrets_of_app
from harness.own_app.start_faults import why_it_ended, why_it_hangs
from harness.system.process import Process, child, free_port, tail
from harness.system.services import READY_TIMEOUT_S, Service
from harness.trial.launch import command
from harness.trial.sut import ready

APP = "handlerbench_guest.app:create_app"
_OPTIONS = ("--no-access-log",)
_END_PATIENCE_S = 3.0
_STACKS_S = 0.5
_READ_BYTES = 262_144


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestOrder:
    """How to start an app once. `settings`: what else the guest's environment says (HANDLERBENCH_*)."""

    app: AppTarget
    log: Path
    server: ServerConfig = field(default_factory=ServerConfig)
    settings: Mapping[str, str] = field(default_factory=dict)
    probe: Path | None = None
    cores: tuple[int, ...] = ()
    host: str = LOOPBACK
    port: int = 0  # 0: any that is free
    ready_limit_s: float = READY_TIMEOUT_S


def guest_launch(server: ServerConfig) -> Launch:
    """Return how uvicorn is started: what no factor names stays as the app's own uvicorn has it."""
    changed = server.changes_to(Launch(app=APP, options=_OPTIONS))
    return replace(changed, of_guests=())  # the guest is told of those (GuestOrder.settings)


def guest_command(server: ServerConfig, *, port: int | str, python: str, host: str = LOOPBACK) -> list[str]:
    """Return the command that starts an app. Raises FactorError where its server has no option for a value."""
    launch = guest_launch(server)
    if launch.server != "uvicorn" or launch.interpreter is not None:
        raise FactorError("an app of your own is served by uvicorn, under the Python that [app] names")
    return command(launch, port=port, python=python, host=host)


def guest_variables(app: AppTarget, probe: Path | None = None, processes: int = 1) -> dict[str, str]:
    """Return what the guest must know of every app."""
    named = {"HANDLERBENCH_TARGET": app.target, "HANDLERBENCH_SOURCE": str(app.directory)}
    if app.is_factory:
        named["HANDLERBENCH_FACTORY"] = "1"
    if probe is not None:
        named["HANDLERBENCH_PROBE_PATH"] = str(probe.absolute())
        named |= {"HANDLERBENCH_PROBE_PER_PROCESS": "1"} if processes > 1 else {}
    return named


@contextmanager
def guest(order: GuestOrder) -> Iterator[Service]:
    """Run the app until the block ends. It is then asked to end, so that its own shutdown runs, and killed after 3 s.

    Raises UsageError for what its settings say wrongly, and EnvironmentUnfitError, with one sentence and the app's own
    last lines, when it does not get ready.
    """
    app, port = order.app, order.port or free_port(order.host)
    processes = guest_launch(order.server).processes
    words = guest_command(order.server, port=port, python=interpreter(app), host=order.host)
    env = app_environment(app, guest_variables(app, order.probe, processes) | dict(order.settings))
    with child(
        words, log=order.log, cores=order.cores, env=env, patience_s=_END_PATIENCE_S, folder=app.directory
    ) as process:
        try:
            service = ready(
                process,
                port=port,
                log=order.log,
                probe=order.probe,
                processes=processes,
                timeout_s=order.ready_limit_s,
                host=order.host,
            )
        except EnvironmentUnfitError:
            raise EnvironmentUnfitError(_complaint(order, process)) from None
        yield service


def _complaint(order: GuestOrder, process: Process) -> str:
    app, hangs = order.app, process.poll() is None
    shown = tail(order.log)  # without the stacks that are asked for next
    if hangs:
        ask_for_stacks(process)
    said = end_of(order.log)
    if hangs:
        why = why_it_hangs(said, order.ready_limit_s, app.directory)
    else:
        why = why_it_ended(said, process.returncode, app.directory, app.python)
    return redacted(f"the app {app.target} {why}.{shown}", secrets_of_app(app, os.environ))


def ask_for_stacks(process: Process) -> None:
    """Have the guest write the stack of each thread to the app's log."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, signal.SIGUSR2)
        time.sleep(_STACKS_S)


def end_of(log: Path) -> str:
    """Return the end of a log that may be long; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _READ_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""

"""What an app needs beside it: the command that `services` names, started once for all trials of a run."""

import shlex
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from experiment.design.own_app import AppTarget
from experiment.errors import EnvironmentUnfitError, UsageError
from harness.own_app.app_environment import app_environment
from harness.system import interruption
from harness.system.process import Process, accepts, child, tail

LIMIT_S = 120.0
_END_PATIENCE_S = 10.0


@contextmanager
def app_services(app: AppTarget, log: Path, *, limit_s: float = LIMIT_S) -> Iterator[None]:
    """Run the command until the block ends; whatever it started in its own process group ends with it.

    Without `services_port` the command must end by itself, as `docker compose up -d` does, before the app is started.
    With one it may stay: it is ready when the port accepts connections. A port that accepts them already needs no
    command. Raises UsageError for a command that is not there, and EnvironmentUnfitError with its last lines when it
    fails or is not ready in time.
    """
    if app.services is None or _is_ready(app):
        yield
        return
    with ExitStack() as stack:
        process = _start(app, shlex.split(app.services), log, stack)
        _wait(app, process, log, limit_s)
        yield


def _start(app: AppTarget, words: list[str], log: Path, stack: ExitStack) -> Process:
    env = app_environment(app, {})
    try:
        return stack.enter_context(child(words, log=log, env=env, patience_s=_END_PATIENCE_S, folder=app.directory))
    except OSError as error:
        raise UsageError(f"`services` in [app] cannot be run: {words[0]}: {error.strerror}") from None


def _is_ready(app: AppTarget) -> bool:
    return app.services_port is not None and accepts(app.services_port)


def _wait(app: AppTarget, process: Process, log: Path, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not _is_ready(app):
        interruption.check()
        code = process.poll()
        if code:
            raise EnvironmentUnfitError(f"`services` ended with code {code}: {app.services}{tail(log)}")
        if code == 0 and app.services_port is None:
            return
        if time.monotonic() > deadline:
            raise EnvironmentUnfitError(f"{_late(app, limit_s)}{tail(log)}")
        time.sleep(0.02)


def _late(app: AppTarget, limit_s: float) -> str:
    if app.services_port is None:
        return (
            f"`services` has not ended after {limit_s:g} s: {app.services}. "
            "For a command that stays, name the port that it opens with `services_port`."
        )
    return f"`services` does not accept connections at port {app.services_port} after {limit_s:g} s: {app.services}"

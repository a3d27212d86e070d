"""From a server configuration to the command that starts the SUT, or the reason why it cannot be started here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from experiment.design.factor import FactorError, Launch
from experiment.design.factors import HTTP_PARSER, LOOP, ServerConfig
from experiment.records.manifest import LOOPBACK
from harness.system.places import APP_FOLDER, CHECKOUT

_KEEP_ALIVE_S = 75  # uvicorn closes idle connections after 5 s by default, which would be errors for loads with pauses
_LOOK_LIMIT_S = 30.0
_HOW = "see docs/other-interpreters.md"

_SERVERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "uvicorn": (("-m", "uvicorn", "--factory"), ("--timeout-keep-alive", str(_KEEP_ALIVE_S))),
    "granian": (("-m", "granian", "--interface", "asgi", "--factory"), ("--no-ws",)),
}
"""By server: the arguments before app, address and options, and those after them."""


def command(launch: Launch, *, port: int | str, python: str, host: str = LOOPBACK) -> list[str]:
    """Return the command that starts an app. Raises FactorError for what only somebody else's app can have."""
    if launch.of_guests:
        named = " and ".join(name for name, _ in launch.of_guests)
        raise FactorError(f"bench_app has no {named}: that is for an app of your own (`bench app`)")
    before, after = _SERVERS[launch.server]
    address = ("--host", host, "--port", str(port))
    return [python, *before, launch.app, *address, *launch.options, "--log-level", launch.log_level, *after]


def can_be_forked(launch: Launch) -> bool:
    """Return whether a fork of a process that imported uvicorn and the app is the same as this launch."""
    return hasattr(os, "fork") and launch.server == "uvicorn" and launch.processes == 1 and launch.interpreter is None


def described(server: ServerConfig, host: str = LOOPBACK) -> str:
    """Return the command as a manifest records it, without this machine's paths and ports."""
    launch = server.launch()
    python = f"python{launch.interpreter or ''}"
    variables = (f"{name}={value}" for name, value in launch.environment)
    return " ".join([*variables, *command(launch, port="PORT", python=python, host=host)])


def python_for(launch: Launch) -> str:
    """Return the interpreter's path: our own, or one that BENCH_PYTHON names, or python<version> on the PATH.

    BENCH_PYTHON is one path, or several as in PATH. Raises FactorError when none has the version.
    """
    if launch.interpreter is None:
        return sys.executable
    named = os.environ.get("BENCH_PYTHON", "").split(os.pathsep)
    for candidate in (*named, shutil.which(f"python{launch.interpreter}")):
        if candidate and _version(candidate) == launch.interpreter:
            return candidate
    raise FactorError(f"there is no Python {launch.interpreter} here; name one with BENCH_PYTHON ({_HOW})")


def environment_of(launch: Launch) -> dict[str, str]:
    """Return the variables of a launch; another interpreter finds our packages in a checkout by PYTHONPATH."""
    paths = {"PYTHONPATH": str(CHECKOUT)} if launch.interpreter and CHECKOUT else {}
    return paths | dict(launch.environment)


def unfit(server: ServerConfig, imports: Sequence[str] = ()) -> str | None:
    """Return why the SUT cannot be started with this configuration here, or None if it can.

    `imports` are the modules that its variant loads at the start; another interpreter may lack them.
    """
    try:
        launch = server.launch()
        python = python_for(launch)
        command(launch, port="PORT", python=python)
    except FactorError as error:
        return str(error)
    if launch.interpreter is not None:
        needed = ("bench_app.app", launch.server, str(server[LOOP]), str(server[HTTP_PARSER]), *imports)
        lacking = _lacks(python, needed)
        return lacking and f"Python {launch.interpreter} cannot run the app: {lacking} ({_HOW})"
    lacking = _lacks(python, (launch.server,)) if launch.server != "uvicorn" else None
    return lacking and f"{launch.server} is not installed: {lacking}"


@cache
def _lacks(python: str, modules: tuple[str, ...]) -> str | None:
    """Return what an interpreter says that cannot load these modules; None if it can."""
    look = [python, "-c", f"import {', '.join(modules)}"]
    try:
        subprocess.run(look, cwd=APP_FOLDER, capture_output=True, text=True, check=True, timeout=_LOOK_LIMIT_S)
    except subprocess.CalledProcessError as error:
        return next(reversed(error.stderr.strip().splitlines()), f"it ended with code {error.returncode}")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{Path(python).name} cannot be run: {error}"
    return None


@cache
def _version(python: str) -> str | None:
    """Return an interpreter's version such as "3.14", or "3.14t" if it is free-threaded; None if it does not run."""
    say = "import sys, sysconfig as s; t = 't' if s.get_config_var('Py_GIL_DISABLED') else ''; "
    look = [python, "-c", say + "print(f'{sys.version_info[0]}.{sys.version_info[1]}{t}')"]
    try:
        done = subprocess.run(look, capture_output=True, text=True, check=True, timeout=_LOOK_LIMIT_S)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

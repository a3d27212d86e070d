"""The variables that an app of somebody else's is started with, and the interpreter that starts it."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from experiment.design.own_app import AppTarget, filled
from experiment.errors import UsageError
from harness.system.places import GUEST, HOME

_UNWANTED = (
    *("WEB_CONCURRENCY", "UVICORN_", "BENCH_", "HANDLERBENCH_"),
    *("PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONHOME", "PYTHONPROFILEIMPORTTIME"),
)
"""Variables of the caller that would change how the app is served. All others are the app's own business."""

_HELPFUL = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}
"""So that the app's last lines are in its log when it ends, whatever ends it. The app's own settings come first."""

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def app_environment(
    app: AppTarget, ours: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the caller's variables, over them the env_file's, the settings' `environment`, and `ours`.

    PYTHONPATH begins with the guest's folder and the app's. Raises UsageError for an env_file that cannot be read and
    for a ${NAME} that is not set.
    """
    caller = os.environ if environ is None else environ
    kept = {name: value for name, value in caller.items() if not name.startswith(_UNWANTED)}
    named = _HELPFUL | kept | env_file_values(app.env_file, kept)
    for name, value in app.environment:
        named[name] = filled(value, named, f"environment.{name} in [app]")
    return named | {"PYTHONPATH": _python_path(app.directory, named.get("PYTHONPATH", "")), **ours}


def _python_path(directory: Path, given: str) -> str:
    """Return the folders of a PYTHONPATH: our packages must not be found by the app, even where we are run with one."""
    others = [part for part in given.split(os.pathsep) if part and Path(part).resolve() != HOME]
    return os.pathsep.join([str(GUEST), str(directory), *others])


def env_file_values(path: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a file of NAME=value lines says; {} for no file.

    `#` begins a comment. A value may stand in quotes. ${NAME} is replaced, except in single quotes, by what an earlier
    line or `environ` says. Raises UsageError with file and line.
    """
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the env_file {path} cannot be read: {error}") from None
    values: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith("#"):
            name, value = _assignment(line, {**environ, **values}, f"{path}, line {number}")
            values[name] = value
    return values


def _assignment(line: str, known: Mapping[str, str], where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UsageError(f"{where}: is no NAME=value")  # the line is not shown: it may be a secret
    text = match[2]
    if text[:1] not in {"'", '"'}:
        return match[1], filled(re.sub(r"(^|\s)#.*", "", text).rstrip(), known, where)
    quoted = re.fullmatch(r"""'([^']*)'\s*(?:#.*)?|"((?:[^"\\]|\\.)*)"\s*(?:#.*)?""", text)
    if quoted is None:
        raise UsageError(f"{where}: the value's quotes do not close on that line")
    if quoted[1] is not None:
        return match[1], quoted[1]
    return match[1], filled(re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted[2]), known, where)


def interpreter(app: AppTarget) -> str:
    """Return the path of the app's interpreter. Raises UsageError if it is not there."""
    found = shutil.which(app.python)
    if found is None:
        raise UsageError(f"there is no Python at {app.python}; name the app's own with `python` in [app]")
    return found

"""Inspects an app without load: its own interpreter imports it, and the guest says what there is."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiment.design.own_app import AppTarget
from experiment.errors import BenchError, EnvironmentUnfitError
from experiment.records.inspection import ImportFailure, Inspection, ParameterEntry, read_inspection
from experiment.records.validation import complaint
from harness.own_app.app_environment import app_environment, interpreter
from harness.own_app.guest_process import ask_for_stacks, guest_variables
from harness.own_app.secrets import redacted, secrets_of_app
from harness.own_app.start_faults import one_line, why_it_ended, why_it_hangs
from harness.system import interruption
from harness.system.process import Process, child, tail
from harness.system.scratch import scratch

LIMIT_S = 60.0
_LINES = 12
_MODULE = "handlerbench_guest.inspect"


def inspect(app: AppTarget, *, limit_s: float = LIMIT_S) -> Mapping[str, Any]:
    """Return what the guest printed of an app, as JSON has it. Raises as `inspection_of` does."""
    return inspection_of(app, limit_s=limit_s).model_dump(mode="json")


def inspection_of(app: AppTarget, *, limit_s: float = LIMIT_S) -> Inspection:
    """Import the app under its own interpreter, and return what there is of it. Nothing is started or asked.

    Raises UsageError for an interpreter or a variable that is not there, and EnvironmentUnfitError, in one sentence
    with the end of the traceback, for an app that cannot be imported.
    """
    secrets = secrets_of_app(app, os.environ)
    try:
        found = _inspected(app, limit_s)
    except EnvironmentUnfitError as error:
        raise EnvironmentUnfitError(redacted(str(error), secrets)) from None
    return _without_secrets(found, secrets)


def _without_secrets(found: Inspection, secrets: tuple[str, ...]) -> Inspection:
    """Hide secrets in the defaults of parameters, which an app may take from its environment."""

    def hidden(parameter: ParameterEntry) -> ParameterEntry:
        default = parameter.default
        shown = redacted(default, secrets) if isinstance(default, str) else default
        return parameter.model_copy(update={"default": shown})

    routes = [
        route.model_copy(update={"parameters": [hidden(each) for each in route.parameters]}) for route in found.routes
    ]
    return found.model_copy(update={"routes": routes})


def _inspected(app: AppTarget, limit_s: float) -> Inspection:
    words = [interpreter(app), "-m", _MODULE]
    env = app_environment(app, guest_variables(app))
    with scratch("inspect-") as folder:
        log = folder / "its-output"
        with child(words, log=log, env=env, patience_s=0, folder=app.directory) as process:
            has_ended = _ends(process, limit_s)
            shown = tail(log)
            if not has_ended:
                ask_for_stacks(process)
        return _read(app, log, shown, process.returncode if has_ended else None, limit_s)


def _ends(process: Process, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while process.poll() is None and time.monotonic() < deadline:
        interruption.check()
        time.sleep(0.01)
    return process.poll() is not None


def _read(app: AppTarget, log: Path, shown: str, code: int | None, limit_s: float) -> Inspection:
    """Return the inspection that a log ends with. `code` is None if the process had to be ended."""
    said = log.read_text(encoding="utf-8", errors="replace")
    try:
        found = read_inspection(said)
    except ValidationError as error:
        raise BenchError(f"the guest said what this version cannot read: {complaint(error)}") from None
    if found is not None and found.error is not None:
        raise EnvironmentUnfitError(_not_imported(app, found.error))
    if found is not None:
        return found
    source = app.directory
    why = why_it_hangs(said, limit_s, source) if code is None else why_it_ended(said, code, source, app.python)
    raise EnvironmentUnfitError(f"the app {app.target} {why}.{shown}")


def _not_imported(app: AppTarget, error: ImportFailure) -> str:
    place = f" ({error.place})" if error.place else ""
    shown = [line for line in error.traceback if "<frozen importlib" not in line][-_LINES:]
    lines = "".join(f"\n    {line}" for line in ("The end of its traceback:", *shown))
    return f"the app {app.target} cannot be imported: {one_line(error.why)}{place}.{lines}"

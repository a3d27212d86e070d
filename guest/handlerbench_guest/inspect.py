"""`python -m handlerbench_guest.inspect`: what can be said of an app without asking it anything.

It imports the app, starts nothing, and prints one JSON object as its last line: error (null, or why the app cannot be
imported), python, packages, framework, routes and middleware. Paths are relative to the app's folder.
"""

from __future__ import annotations

import faulthandler
import json
import os
import platform
import signal
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from handlerbench_guest.callables import Places
from handlerbench_guest.hops import hops
from handlerbench_guest.middleware import middleware
from handlerbench_guest.own_code import OwnCode
from handlerbench_guest.parameters import parameters
from handlerbench_guest.reading import Reader
from handlerbench_guest.routes import framework, routes_of
from handlerbench_guest.settings import Settings, SettingsError, read_settings
from handlerbench_guest.sources import Sources
from handlerbench_guest.target import load_target
from handlerbench_guest.traps import TrapFinder

_PACKAGES = ("fastapi", "starlette", "uvicorn", "anyio", "pydantic", "uvloop", "httptools", "sqlalchemy")


def inspect_app(settings: Settings) -> dict[str, Any]:
    """Import the app and return what is printed; what its import raises is in the key error."""
    own = OwnCode(settings.source)
    known = {"python": platform.python_version(), "packages": dict(_versions())}
    try:
        app = load_target(settings)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the app's own modules raise
        nothing: dict[str, Any] = {"framework": None, "routes": [], "middleware": []}
        return {"error": _failure(error, own), **known, **nothing}
    return {"error": None, **known, "framework": framework(app), **_seen(app, own)}


def _seen(app: Any, own: OwnCode) -> dict[str, Any]:
    sources = Sources()
    places, reader = Places(own, sources), Reader(own, sources)
    finder = TrapFinder(places, reader)
    routes = [
        {
            "methods": list(found.methods),
            "path": found.path,
            "mount": found.mount,
            "endpoint": found.name,
            "style": found.style,
            **places.of(found.endpoint),
            "hops": hops(found, places, reader),
            "traps": finder.traps(found),
            "parameters": parameters(found),
        }
        for found in routes_of(app)
    ]
    return {"routes": routes, "middleware": middleware(app, places)}


def _versions() -> list[tuple[str, str]]:
    return [(name, found) for name in _PACKAGES if (found := _version(name)) is not None]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _failure(error: BaseException, own: OwnCode) -> dict[str, Any]:
    """Return why an import failed, with the innermost line of the app's own on the way there."""
    frames = traceback.extract_tb(error.__traceback__)
    file, line = None, None
    if isinstance(error, SyntaxError) and error.filename:
        file, line = own.shown(error.filename), error.lineno
    else:
        for frame in frames:
            if own.relative(frame.filename) is not None:
                file, line = own.shown(frame.filename), frame.lineno
    said = traceback.format_exception(type(error), error, error.__traceback__)
    lines = "".join(said).rstrip("\n").split("\n")
    return {"why": f"{type(error).__name__}: {error}", "file": file, "line": line, "traceback": lines}


def main() -> None:
    faulthandler.register(signal.SIGUSR2)  # how the harness asks where an import hangs
    try:
        seen = inspect_app(read_settings())
    except SettingsError as error:
        sys.exit(f"handlerbench: {error}")
    sys.stdout.write("\n" + json.dumps(seen) + "\n")  # what the app printed may have no end of line
    sys.stdout.flush()
    # Threads that the app started when it was imported would keep the process alive.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

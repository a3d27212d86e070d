"""Apps of tests/guest/apps under their own interpreters, with the guest in front of them and without."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.system.places import GUEST
from real_servers import HOST, ROOT, Server, clean_environment, free_port, started

APPS = ROOT / "tests" / "guest" / "apps"
PATH = {"PYTHONPATH": os.pathsep.join([str(GUEST), str(APPS)])}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came. `headers` are in order, without the date."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


def alone(python: Path, target: str, *options: str) -> AbstractContextManager[Server]:
    """Serve an app as its owner does."""
    return _served(python, target, *options)


def with_guest(python: Path, target: str, *options: str, **variables: Any) -> AbstractContextManager[Server]:
    """Serve an app with the guest in front of it; `variables` are those of the guest, without their prefix."""
    named = guest_variables(target, **variables)
    return _served(python, "handlerbench_guest.app:create_app", "--factory", *options, **named)


def guest_variables(target: str, **variables: Any) -> dict[str, str]:
    texts = {name: each if isinstance(each, str) else json.dumps(each) for name, each in variables.items()}
    return {f"HANDLERBENCH_{name}": each for name, each in {"TARGET": target, "SOURCE": str(APPS), **texts}.items()}


def run_guest(python: Path, module: str, target: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Run a module of the guest's to its end."""
    environment = clean_environment(**PATH, **guest_variables(target, **variables))
    return subprocess.run(
        [python, "-m", *module.split()],
        env=environment,
        cwd=APPS,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ask(server: Server, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers={"Host": "shop.example", **named})
        answer = connection.getresponse()
        kept = tuple((name.lower(), value) for name, value in answer.getheaders() if name.lower() != "date")
        return Answer(answer.status, kept, answer.read())
    finally:
        connection.close()


def line_of(app: str, text: str) -> int:
    """Return the line of an app's file in which a text stands for the first time."""
    lines = (APPS / f"{app}.py").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def _served(python: Path, app: str, *options: str, **variables: str) -> AbstractContextManager[Server]:
    port = free_port()
    command = [
        str(python),
        "-m",
        "uvicorn",
        app,
        "--host",
        HOST,
        "--port",
        str(port),
        "--log-level",
        "warning",
        *options,
    ]
    # One order of sets in both: Allow: GET, HEAD is made of one.
    return started(command, port, **PATH, PYTHONHASHSEED="0", **variables)

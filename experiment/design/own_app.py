"""What a user says about an app of their own: where it is, what to ask of it, which claims to judge. Values only.

experiment/records/bench_file.py reads them from a handlerbench.toml.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiment.design.loads import LOADS
from experiment.design.model import Interval, Load
from experiment.errors import UsageError

FILE_NAME = "handlerbench.toml"
DEFAULT_PYTHON = ".venv/bin/python"
DEFAULT_LOADS: tuple[Load, ...] = (LOADS["closed-1"], LOADS["closed-20"])
"""Alone, and busy: for a file that names no loads."""

Headers = tuple[tuple[str, str], ...]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LIKELY_SECRET = ("authorization", "cookie", "token", "api-key", "apikey", "secret", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppTarget:
    """The app, and the interpreter that runs it.

    `target` is `module:attribute`; with `is_factory` the attribute is called to get the app. `python` is a path, or a
    program's name that PATH has. The app is started in `directory`. Values of `environment` may hold ${NAME}.
    `services` is a command that starts what the app needs; it is ready when `services_port` accepts connections, or,
    without one, when it has ended.
    """

    target: str
    is_factory: bool = False
    python: str
    directory: Path
    environment: tuple[tuple[str, str], ...] = ()
    env_file: Path | None = None
    services: str | None = None
    services_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRequest:
    """One request of the app, and what the right answer to it is.

    Header values are as written: ${NAME} stands for an environment variable. `expect_body`: "same" is the answer that
    preflight got, None lets preflight decide.
    """

    id: str
    method: str = "GET"
    path: str
    headers: Headers = ()
    body: bytes | None = None
    expect_status: int = 200
    expect_body: Literal["same", "any"] | None = None
    expect_contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppClaim:
    """A statement about the app that can turn out false.

    A side is a request's id with factors, such as `search+style-def` (experiment/design/app_sides.py). With a baseline
    the metric's ratio must lie in `expected`, otherwise the metric itself, in its own unit.
    """

    id: str
    statement: str
    source: str
    treatment: str
    baseline: str | None
    load: str
    metric: str
    expected: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchFile:
    """A whole handlerbench.toml. `loads` are those that every request is measured under."""

    app: AppTarget
    requests: tuple[AppRequest, ...]
    loads: tuple[Load, ...]
    claims: tuple[AppClaim, ...]
    path: Path

    def request(self, name: str) -> AppRequest:
        """Return the request with this id. Raises KeyError if there is none."""
        return {request.id: request for request in self.requests}[name]

    def load(self, name: str) -> Load:
        """Return a load of the file, or else of our table. Raises UnknownNameError if neither has it."""
        return next((load for load in self.loads if load.id == name), None) or LOADS[name]


def variables(text: str) -> tuple[str, ...]:
    """Return the names of the environment variables that a text asks for as ${NAME}."""
    return tuple(_VARIABLE.findall(text))


def filled(text: str, environ: Mapping[str, str], where: str) -> str:
    """Return the text with each ${NAME} replaced.

    Raises UsageError if a variable is not set; the message names it, and `where` it is asked for.
    """
    for name in variables(text):
        if name not in environ:
            raise UsageError(f"{where} needs the environment variable {name}, which is not set; export it first")
    return _VARIABLE.sub(lambda match: environ[match[1]], text)


def secret_values(request: AppRequest, environ: Mapping[str, str]) -> Headers:
    """Return the headers as they are sent. Their values must not get into any result.

    Raises UsageError for a variable that is not set, or whose value cannot stand in a header.
    """
    return tuple((name, _header(request, name, value, environ)) for name, value in request.headers)


def _header(request: AppRequest, name: str, value: str, environ: Mapping[str, str]) -> str:
    sent = filled(value, environ, f'header {name} of request "{request.id}"')
    if not is_header_value(sent):
        asked = ", ".join(variables(value)) or "its value"
        raise UsageError(
            f'header {name} of request "{request.id}": {asked} has a line break or a letter beyond Latin-1'
        )
    return sent


def is_header_value(text: str) -> bool:
    """Say whether the text can be sent as the value of a header."""
    return text == text.strip() and all(c == "\t" or " " <= c <= "~" or "\xa0" <= c <= "\xff" for c in text)


def shown_headers(request: AppRequest) -> Headers:
    """Return the headers as results may show them: a value that looks like a secret is left out."""
    return tuple((name, "(not shown)" if _is_secret(name, value) else value) for name, value in request.headers)


def _is_secret(name: str, value: str) -> bool:
    return any(word in name.lower() for word in _LIKELY_SECRET) and not variables(value)

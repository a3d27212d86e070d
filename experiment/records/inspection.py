"""What the guest says of an app without load: one JSON object, made by `python -m handlerbench_guest.inspect`."""

import json
from typing import Any, Literal

from pydantic import Field

from experiment.records.validation import StrictModel

Style = Literal["async", "def", "class", "asgi"]
HopSource = Literal["endpoint", "dependency", "yield-dependency", "response-validation", "streaming", "background"]
ParameterPlace = Literal["path", "query", "header", "cookie", "body", "form"]


class _Placed(StrictModel):
    """Something in the code. `file` is relative to the app's folder; of a library only its last two parts."""

    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str | None:
        """Where it stands, as file:line; None if it has no place in Python code."""
        return None if self.file is None else self.file if self.line is None else f"{self.file}:{self.line}"


class ImportFailure(_Placed):
    """Why the app cannot be imported, and the innermost line of its own code on the way there."""

    why: str
    traceback: list[str]


class HopEntry(_Placed):
    """What sends a request of a route to a thread and back, `count` times."""

    source: HopSource
    name: str
    count: int = Field(ge=1)


class TrapEntry(_Placed):
    """A line that is known to cost more than it looks; the ids are the guest's (handlerbench_guest/traps.py)."""

    id: str
    detail: str


class ParameterEntry(StrictModel):
    """What a request to a route may, or must, bring along."""

    name: str
    place: ParameterPlace
    is_required: bool
    type: str
    default: str | int | float | bool | None = None


class RouteEntry(_Placed):
    """A route; `endpoint` is module:qualname, `path` has the prefixes of the mounts and routers that it lies in.

    A route without `methods` is a mounted app of which nothing more is known.
    """

    methods: list[str]
    path: str
    mount: str
    endpoint: str
    style: Style
    hops: list[HopEntry]
    traps: list[TrapEntry]
    parameters: list[ParameterEntry]

    @property
    def name(self) -> str:
        """How people call it: GET /items/{id}. Starlette adds a HEAD to every GET, which is not said."""
        shown = [method for method in self.methods if method != "HEAD" or "GET" not in self.methods]
        return f"{','.join(shown) or 'ANY'} {self.path}"

    @property
    def hop_count(self) -> int:
        return sum(hop.count for hop in self.hops)


class MiddlewareEntry(_Placed):
    """A middleware that the app has added; the first in the list is the outermost."""

    name: str
    cls: str
    is_base_http: bool


class Inspection(StrictModel):
    """The whole object. With an `error` there are no routes."""

    error: ImportFailure | None
    python: str
    packages: dict[str, str]
    framework: Literal["FastAPI", "Starlette", "ASGI"] | None
    routes: list[RouteEntry]
    middleware: list[MiddlewareEntry]


def read_inspection(output: str) -> Inspection | None:
    """Return what an inspection printed as its last JSON line, whatever the app printed before; None if there is none.

    Raises pydantic's ValidationError for a line that is no inspection.
    """
    for line in reversed(output.splitlines()):
        if line.startswith('{"error"'):
            return Inspection.model_validate(_parsed(line))
    return None


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None

"""The tables of a handlerbench.toml with its own names, as pydantic reads them: one model for each table.

bench_file.py makes values of them, and checks what one table says about another.
"""

import re
import shlex
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from experiment.design.model import Load, LoadKind
from experiment.design.own_app import DEFAULT_PYTHON, is_header_value

_LONGEST_S = 600.0
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OF_THE_DRIVER = frozenset({"content-length", "transfer-encoding", "connection"})


def _target(text: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*", text):
        raise ValueError("must be a module and what it calls the app, such as shop.main:app")
    if text.partition(":")[0].endswith(".py"):
        raise ValueError("must name a module, not a file: main:app instead of main.py:app")
    return text


def _command(text: str) -> str:
    """Check that a command can be split into words as a shell does; no shell runs it."""
    if not shlex.split(text):  # which raises ValueError for a quote that does not close
        raise ValueError("must be a command")
    return text


def _path(text: str) -> str:
    if not re.fullmatch(r"/[!-~]*", text):
        raise ValueError("must be the part of the URL after the host, beginning with /, with %20 for a space")
    if "${" in text:
        raise ValueError("is written to the results; put what is secret into a header")
    return text


def _named_like_an_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise ValueError(
            "may have letters, digits, dots, - and _ only, at most 64, and begins with a letter or a digit"
        )
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in _OF_THE_DRIVER:
            raise ValueError(f"{name} is set by the load driver; leave it out")
        if not is_header_value(value):
            raise ValueError(f"{name} has a line break, a space at an end or a letter beyond Latin-1")
        if "${" in re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", "", value):
            raise ValueError(f"{name} has a ${{ that is not followed by a variable's name and a closing brace")
    return headers


Id = Annotated[str, AfterValidator(_named_like_an_id)]
Text = Annotated[str, Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S)]
Amount = Annotated[int, Field(ge=1, le=10_000)]


class _Entry(BaseModel):
    """A table of the file: types are not converted, unknown keys are errors, numbers are finite."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class AppEntry(_Entry):
    """The table [app]."""

    target: Annotated[str, AfterValidator(_target)] = Field(
        description="the module and what it calls the app, such as shop.main:app"
    )
    factory: bool = Field(default=False, description="target is called, without arguments, to get the app")
    python: Text = Field(default=DEFAULT_PYTHON, description="the app's own interpreter: a path, or a name on the PATH")
    directory: Text = Field(default=".", description="the folder that the app is started in")
    environment: dict[str, str] = Field(
        default={}, description="variables for the app; ${NAME} in a value is one of the caller's or of the env_file"
    )
    env_file: Text | None = Field(default=None, description="a file of NAME=value lines, read before environment")
    services: Annotated[str, AfterValidator(_command)] | None = Field(
        default=None,
        description="a command that starts what the app needs, run once in directory, without a shell; "
        "it must end by itself, as docker compose up -d does, unless services_port is given",
    )
    services_port: Annotated[int, Field(ge=1, le=65_535)] | None = Field(
        default=None,
        description="the services are ready when this port of 127.0.0.1 accepts connections; if it does already, "
        "the command is not run",
    )

    @model_validator(mode="after")
    def _port_of_services(self) -> "AppEntry":
        if self.services_port is not None and self.services is None:
            raise ValueError("has services_port without services")
        return self


class ExpectEntry(_Entry):
    """The right answer to a request."""

    status: Annotated[int, Field(ge=200, le=599)] = Field(default=200, description="the status that is right")
    body: Literal["same", "any"] | None = Field(
        default=None,
        description="same: equal to the first answer. any: not looked at. Without it, any if two answers differ",
    )
    contains: Text | None = Field(default=None, description="a text that the first answer must hold")


class RequestEntry(_Entry):
    """A table [[request]]."""

    id: Id = Field(description="its name, in claims and results: letters, digits, dots, - and _")
    method: Annotated[str, Field(pattern=r"^[A-Za-z]+$")] = Field(default="GET", description="the method")
    path: Annotated[str, AfterValidator(_path)] = Field(description="path and query, as they stand in a URL")
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(
        default={}, description="headers; ${NAME} in a value is a variable, and no value gets into a result"
    )
    body: str | None = Field(default=None, description="the body, as text")
    body_file: Text | None = Field(default=None, description="a file that is the body, instead of body")
    expect: ExpectEntry = Field(default=ExpectEntry(), description="the right answer, with the keys of the next table")

    @model_validator(mode="after")
    def _one_body(self) -> "RequestEntry":
        if self.body is not None and self.body_file is not None:
            raise ValueError("has body and body_file; leave one of them out")
        return self


class LoadEntry(_Entry):
    """A table [[load]]."""

    id: Id = Field(description="its name; one of ours may be named again, and then means this")
    kind: Literal["closed", "open", "burst"] = Field(
        description="closed: each user waits for an answer before the next request. open: requests come on a schedule. "
        "burst: all users ask once, at the same time"
    )
    users: Amount | None = Field(default=None, description="how many users, for closed and burst")
    rate_rps: Annotated[float, Field(gt=0, le=10_000)] | None = Field(
        default=None, description="requests a second, for open"
    )
    arrivals: Literal["constant", "poisson"] = Field(default="constant", description="how even the schedule of open is")
    max_in_flight: Amount = Field(default=1000, description="of open: no more requests than this wait for answers")
    stagger_s: Seconds = Field(default=0.2, description="the time in which the users begin, one after the other")
    warmup_s: Seconds | None = Field(default=None, description="seconds before the window; without it 1, for burst 0")
    window_s: Annotated[float, Field(gt=0, le=_LONGEST_S)] = Field(
        default=3.0, description="seconds in which answers count"
    )
    drain_s: Seconds = Field(default=0.0, description="seconds after the window in which answers may still come")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "LoadEntry":
        wanted, other = ("rate_rps", "users") if self.kind == "open" else ("users", "rate_rps")
        if getattr(self, wanted) is None:
            raise ValueError(f"a load of kind {self.kind} needs {wanted}")
        if getattr(self, other) is not None:
            raise ValueError(f"a load of kind {self.kind} has no {other}")
        return self

    @property
    def value(self) -> Load:
        own = self.model_dump(exclude={"kind", "users", "rate_rps", "warmup_s"})
        usual_warmup_s = 0.0 if self.kind == "burst" else 1.0
        return Load(
            **own,
            kind=LoadKind(self.kind),
            users=self.users or 0,
            rate_rps=self.rate_rps or 0.0,
            warmup_s=usual_warmup_s if self.warmup_s is None else self.warmup_s,
        )


class ClaimEntry(_Entry):
    """A table [[claim]]; its sides are checked when the whole file is known."""

    id: Id = Field(description="its name")
    statement: Text = Field(description="what is claimed, as a sentence that can turn out false")
    source: Text = Field(description='who says so, such as "my talk, slide 12"')
    treatment: Text = Field(description="the side that the claim is about: a request's id, with what is changed")
    baseline: Text | None = Field(
        default=None, description="the side it is set against; without it the metric itself is judged, not a ratio"
    )
    load: Text = Field(description="the id of a load, of this file or of ours")
    metric: Text = Field(description="what is measured")
    expected: Text = Field(description='where the result must lie: ">= 1.5", "<= 0.2" or "0.9..1.1"')


class FileEntry(_Entry):
    """The whole file."""

    app: AppEntry = Field(description="the app")
    request: list[RequestEntry] = Field(default=[], description="the requests that are measured")
    load: list[LoadEntry] = Field(default=[], description="the loads that each request is measured under")
    claim: list[ClaimEntry] = Field(default=[], description="claims of your own")

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

    target: Annotated[str, AfterValidator(_target)]
    factory: bool = False
    python: Text = DEFAULT_PYTHON
    directory: Text = "."
    environment: dict[str, str] = {}
    env_file: Text | None = None
    services: Annotated[str, AfterValidator(_command)] | None = None
    services_port: Annotated[int, Field(ge=1, le=65_535)] | None = None

    @model_validator(mode="after")
    def _port_of_services(self) -> "AppEntry":
        if self.services_port is not None and self.services is None:
            raise ValueError("has services_port without services")
        return self


class ExpectEntry(_Entry):
    """The right answer to a request."""

    status: Annotated[int, Field(ge=200, le=599)] = 200
    body: Literal["same", "any"] | None = None
    contains: Text | None = None


class RequestEntry(_Entry):
    """A table [[request]]."""

    id: Id
    method: Annotated[str, Field(pattern=r"^[A-Za-z]+$")] = "GET"
    path: Annotated[str, AfterValidator(_path)]
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = {}
    body: str | None = None
    body_file: Text | None = None
    expect: ExpectEntry = ExpectEntry()

    @model_validator(mode="after")
    def _one_body(self) -> "RequestEntry":
        if self.body is not None and self.body_file is not None:
            raise ValueError("has body and body_file; leave one of them out")
        return self


class LoadEntry(_Entry):
    """A table [[load]]."""

    id: Id
    kind: Literal["closed", "open", "burst"]
    users: Amount | None = None
    rate_rps: Annotated[float, Field(gt=0, le=10_000)] | None = None
    arrivals: Literal["constant", "poisson"] = "constant"
    max_in_flight: Amount = 1000
    stagger_s: Seconds = 0.2
    warmup_s: Seconds | None = None
    window_s: Annotated[float, Field(gt=0, le=_LONGEST_S)] = 3.0
    drain_s: Seconds = 0.0

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

    id: Id
    statement: Text
    source: Text
    treatment: Text
    baseline: Text | None = None
    load: Text
    metric: Text
    expected: Text


class FileEntry(_Entry):
    """The whole file."""

    app: AppEntry
    request: list[RequestEntry] = []
    load: list[LoadEntry] = []
    claim: list[ClaimEntry] = []

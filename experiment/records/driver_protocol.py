"""What the harness and the load driver say to each other: one JSON object on a line.

The harness writes commands to the standard input of locustfiles/trials.py and reads events from its standard output.
locustfiles/README.md says what each key means; docs/schema/ has the JSON schemas. The driver runs under gevent, which
must not meet the rest of the project: this module imports pydantic, the standard library and validation.py only.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Collection
from contextlib import suppress
from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from experiment.records.validation import Base64, StrictModel, complaint

T = TypeVar("T")
PROTOCOL = 2
"""Changes with what master and workers say to each other; unlike ones do not work together."""


class ProtocolError(ValueError):
    """A line that is no command or no event; the message names each key at fault."""

    def __init__(self, message: str, *, trial_id: str | None = None) -> None:
        """Keep the trial that the line speaks of, where that could be read."""
        super().__init__(message)
        self.trial_id = trial_id


def _allowed(host: str, info: ValidationInfo) -> str:
    """Refuse to load what this process was not started for: a slip in a command must not become an attack.

    The validation's context holds the addresses it was started for. Without any, or with one that is loopback, it may
    load every loopback address.
    """
    named: Collection[str] = info.context or ()
    with suppress(ValueError):
        is_home = not named or any(ipaddress.ip_address(each).is_loopback for each in named)
        if host in named or (is_home and ipaddress.ip_address(host).is_loopback):
            return host
    raise ValueError(f"must be {' or '.join(named) or 'a loopback address such as 127.0.0.1 or ::1'}")


def _ascending(offsets_s: tuple[float, ...]) -> tuple[float, ...]:
    if any(later < earlier for earlier, later in pairwise(offsets_s)):
        raise ValueError("no time may be earlier than the one before it")
    return offsets_s


MOST_AT_ONCE = 10_000
Amount = Annotated[int, Field(ge=1, le=MOST_AT_ONCE)]  # of users or of requests

# commands


class Request(StrictModel):
    """What is sent and what the right answer is; without an expected body any body is right."""

    method: Annotated[str, Field(pattern=r"^[A-Za-z]+$")]
    path: Annotated[str, Field(pattern=r"^/\S*$")]
    headers: tuple[tuple[str, str], ...] = ()
    body: Base64 | None = Field(default=None, alias="body_base64")
    expected_status: Annotated[int, Field(ge=200, le=599)]
    expected_body: Base64 | None = Field(default=None, alias="expected_body_base64")


class ClosedOrder(StrictModel):
    """A number of users who each send again when answered; their first requests are spread over `stagger_s`.

    The first user begins `first_s` after the load does; that is for a part of a load, and left out where it is 0.
    """

    kind: Literal["closed"] = "closed"
    users: Amount
    stagger_s: NonNegativeFloat = 0.0
    first_s: NonNegativeFloat = Field(default=0.0, exclude_if=lambda given: given == 0)


class BurstOrder(StrictModel):
    """A number of requests at once."""

    kind: Literal["burst"] = "burst"
    requests: Amount


class OpenOrder(StrictModel):
    """Arrivals at a rate that do not wait for answers.

    A part of such a load has every `every`-th of them, from number `first`; both are left out of the whole one.
    """

    kind: Literal["open"] = "open"
    rate_rps: PositiveFloat
    arrivals: Literal["constant", "poisson"]
    seed: Annotated[int, Field(ge=0, le=2**63)]
    max_in_flight: Amount
    first: NonNegativeInt = Field(default=0, exclude_if=lambda given: given == 0)
    every: int = Field(default=1, ge=1, le=1_000, exclude_if=lambda given: given == 1)


class ReplayOrder(StrictModel):
    """Arrivals at given times, in seconds from the start of the load; they do not wait either."""

    kind: Literal["replay"] = "replay"
    offsets_s: Annotated[tuple[NonNegativeFloat, ...], Field(min_length=1), AfterValidator(_ascending)]
    max_in_flight: Amount


class BystanderOrder(Request):
    """An innocent request, sent every `interval_s` beside the load."""

    interval_s: PositiveFloat
    max_in_flight: Amount


class TrialCommand(StrictModel):
    """One trial: which server to load, with what, and for how long."""

    do: Literal["trial"] = "trial"
    trial_id: Annotated[str, Field(min_length=1)]
    host: Annotated[str, AfterValidator(_allowed)]
    port: Annotated[int, Field(ge=1, le=65_535)]
    request: Request
    load: Annotated[ClosedOrder | BurstOrder | OpenOrder | ReplayOrder, Field(discriminator="kind")]
    warmup_s: NonNegativeFloat = 0.0
    window_s: PositiveFloat
    drain_s: NonNegativeFloat = 0.0
    request_timeout_s: PositiveFloat
    bystander: BystanderOrder | None = None

    @model_validator(mode="after")
    def _only_a_burst_needs_no_warmup(self) -> TrialCommand:
        if "warmup_s" not in self.model_fields_set and not isinstance(self.load, BurstOrder):
            raise ValueError("only a burst may be without warmup_s")
        return self

    @property
    def duration_s(self) -> float:
        """How long the trial takes, connecting not included."""
        return self.warmup_s + self.window_s + self.drain_s


class QuitCommand(StrictModel):
    """End the driver, at once."""

    do: Literal["quit"] = "quit"


# events


class WorkerFacts(StrictModel):
    """A worker of a driver that has several: where it runs and with what.

    Processes of one `machine` see each other's pids; those of one `network` have the same loopback address. Both are
    names without a meaning of their own, and left out by an older driver.
    """

    host: str
    pid: int
    core: int | None  # where it is pinned to one
    locust: str
    python: str
    protocol: int
    machine: str = ""
    network: str = ""


class ReadyEvent(StrictModel):
    """The driver waits for commands; said once. `machine` is as that of its workers."""

    event: Literal["ready"] = "ready"
    locust: str
    python: str
    pid: int
    workers: tuple[WorkerFacts, ...] = ()
    machine: str = ""


class WarmEvent(StrictModel):
    """The load begins: all users have connected."""

    event: Literal["warm"] = "warm"
    trial_id: str
    t: float


class WindowOpenEvent(StrictModel):
    """From `t` on requests count."""

    event: Literal["window-open"] = "window-open"
    trial_id: str
    t: float


class WindowCloseEvent(StrictModel):
    """From `t` on they do not."""

    event: Literal["window-close"] = "window-close"
    trial_id: str
    t: float


class ProgressEvent(StrictModel):
    """A whole second of the window; wrong answers are errors here."""

    event: Literal["progress"] = "progress"
    trial_id: str
    second: int
    rps: int
    p99_us: float | None
    errors: int


class HistogramPairs(StrictModel):
    """A histogram as [bucket, count] pairs; censored are the ages of what was not answered when we stopped looking.

    Entered are the ages, when the window opened, of those of both that were in flight then.
    """

    counts: tuple[tuple[int, int], ...]
    censored: tuple[tuple[int, int], ...]
    entered: tuple[tuple[int, int], ...] = ()


class SecondCounts(StrictModel):
    """What ended in one second of the window, and the longest wait of a bystander that began in it."""

    second: int
    answers: int
    wrong: int
    errors: int
    bystander_max_us: int | None


class RequestCounts(StrictModel):
    """What became of the requests of a load, or of the bystander's."""

    sent: int
    answers: int
    wrong: int
    errors: dict[str, int]
    errors_warmup: dict[str, int]
    first_failure: str | None
    connections_opened: int
    connections_opened_in_window: int | None = None  # an older driver does not say
    dropped: int
    response: HistogramPairs
    send_lag: HistogramPairs


class BystanderCounts(RequestCounts):
    """What became of the bystander's; `response_by_tenth` by the tenth of the window in which a call was due."""

    response_by_tenth: tuple[HistogramPairs, ...]


class ResultEvent(RequestCounts):
    """All that was counted in a trial."""

    event: Literal["result"] = "result"
    trial_id: str
    window_open_t: float
    window_close_t: float
    window_s: float
    users_started: int
    users_failed: int
    service: HistogramPairs
    per_second: tuple[SecondCounts, ...]
    bin_s: float
    answers_per_bin: tuple[int, ...]
    in_flight_mean: float
    in_flight_ns: int | None = None  # all time in flight inside the window; an older driver does not say
    in_flight_end: int
    makespan_s: float | None
    bystander: BystanderCounts | None
    driver_cpu_s: float
    driver_wall_s: float


class ErrorEvent(StrictModel):
    """In place of a result: the command could not be read, or the trial broke. The driver goes on."""

    event: Literal["error"] = "error"
    trial_id: str | None
    message: str


Command = Annotated[TrialCommand | QuitCommand, Field(discriminator="do")]
Event = Annotated[
    ReadyEvent | WarmEvent | WindowOpenEvent | ProgressEvent | WindowCloseEvent | ResultEvent | ErrorEvent,
    Field(discriminator="event"),
]
COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
_KINDS = ("closed", "burst", "open", "replay")


def read_command(line: str | bytes, *, hosts: Collection[str] = ()) -> Command:
    """Return the command on a line; `hosts` are the addresses that may be loaded, none: loopback ones.

    Raises ProtocolError for anything else.
    """
    return _read(COMMANDS, line, hosts)


def read_event(line: str | bytes) -> Event:
    """Return the event on a line. Raises ProtocolError for anything else."""
    return _read(EVENTS, line)


def _read(messages: TypeAdapter[T], line: str | bytes, hosts: Collection[str] = ()) -> T:
    try:
        return messages.validate_json(line, by_alias=True, by_name=False, context=hosts)
    except ValidationError as error:
        raise ProtocolError(complaint(error, tags=_KINDS), trial_id=_trial_id(line)) from None


def _trial_id(line: str | bytes) -> str | None:
    try:
        trial_id = json.loads(line)["trial_id"]
    except (ValueError, LookupError, TypeError):
        return None
    return trial_id if isinstance(trial_id, str) else None

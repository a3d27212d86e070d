"""What a driver's master and its workers say to each other, beside what Locust's own say: one JSON text a message.

Locust carries them: a message of ours is the data of a Locust message of the type MESSAGE. Only the standard library,
pydantic and the driver's other messages are imported here, since the driver runs under gevent.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from experiment.records.driver_protocol import ProtocolError, ResultEvent, TrialCommand, WorkerFacts
from experiment.records.validation import StrictModel, complaint

T = TypeVar("T")
MESSAGE = "handlerbench"

# from a worker


class Hello(StrictModel):
    """The worker is here; said at the beginning, and again when asked for by a master that does not know it."""

    say: Literal["hello"] = "hello"
    facts: WorkerFacts


class Clock(StrictModel):
    """What the worker's clock says; `asked_t` is the master's own, which it sent."""

    say: Literal["clock"] = "clock"
    asked_t: float
    t: float


class Prepared(StrictModel):
    """All users of the worker's part have connected."""

    say: Literal["prepared"] = "prepared"
    trial_id: str


class Second(StrictModel):
    """A whole second of the window; `counts` are [bucket, count] pairs of its response times."""

    say: Literal["second"] = "second"
    trial_id: str
    second: int
    answers: int
    errors: int
    counts: tuple[tuple[int, int], ...]


class Finished(StrictModel):
    """The worker's part of a burst has all its answers."""

    say: Literal["finished"] = "finished"
    trial_id: str


class Done(StrictModel):
    """The result of the worker's part; said again until it is acknowledged."""

    say: Literal["done"] = "done"
    trial_id: str
    result: ResultEvent


class Broke(StrictModel):
    """In place of a result."""

    say: Literal["broke"] = "broke"
    trial_id: str
    message: str


# to a worker


class Introduce(StrictModel):
    """Say hello."""

    say: Literal["introduce"] = "introduce"


class AskClock(StrictModel):
    """Say what your clock says."""

    say: Literal["ask-clock"] = "ask-clock"
    t: float


class Part(StrictModel):
    """Connect the users of your part of a trial, and say that you are prepared."""

    say: Literal["part"] = "part"
    command: TrialCommand


class Go(StrictModel):
    """Begin the load at `t` of your own clock."""

    say: Literal["go"] = "go"
    trial_id: str
    t: float


class Close(StrictModel):
    """End the window now: the burst is over."""

    say: Literal["close"] = "close"
    trial_id: str


class Taken(StrictModel):
    """Your result is here."""

    say: Literal["taken"] = "taken"
    trial_id: str


class Abandon(StrictModel):
    """The trial broke elsewhere; end your part of it."""

    say: Literal["abandon"] = "abandon"
    trial_id: str


FromWorker = Annotated[Hello | Clock | Prepared | Second | Finished | Done | Broke, Field(discriminator="say")]
ToWorker = Annotated[Introduce | AskClock | Part | Go | Close | Taken | Abandon, Field(discriminator="say")]
_FROM: TypeAdapter[FromWorker] = TypeAdapter(FromWorker)
_TO: TypeAdapter[ToWorker] = TypeAdapter(ToWorker)


def from_worker(text: object) -> FromWorker:
    """Return a worker's message. Raises ProtocolError for anything else."""
    return _read(_FROM, text)


def to_worker(text: object, *, hosts: Collection[str] = ()) -> ToWorker:
    """Return a master's message; `hosts` are the addresses that may be loaded, none: loopback ones.

    Raises ProtocolError for anything else; it keeps the trial of a part that may not be carried out.
    """
    return _read(_TO, text, hosts)


def _read(messages: TypeAdapter[T], text: object, hosts: Collection[str] = ()) -> T:
    if not isinstance(text, str):
        raise ProtocolError("it is no text")
    try:
        return messages.validate_json(text, by_alias=True, by_name=False, context=hosts)
    except ValidationError as error:
        raise ProtocolError(complaint(error), trial_id=_trial_of_part(text)) from None


def _trial_of_part(text: str) -> str | None:
    try:
        trial_id = json.loads(text)["command"]["trial_id"]
    except (ValueError, LookupError, TypeError):
        return None
    return trial_id if isinstance(trial_id, str) else None

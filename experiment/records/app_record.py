"""What a campaign over somebody's own app leaves beside the usual tables: app.json and blocking.csv.

app.json says which app it was, what preflight and the pilot found, which claims were registered and why, and which
changes could not be tried. blocking.csv has a row for each of the app's lines that held up the loop in a trial. No
value of a secret stands in either.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from experiment.errors import StoreError
from experiment.records.registered import Entry
from experiment.records.validation import complaint
from experiment.records.writing import append_rows, write_whole

APP, BLOCKING = "app.json", "blocking.csv"
BLOCKING_COLUMNS = ("trial_id", "place", "library_call", "lost_s")

ClaimKind = Literal["blocks", "bystander", "capacity", "change", "own"]
"""What a claim is about: the loop held up, what a bystander waits, the goodput against theory, a change, the user's."""


class VersionEntry(Entry):
    """One version of the app: the folder's own, or that of `--against`."""

    name: str = Field(description="as in a treatment's factor `version`; empty for the app as its settings have it")
    target: str
    directory: str = Field(description="relative to where the command ran; of a folder elsewhere only the name")
    prefix: str = Field(default="", description="of the app's files in their git repository, e.g. shop/")
    commit: str | None = None
    dirty: bool | None = None
    packages: dict[str, str] = Field(default={}, description="python, fastapi, starlette, uvicorn and others: version")
    inspection: dict[str, Any] | None = Field(default=None, description="as handlerbench_guest.inspect printed it")


class RequestEntry(Entry):
    """A request as it was sent, without the values of its headers, and what preflight found."""

    id: str
    method: str
    path: str
    header_names: tuple[str, ...] = ()
    has_body: bool = False
    expect_status: int = 200
    expect_body: Literal["same", "any"] = "same"
    expect_contains: str | None = None
    is_varying: bool = Field(default=False, description="two answers differed, so any body is right")
    answer_bytes: int | None = None
    content_type: str | None = None
    endpoint: str | None = Field(default=None, description="module:qualname of the route that answers it")
    route: str | None = None
    style: str | None = Field(default=None, description="of that route: async, def, class, asgi")
    file: str | None = None
    line: int | None = None


class PilotEntry(Entry):
    """One request sent again and again by one user before anything was registered: what theory is computed from."""

    request: str
    version: str = ""
    answers: int | None = None
    service_us: float | None = Field(default=None, description="mean response time of one user")
    cpu_us: float | None = Field(default=None, description="CPU of the whole app a request; null: too little to tell")
    blocked_ms: float | None = Field(default=None, description="the loop held up, an answer")
    failure: str | None = None


class Prediction(Entry):
    """What theory says of a treatment, from the pilot's figures; a prediction and never a measurement."""

    treatment: str
    baseline: str | None = None
    metric: str
    value: float = Field(description="in the metric's unit")
    ratio: float | None = Field(default=None, description="to the baseline's own value")
    decided_by: str = Field(description="the term that decides it, such as N/S, T/S, 1/c, 1/(S+c)")


class RefusalEntry(Entry):
    """A change that could not be tried on a request, and why."""

    request: str
    change: str = Field(description="as in a treatment's id: style-def, without-GZipMiddleware")
    why: str
    file: str | None = None
    line: int | None = None
    function: str | None = None


class ClaimNote(Entry):
    """What a registered claim is about, so that nobody takes its id apart."""

    id: str
    kind: ClaimKind
    request: str
    load: str
    change: str | None = Field(default=None, description="of kind change: what differs, e.g. style-def")
    margin: float | None = Field(default=None, description="of kind change: the share within which two are the same")


class TroubleEntry(Entry):
    """A trial that went wrong, with the app's own last log lines."""

    trial_id: str
    request: str
    reason: str
    log: tuple[str, ...] = ()


class FindingEntry(Entry):
    """A static finding: what was seen in the code, without load."""

    id: str
    title: str
    why: str
    claim: str | None = Field(default=None, description="the claim of ours that measured what it costs")
    route: str | None = None
    file: str | None = None
    line: int | None = None
    detail: str = ""


class AppRecord(Entry):
    """The file app.json."""

    format: Literal[1] = 1
    asked: Annotated[str, Field(description="run, run against a version, or try")] = "run"
    file: str = Field(default="handlerbench.toml", description="the settings' file, by name")
    versions: tuple[VersionEntry, ...]
    requests: tuple[RequestEntry, ...]
    pilots: tuple[PilotEntry, ...] = ()
    claims: tuple[ClaimNote, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    refusals: tuple[RefusalEntry, ...] = ()
    findings: tuple[FindingEntry, ...] = ()
    troubles: tuple[TroubleEntry, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="what else a reader must know, in sentences")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingLine:
    """A line that held up the loop in one trial's window: `lost_s` seconds of it were spent there.

    `place` is "file:line in function"; a leading "~" says that no line of the app was on the stack. `library_call` is
    the innermost call below it, if that is not the app's own.
    """

    trial_id: str
    place: str
    library_call: str | None
    lost_s: float


def write_app_record(folder: Path, record: AppRecord) -> None:
    write_whole(folder / APP, record.model_dump_json(indent=2) + "\n")


def read_app_record(folder: Path) -> AppRecord:
    """Return a campaign's app.json. Raises StoreError when there is none, or what is wrong with it."""
    path = folder / APP
    try:
        return AppRecord.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise StoreError(f"{folder} holds no campaign over an app of yours: there is no {APP} in it.") from None
    except json.JSONDecodeError as error:
        raise StoreError(f"{path} is damaged: {error}") from None
    except ValidationError as error:
        raise StoreError(f"{path}: {complaint(error)}") from None


def create_blocking(folder: Path) -> None:
    append_rows(folder / BLOCKING, [BLOCKING_COLUMNS])


def append_blocking(folder: Path, lines: Iterable[BlockingLine]) -> None:
    append_rows(folder / BLOCKING, ([x.trial_id, x.place, x.library_call or "", f"{x.lost_s:.6f}"] for x in lines))


def mend_blocking(folder: Path) -> None:
    """Cut off a half-written last line that a crash left, so that the next row starts on a line of its own."""
    path = folder / BLOCKING
    if not path.exists():
        create_blocking(folder)
        return
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        with path.open("r+b") as file:
            file.truncate(len(whole))


def read_blocking(folder: Path) -> tuple[BlockingLine, ...]:
    """Return the lines of every trial, finished or not; a half-written last one is left out."""
    try:
        text = (folder / BLOCKING).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    whole = text[: text.rfind("\n") + 1].splitlines()
    try:
        return tuple(
            BlockingLine(
                trial_id=row["trial_id"],
                place=row["place"],
                library_call=row["library_call"] or None,
                lost_s=float(row["lost_s"]),
            )
            for row in csv.DictReader(whole)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{folder / BLOCKING} is damaged: {error!r}") from None

"""What a campaign over somebody's own app found, request by request. Values only; reading.py makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from analysis.stats.direction import Direction
from analysis.stats.results import ClaimResult, ComparisonResult
from experiment.design.metrics import Metric
from experiment.design.model import Load
from experiment.records.app_record import (
    AppRecord,
    ClaimNote,
    FindingEntry,
    PilotEntry,
    Prediction,
    RefusalEntry,
    RequestEntry,
    TroubleEntry,
)
from experiment.records.histogram import Quantile
from experiment.records.manifest import Manifest


class Standing(StrEnum):
    """What was found about a request and the event loop."""

    BLOCKS = "blocks"
    CLEAR = "clear"
    UNDECIDED = "undecided"
    FAILED = "failed"  # no trial of it is valid, and not every answer was right
    UNJUDGED = "unjudged"  # nothing about it was registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A metric over the valid trials of a treatment: their median, the range, and how many there are.

    `is_floor`: in at least one trial the true value is only known to be at least the one given.
    """

    median: float
    low: float
    high: float
    n: int
    is_floor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Percentiles of durations over all valid trials; None where there are too few for one."""

    count: int
    p50: Quantile | None
    p90: Quantile | None
    p99: Quantile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCall:
    """A library call that the app's line was in, with its `share` (0..1) of all the time lost."""

    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingPlace:
    """A line on which the loop stood still: `share` (0..1) of the time lost, and `ms` of it an answer.

    `line` is None where the place names none. Where `is_own` is false, no line of the app was on the stack. `calls`
    are the innermost calls below the line, the longest first.
    """

    file: str
    line: int | None
    function: str
    share: float
    ms: float | None
    is_own: bool = True
    calls: tuple[LibraryCall, ...] = ()

    @property
    def library_call(self) -> str | None:
        """The call below it that most of the time was lost in."""
        return self.calls[0].name if self.calls else None

    @property
    def at(self) -> str:
        """The place as an editor takes it: `shop/search.py:41`."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """A request under one load, on one configuration."""

    treatment: str
    load: Load
    trials: int
    valid: int
    figures: Mapping[str, Spread]  # by the metric's name; what was not measured is missing
    response: Percentiles | None
    bystander: Percentiles | None
    prediction: Prediction | None
    wrong: int | None
    errors: int | None
    first_failure: str | None
    tokens_total: int | None

    def figure(self, metric: Metric) -> Spread | None:
        return self.figures.get(metric.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """A registered claim with its verdict, and what it is about."""

    note: ClaimNote
    result: ClaimResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change to how a request is served: measured, predicted, refused, or several of these.

    `key` names it as a treatment's id does. `parts` are the ratios that were judged, that of the goodput first, each
    the changed side over the other. With `is_version` the ratios are the app as it is over the other version.
    """

    key: str
    load: str
    parts: tuple[ComparisonResult, ...] = ()
    outcome: Direction = Direction.UNDECIDED
    margin: float
    prediction: Prediction | None = None
    refusal: RefusalEntry | None = None
    before: LoadResult | None = None
    after: LoadResult | None = None
    is_version: bool = False

    @property
    def is_measured(self) -> bool:
        return any(part.estimate.effect is not None for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteResult:
    """One request, and everything that was found about it. `loads` are those of the app as it is, lightest first.

    `failure` says why it was not measured at all.
    """

    request: RequestEntry
    standing: Standing
    pilot: PilotEntry | None
    loads: tuple[LoadResult, ...]
    claims: tuple[JudgedClaim, ...]
    places: tuple[BlockingPlace, ...]
    changes: tuple[Change, ...]
    refusals: tuple[RefusalEntry, ...]
    findings: tuple[FindingEntry, ...]
    troubles: tuple[TroubleEntry, ...]
    failure: str | None = None

    @property
    def name(self) -> str:
        """How people name it: `GET /search`."""
        return f"{self.request.method} {self.request.path}"

    @property
    def alone(self) -> LoadResult | None:
        """What one user saw."""
        return next((found for found in self.loads if found.load.users == 1), None)

    @property
    def busy(self) -> LoadResult | None:
        """The heaviest load, if there is another one than a single user."""
        return next((found for found in reversed(self.loads) if found.load.users != 1), None)

    def claim(self, kind: str) -> JudgedClaim | None:
        """Return the first claim of a kind."""
        return next((claim for claim in self.claims if claim.note.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppResults:
    """A whole campaign over an app."""

    manifest: Manifest
    record: AppRecord
    routes: tuple[RouteResult, ...]
    own: tuple[JudgedClaim, ...]  # the claims that the app's people wrote down
    findings: tuple[FindingEntry, ...]  # static ones, of every route and of none
    trials: int
    valid: int
    rules: Mapping[str, int]  # validity rules that fired: in how many trials

    @property
    def target(self) -> str:
        return self.record.versions[0].target if self.record.versions else self.manifest.campaign

    @property
    def shown_findings(self) -> tuple[FindingEntry, ...]:
        """The static findings that matter here: after a try, those of the routes that were tried."""
        if self.record.asked != "try":
            return self.findings
        tried = {finding for route in self.routes for finding in route.findings}
        return tuple(finding for finding in self.findings if finding in tried)

    @property
    def file_prefix(self) -> str:
        """What stands before the app's files in their git repository."""
        return self.record.versions[0].prefix if self.record.versions else ""

"""The contents of a campaign's manifest.json: what it measures, registered beforehand, and on which machine.

A report judges a campaign by the claims in its own manifest, not by today's table. So a later change of an interval
cannot change the verdicts of an old campaign. The JSON schema is docs/schema/manifest.json. Format 1, which had fewer
server factors, stays readable in every later version.
"""

from collections.abc import Iterable, Mapping
from math import inf, isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError, field_validator

from bench_app.table import UnknownNameError
from experiment.design.factors import FactorError, Value, server
from experiment.design.metrics import METRICS
from experiment.design.model import Claim, Comparison, Interval, Load, Treatment
from experiment.errors import StoreError
from experiment.records.validation import complaint

FORMAT_VERSION: Literal[2] = 2
OLD_NAMES = {
    "goodput_even_rps": "goodput_normalized_rps",
    "sut_cpu_even_us_per_request": "sut_cpu_normalized_us_per_request",
}
"""Metrics, and columns of trials.csv, that had another name in format 1."""

Seconds = float


def _number(value: Any) -> Any:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value)):
        raise ValueError("must be a number")
    return value


Setting = Annotated[
    float | None, PlainValidator(_number, json_schema_input_type=float | None), PlainSerializer(lambda value: value)
]


class Entry(BaseModel):
    """A part of the manifest: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TreatmentEntry(Entry):
    """A treatment. Its id is included for people who read the manifest."""

    id: str
    variant: str
    load: str
    server: dict[str, Value] = {}

    @field_validator("server")
    @classmethod
    def _known(cls, values: dict[str, Value]) -> dict[str, Value]:
        try:
            server(values)
        except (FactorError, UnknownNameError) as error:
            raise ValueError(str(error)) from None
        return values

    @classmethod
    def of(cls, treatment: Treatment) -> Self:
        """Return the entry of a treatment, with every factor's value."""
        return cls(id=treatment.id, variant=treatment.variant, load=treatment.load, server=treatment.server.values())

    @property
    def value(self) -> Treatment:
        return Treatment(variant=self.variant, load=self.load, server=server(self.server))


class ComparisonEntry(Entry):
    """A comparison; an open end of the interval is null, since JSON has no infinity."""

    treatment: TreatmentEntry
    baseline: TreatmentEntry | None
    metric: str
    expected: tuple[float, float | None]
    scatter: float = 0.0
    is_alike: bool = False

    @field_validator("metric")
    @classmethod
    def _known(cls, name: str) -> str:
        name = OLD_NAMES.get(name, name)
        try:
            return METRICS[name].name
        except UnknownNameError as error:
            raise ValueError(str(error)) from None

    @field_validator("expected")
    @classmethod
    def _ordered(cls, ends: tuple[float, float | None]) -> tuple[float, float | None]:
        low, high = ends
        Interval(low, inf if high is None else high)  # raises ValueError for a reversed one
        return ends

    @property
    def value(self) -> Comparison:
        low, high = self.expected
        return Comparison(
            treatment=self.treatment.value,
            baseline=None if self.baseline is None else self.baseline.value,
            metric=METRICS[self.metric],
            expected=Interval(low, inf if high is None else high),
            scatter=self.scatter,
            is_alike=self.is_alike,
        )


class ClaimEntry(Entry):
    """A claim as it was registered."""

    id: str
    slug: str
    statement: str
    source: str
    note: str = ""
    refuted_by: str = ""
    comparisons: tuple[ComparisonEntry, ...] = ()
    beside: tuple[ComparisonEntry, ...] = ()

    @classmethod
    def of(cls, claim: Claim) -> Self:
        return cls(
            id=claim.id,
            slug=claim.slug,
            statement=claim.statement,
            source=claim.source,
            note=claim.note,
            refuted_by=claim.refuted_by,
            comparisons=tuple(_comparison(c) for c in claim.comparisons),
            beside=tuple(_comparison(c) for c in claim.beside),
        )

    @property
    def value(self) -> Claim:
        own = {name: getattr(self, name) for name in ("id", "slug", "statement", "source", "note", "refuted_by")}
        judged, beside = (tuple(c.value for c in entries) for entries in (self.comparisons, self.beside))
        return Claim(**own, comparisons=judged, beside=beside)


def _comparison(comparison: Comparison) -> ComparisonEntry:
    low, high = comparison.expected.low, comparison.expected.high
    return ComparisonEntry(
        treatment=TreatmentEntry.of(comparison.treatment),
        baseline=None if comparison.baseline is None else TreatmentEntry.of(comparison.baseline),
        metric=comparison.metric.name,
        expected=(low, None if high == inf else high),
        scatter=comparison.scatter,
        is_alike=comparison.is_alike,
    )


class ProfileFacts(Entry):
    """The profile of the campaign, and its limits."""

    name: str
    is_smoke: bool = False
    budget_s: Seconds
    max_rounds: int
    time_scale: float = 1.0
    all_rounds: bool = False


class HostFacts(Entry):
    """What a reader must know about the machine to compare it with another one; None means not recorded."""

    cpu: str | None = None
    cores: int | None = None
    memory_gib: float | None = None
    kernel: str | None = None
    os: str | None = None
    arch: str | None = None
    python: str | None = None
    python_implementation: str | None = None


class GitState(Entry):
    """The checkout it was measured from; None outside a git checkout."""

    commit: str | None = None
    dirty: bool | None = None


class Pinning(Entry):
    """The cores of the SUT, and those of everything else."""

    sut: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    everything: tuple[int, ...] = ()
    enforced: bool | None = None
    note: str = ""


class DatabaseFacts(Entry):
    """The PostgreSQL behind the db variants."""

    version: str
    source: str


class ReproducedCampaign(Entry):
    """The campaign that this one repeats, and its place, relative to this one's folder."""

    campaign: str
    commit: str | None = None
    path: str | None = None


class Manifest(Entry):
    """The file manifest.json. What a campaign did not record is None or empty."""

    format_version: Literal[2] = FORMAT_VERSION
    project: str = "handlerbench"
    version: str = ""
    campaign: str
    profile: ProfileFacts | None = None
    command: str = ""
    seed: int | None = None
    alpha: float = 0.05
    judge: Literal["1", "2", "3"] = Field(
        default="3", description="the judge's rule; a manifest that names none has rule 1"
    )
    started_at: str | None = None
    finished_at: str | None = None
    stopped_because: str | None = None
    host: HostFacts = HostFacts()
    packages: dict[str, str] = {}
    git: GitState = GitState()
    pinning: Pinning = Pinning()
    settings: dict[str, Setting] = {}
    loads: dict[str, Load] = {}
    claims_version: int = Field(default=1, description="of the table of claims; CHANGELOG says what changed with each")
    claims: tuple[ClaimEntry, ...] = ()
    treatments: tuple[TreatmentEntry, ...] = ()
    sweep: tuple[TreatmentEntry, ...] = ()
    skipped: dict[str, str] = Field(default={}, description="variant or treatment: why it is not measured")
    commands: dict[str, str] = Field(default={}, description="treatment: the SUT's command line and variables")
    forked: bool | None = Field(default=None, description="whether SUTs of the usual launch were forked, not started")
    database: DatabaseFacts | None = None
    reproduces: ReproducedCampaign | None = None

    def planned(self) -> tuple[Treatment, ...]:
        return tuple(entry.value for entry in self.treatments)

    def asked(self) -> tuple[Claim, ...]:
        """Return the claims that are judged, in order."""
        return tuple(entry.value for entry in self.claims)


def treatment_entries(treatments: Iterable[Treatment]) -> tuple[TreatmentEntry, ...]:
    return tuple(TreatmentEntry.of(t) for t in treatments)


def read_manifest(data: Mapping[str, Any], where: str) -> Manifest:
    """Return the manifest from parsed JSON of this format or an older one.

    Raises StoreError for anything else. The message names the file `where` and the key.
    """
    version = data.get("format_version")
    if version not in (1, FORMAT_VERSION):
        raise StoreError(
            f"{where} has format {version}; this version reads formats 1 to {FORMAT_VERSION}. Use the version that "
            "wrote it (see its manifest)."
        )
    try:
        return Manifest.model_validate({"judge": "1", **(_from_format_1(data) if version == 1 else data)})
    except ValidationError as error:
        raise StoreError(f"{where}: {complaint(error)}") from None


def _from_format_1(data: Mapping[str, Any]) -> dict[str, Any]:
    claims = [{k: v for k, v in claim.items() if k != "measurability"} for claim in data.get("claims", ())]
    return {**data, "format_version": FORMAT_VERSION, "claims": claims}

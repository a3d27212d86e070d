"""What a manifest registers, as it stands there: treatments, comparisons, claims and loads, each within its bounds."""

from collections.abc import Iterable
from math import inf
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from bench_app.table import UnknownNameError
from experiment.design.factor import FactorError, Value
from experiment.design.factors import server
from experiment.design.metrics import METRICS
from experiment.design.model import Claim, Comparison, Interval, Load, LoadKind, Treatment
from experiment.records.names import ClaimId, Name, Slug

OLD_NAMES = {
    "goodput_even_rps": "goodput_normalized_rps",
    "sut_cpu_even_us_per_request": "sut_cpu_normalized_us_per_request",
}
"""Metrics, and columns of trials.csv, that had another name in format 1."""

Text = Annotated[str, Field(max_length=20_000)]
End = Annotated[float, Field(ge=0, le=1e15)]


class Entry(BaseModel):
    """A part of the manifest: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _asks_something(load: Load) -> Load:
    """Refuse a load that would ask nothing: no users, no arrivals."""
    if load.kind is LoadKind.OPEN and load.rate_rps <= 0:
        raise ValueError("rate_rps must be more than 0 for an open load")
    if load.kind is not LoadKind.OPEN and load.users < 1:
        raise ValueError("users must be at least 1 for this kind of load")
    return load


PlannedLoad = Annotated[Load, AfterValidator(_asks_something)]


class TreatmentEntry(Entry):
    """A treatment. Its id is included for people who read the manifest."""

    id: Name
    variant: Name
    load: Name
    server: dict[str, Value] = {}

    @field_validator("server")
    @classmethod
    def _known(cls, values: dict[str, Value]) -> dict[str, Value]:
        try:
            server(values)
        except (FactorError, UnknownNameError) as error:
            raise ValueError(str(error)) from None
        return values

    @model_validator(mode="after")
    def _named_after_itself(self) -> Self:
        if self.id != self.value.id:
            raise ValueError(f"the id must be {self.value.id}")
        return self

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
    expected: tuple[End, End | None]
    scatter: Annotated[float, Field(ge=0, le=100)] = 0.0
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

    id: ClaimId
    slug: Slug
    statement: Text
    source: Text
    note: Text = ""
    refuted_by: Text = ""
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


def treatment_entries(treatments: Iterable[Treatment]) -> tuple[TreatmentEntry, ...]:
    return tuple(TreatmentEntry.of(t) for t in treatments)

"""What a campaign measures: loads, treatments, comparisons and claims. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf, isinf
from typing import Annotated, Literal

from pydantic import Field

from experiment.design.factors import ServerConfig
from experiment.design.metrics import Metric


class LoadKind(StrEnum):
    """Who decides when the next request is sent."""

    CLOSED = "closed"  # N users, each sends its next request right after an answer
    OPEN = "open"  # arrivals on a schedule that does not wait for answers
    BURST = "burst"  # N at once, until all have their answer


Seconds = Annotated[float, Field(ge=0, le=3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the driver does to the SUT during one trial. A manifest with a load out of these bounds is refused."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic where a manifest holds loads

    id: str
    kind: LoadKind
    users: Annotated[int, Field(ge=0, le=10_000)] = 0  # closed: users; burst: requests sent at once
    rate_rps: Annotated[float, Field(ge=0, le=100_000)] = 0.0  # open: arrivals a second
    arrivals: Literal["constant", "poisson"] = "constant"  # open
    max_in_flight: Annotated[int, Field(ge=1, le=10_000)] = 1000  # open: arrivals beyond it are counted as dropped
    stagger_s: Seconds = 0.2  # closed: the users' first requests are spread over this part of the warm-up
    warmup_s: Seconds = 1.0
    window_s: Annotated[float, Field(gt=0, le=3600)] = 3.0  # burst: all answers must come within this time
    drain_s: Seconds = 0.0  # after the window, wait this long for requests in flight


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A variant under a load on a server configuration. One trial measures it once."""

    variant: str
    load: str
    server: ServerConfig = field(default_factory=ServerConfig)

    @property
    def id(self) -> str:
        """A name that is unique among treatments, e.g. `sleep.def@closed-80`."""
        return f"{self.variant}@{self.load}{self.server.suffix}"

    def skip_reason(self, skipped: Mapping[str, str]) -> str | None:
        """Return why it is not measured, or None; `skipped` names variants and treatments, with the reason."""
        return skipped.get(self.id) or skipped.get(self.variant)


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval [low, high]; an open end is infinite (or 0 for ratios, which are positive)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"an interval's low end {self.low} is above its high end {self.high}")

    def contains(self, other: Interval) -> bool:
        return self.low <= other.low and other.high <= self.high

    def disjoint(self, other: Interval) -> bool:
        return other.high < self.low or self.high < other.low

    def describe(self, unit: str = "x") -> str:
        """Return the interval in words, e.g. `at least 5x`, `0.9x to 1.1x`, `exactly 40`."""
        if isinf(self.high):
            return f"at least {self.low:g}{unit}"
        if self.low == self.high:
            return f"exactly {self.low:g}{unit}"
        if self.low <= 0:
            return f"at most {self.high:g}{unit}"
        return f"{self.low:g}{unit} to {self.high:g}{unit}"


def at_least(low: float) -> Interval:
    """Return the interval [low, infinity)."""
    return Interval(low, inf)


def at_most(high: float) -> Interval:
    """Return the interval [0, high]: ratios and durations are never negative."""
    return Interval(0.0, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One number a claim rests on.

    With a baseline it is the ratio metric(treatment) / metric(baseline). Without one it is the metric itself, which
    must lie in `expected`: in every trial if the metric is structural (what runs where, how many at most), else on
    average. `scatter` is a floor under the standard deviation of ln(ratio) of one pair, registered with the comparison:
    few pairs agree by chance. `is_alike`: both sides load the core alike; only then may a metric at equal core speed
    judge (harness/system/yardstick.py).
    """

    treatment: Treatment
    baseline: Treatment | None
    metric: Metric
    expected: Interval
    scatter: float = 0.0
    is_alike: bool = False

    @property
    def is_ratio(self) -> bool:
        return self.baseline is not None

    @property
    def is_structural(self) -> bool:
        """Whether it must hold in every trial."""
        return self.baseline is None and self.metric.is_structural

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        return (self.treatment,) if self.baseline is None else (self.treatment, self.baseline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement, written so that it can turn out false.

    It is supported when every comparison is; one refuted comparison refutes it. A claim without a comparison cannot be
    measured by load, and the note says why. `refuted_by` says which result would refute it. What stands `beside` it is
    estimated and shown, and never judged; it needs no trials of its own.
    """

    id: str
    slug: str
    statement: str
    source: str
    comparisons: tuple[Comparison, ...] = ()
    note: str = ""
    refuted_by: str = ""
    beside: tuple[Comparison, ...] = ()

    @property
    def is_measurable(self) -> bool:
        """Whether load can decide it."""
        return bool(self.comparisons)

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        """Every treatment the claim needs, in order, each once."""
        return tuple(dict.fromkeys(t for c in self.comparisons for t in c.treatments))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """One treatment at its place in a round."""

    trial_id: str
    round: int
    position: int
    attempt: int
    treatment: Treatment

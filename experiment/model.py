"""The words of the experiment as types: loads, treatments, claims, trials and what a trial measured.

Values only: nothing here reads a file, a clock or a process. `None` means "not measured", never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import inf, isinf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiment.histogram import Histogram


class LoadKind(StrEnum):
    """Who decides when the next request is sent."""

    CLOSED = "closed"  # N users, each sends again as soon as it was answered
    OPEN = "open"  # arrivals on a schedule that does not wait for answers
    BURST = "burst"  # N at once, until all are answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the driver does to the SUT during one trial."""

    id: str
    kind: LoadKind
    users: int = 0  # closed: users; burst: requests sent at once
    rate_rps: float = 0.0  # open: arrivals a second
    arrivals: str = "constant"  # open: constant or poisson
    max_in_flight: int = 1000  # open: arrivals beyond it are counted as dropped
    stagger_s: float = 0.2  # closed: the users' first requests are spread over this part of the warm-up
    warmup_s: float = 1.0
    window_s: float = 3.0  # burst: the bound within which all must be answered
    drain_s: float = 0.0  # after the window, wait this long for what is in flight


class Cores(StrEnum):
    """Which cores the SUT may use."""

    ONE = "one"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """How the SUT is started; the defaults are what plain `uvicorn app:app` gives, on one core of its own."""

    cores: Cores = Cores.ONE
    thread_tokens: int | None = None  # None: anyio's own default of 40

    @property
    def suffix(self) -> str:
        """What distinguishes this configuration in a treatment's id; empty for the default."""
        parts = []
        if self.cores is Cores.ALL:
            parts.append("all-cores")
        if self.thread_tokens is not None:
            parts.append(f"tokens-{self.thread_tokens}")
        return "".join(f"+{part}" for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A variant under a load on a server configuration: the thing a trial measures once."""

    variant: str
    load: str
    server: ServerConfig = field(default_factory=ServerConfig)

    @property
    def id(self) -> str:
        """A name that is unique among treatments, e.g. `sleep.def@closed-80`."""
        return f"{self.variant}@{self.load}{self.server.suffix}"


class Metric(StrEnum):
    """What a claim is about. Each is a field of `TrialMetrics` of the same name."""

    GOODPUT = "goodput_rps"
    MAKESPAN = "makespan_s"
    RESPONSE_P50 = "response_p50_us"
    RESPONSE_P99 = "response_p99_us"
    BYSTANDER_P50 = "bystander_p50_us"
    BYSTANDER_P99 = "bystander_p99_us"
    LOOP_LAG_P99 = "loop_lag_p99_us"
    CPU_PER_REQUEST = "sut_cpu_us_per_request"
    EVEN_GOODPUT = "goodput_even_rps"
    EVEN_CPU_PER_REQUEST = "sut_cpu_even_us_per_request"
    SHARE_ON_LOOP = "share_on_loop"
    SHARE_OFF_LOOP = "share_off_loop"
    IN_FLIGHT_PEAK = "in_flight_peak"
    TOKENS_PEAK = "tokens_peak"

    @property
    def label(self) -> str:
        """The metric as a reader sees it."""
        return _METRIC_LABELS[self]


YARDSTICK_US = 100.0
"""What values "at equal core speed" are converted to: a core whose yardstick takes so long (harness/yardstick.py)."""

_METRIC_LABELS: dict[Metric, str] = {
    Metric.GOODPUT: "goodput",
    Metric.MAKESPAN: "time until all answered",
    Metric.RESPONSE_P50: "response time p50",
    Metric.RESPONSE_P99: "response time p99",
    Metric.BYSTANDER_P50: "bystander response time p50",
    Metric.BYSTANDER_P99: "bystander response time p99",
    Metric.LOOP_LAG_P99: "loop lag p99",
    Metric.CPU_PER_REQUEST: "SUT CPU a request",
    Metric.EVEN_GOODPUT: "goodput at equal core speed",
    Metric.EVEN_CPU_PER_REQUEST: "SUT CPU a request at equal core speed",
    Metric.SHARE_ON_LOOP: "share of answers made on the loop's thread",
    Metric.SHARE_OFF_LOOP: "share of answers made off the loop's thread",
    Metric.IN_FLIGHT_PEAK: "most requests in flight in the handler",
    Metric.TOKENS_PEAK: "most limiter tokens borrowed at once",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval [low, high]; an open end is infinite (or 0 for ratios, which are positive)."""

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse an empty interval."""
        if self.low > self.high:
            raise ValueError(f"an interval's low end {self.low} is above its high end {self.high}")

    def contains(self, other: Interval) -> bool:
        """Whether `other` lies wholly inside."""
        return self.low <= other.low and other.high <= self.high

    def disjoint(self, other: Interval) -> bool:
        """Whether the two share no point."""
        return other.high < self.low or self.high < other.low

    def describe(self, unit: str = "x") -> str:
        """Say the interval in words, e.g. `at least 5x`, `0.9x to 1.1x`, `exactly 40`."""
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

    With a baseline it is the ratio metric(treatment) / metric(baseline); without one it is the metric itself, which
    must lie in `expected` in every trial (a structural statement: what runs where, how many at most).
    """

    treatment: Treatment
    baseline: Treatment | None
    metric: Metric
    expected: Interval

    @property
    def is_ratio(self) -> bool:
        """Whether a baseline is compared with."""
        return self.baseline is not None

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        """The treatments it needs trials of."""
        return (self.treatment,) if self.baseline is None else (self.treatment, self.baseline)


class Measurability(StrEnum):
    """Whether this version can judge a claim at all."""

    MEASURABLE = "measurable"
    NOT_MEASURABLE = "not-measurable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement somebody made, restated so that it can come out false.

    It holds when every comparison does; one refuted comparison refutes it.
    """

    id: str
    slug: str
    statement: str
    source: str
    comparisons: tuple[Comparison, ...] = ()
    measurability: Measurability = Measurability.MEASURABLE
    note: str = ""

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        """Every treatment the claim needs, in order, each once."""
        return tuple(dict.fromkeys(t for c in self.comparisons for t in c.treatments))


class Verdict(StrEnum):
    """What a campaign says of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    SKIPPED = "skipped"  # something it needs is missing on this machine
    NOT_MEASURABLE = "not-measurable"

    @property
    def is_decided(self) -> bool:
        """Whether further trials cannot change it."""
        return self in (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NOT_MEASURABLE, Verdict.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """One treatment at its place in a round."""

    trial_id: str
    round: int
    position: int
    attempt: int
    treatment: Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMetrics:
    """What one trial measured inside its window. Every field may be None: not measured.

    Times are those of the driver's clock (CLOCK_MONOTONIC) unless the name says otherwise. `*_is_floor` says that
    too few requests were answered to know the quantile: the true value is at least the one given.
    """

    window_s: float | None = None
    sent: int | None = None
    answers: int | None = None  # right answers completed inside the window
    wrong: int | None = None  # wrong status or body
    errors: int | None = None  # no answer: refused, reset, timed out
    users_planned: int | None = None
    users_started: int | None = None
    users_failed: int | None = None
    connections_opened: int | None = None
    in_flight_mean: float | None = None
    in_flight_end: int | None = None
    dropped: int | None = None  # open load: arrivals over the in-flight cap
    goodput_rps: float | None = None
    goodput_cv: float | None = None  # coefficient of variation of the per-second goodput
    unsteady_shift: float | None = None  # by how much the mean goodput would move under MSER-5
    makespan_s: float | None = None
    response_p50_us: float | None = None
    response_p50_is_floor: bool | None = None
    response_p99_us: float | None = None
    response_p99_is_floor: bool | None = None
    response_mean_us: float | None = None
    send_lag_p99_us: float | None = None
    bystander_sent: int | None = None
    bystander_answers: int | None = None
    bystander_p50_us: float | None = None
    bystander_p50_is_floor: bool | None = None
    bystander_p99_us: float | None = None
    bystander_p99_is_floor: bool | None = None
    bystander_send_lag_p99_us: float | None = None
    loop_lag_p50_us: float | None = None
    loop_lag_p99_us: float | None = None
    loop_lag_p99_is_floor: bool | None = None
    loop_lag_max_us: float | None = None
    stuck_at: str | None = None  # the line the loop's thread most often stood on while late
    tokens_total: int | None = None
    tokens_mean: float | None = None
    tokens_peak: int | None = None
    tokens_waiting_mean: float | None = None
    threads_peak: int | None = None
    share_on_loop: float | None = None
    share_off_loop: float | None = None
    in_flight_peak: int | None = None
    sut_cpu_us_per_request: float | None = None
    sut_cpu_share: float | None = None  # of one core; whole process tree
    yardstick_us: float | None = None  # CPU time of the yardstick's pass on the SUT's core: less is a faster core
    goodput_even_rps: float | None = None  # as on a core that does the pass in YARDSTICK_US
    sut_cpu_even_us_per_request: float | None = None  # likewise
    sut_rss_peak_mib: float | None = None
    sut_threads_peak: int | None = None  # of the whole process tree, seen from outside
    sut_context_switches_per_request: float | None = None
    sut_ready_s: float | None = None  # from start to accepting connections
    driver_cpu_share: float | None = None  # of one core
    host_steal_share: float | None = None  # of all cores
    host_pressure_share: float | None = None  # PSI cpu "some"
    host_foreign_cores: float | None = None  # CPU used by processes that are none of ours
    db_in_use_mean: float | None = None  # connections running a statement
    db_in_use_peak: int | None = None
    db_waiting_peak: int | None = None  # connections waiting for a lock or the client
    first_failure: str | None = None

    def value(self, metric: Metric) -> float | None:
        """Return the number a metric names, or None where it was not measured."""
        value = getattr(self, metric.value)
        return None if value is None else float(value)

    def is_floor(self, metric: Metric) -> bool:
        """Whether the metric's true value is only known to be at least the one given."""
        name = metric.value.removesuffix("_us") + "_is_floor"
        return bool(getattr(self, name, None))


METRIC_FIELDS: tuple[str, ...] = tuple(f.name for f in fields(TrialMetrics))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondRow:
    """One second of a trial's window, for the charts over time."""

    second: int
    answers: int | None = None
    wrong: int | None = None
    errors: int | None = None
    bystander_max_us: float | None = None
    loop_lag_max_us: float | None = None
    tokens_borrowed_max: int | None = None
    tokens_waiting_max: int | None = None
    threads_max: int | None = None
    db_in_use_max: int | None = None
    db_waiting_max: int | None = None


class Series(StrEnum):
    """Which durations a histogram holds."""

    RESPONSE = "response"
    SERVICE = "service"
    SEND_LAG = "send_lag"
    BYSTANDER = "bystander"
    BYSTANDER_SEND_LAG = "bystander_send_lag"
    LOOP_LAG = "loop_lag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Everything one trial brought back, before it is judged fit or unfit."""

    metrics: TrialMetrics
    histograms: Mapping[Series, Histogram]
    seconds: tuple[SecondRow, ...] = ()
    failure: str | None = None  # the trial could not be finished, and why
    failure_rule: str | None = None  # the validity rule that names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A validity rule that fired on a trial: what was seen, and what to do about it."""

    rule: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One row of trials.csv: the trial, whether it may be judged, and what it measured."""

    trial_id: str
    round: int
    position: int
    attempt: int
    treatment: str
    variant: str
    load: str
    started_at: str  # ISO 8601, UTC
    duration_s: float  # wall time of the whole trial, start-up included
    rules: tuple[str, ...]  # validity rules that fired; empty means valid
    reasons: str  # what they saw, in words
    metrics: TrialMetrics

    @property
    def is_valid(self) -> bool:
        """Whether the trial may enter estimates."""
        return not self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A ratio (or a structural value) with its interval.

    For a ratio: effect = exp(mean of paired log ratios), [low, high] a confidence sequence at level 1 - alpha, valid
    however often it is looked at. For a structural value: effect is the median, [low, high] the observed range.
    """

    n: int
    effect: float | None
    low: float
    high: float
    alpha: float
    is_floor: bool = False

    @property
    def interval(self) -> Interval:
        """The interval as a value."""
        return Interval(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """One comparison judged."""

    comparison: Comparison
    estimate: Estimate
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """One claim judged, with every number it rests on."""

    claim: Claim
    verdict: Verdict
    reason: str
    comparisons: tuple[ComparisonResult, ...] = ()

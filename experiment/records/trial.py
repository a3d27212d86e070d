"""What one trial measured, and its row in trials.csv. Values only; `None` means "not measured", never zero."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from experiment.design.metrics import Metric
from experiment.records.histogram import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMetrics:
    """What one trial measured inside its window. Every field may be None, which means not measured.

    Times are those of the driver's clock (CLOCK_MONOTONIC) unless the name says otherwise. `*_is_floor` says that
    too few requests got an answer to know the quantile: the true value is at least the one given.
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
    dropped: int | None = None  # open load: arrivals above the limit of requests in flight
    goodput_rps: float | None = None
    goodput_littles_rps: float | None = None  # users / mean response time, which whole volleys do not quantise
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
    bystander_within_1s_share: float | None = None  # by the product-limit estimate; None in windows below a second
    bystander_first_half_p50_us: float | None = None  # of calls due in the window's first half; None where a floor
    bystander_second_half_p50_us: float | None = None
    bystander_shift: float | None = None  # by how much one half of the window lies above the other, at least
    bystander_cold_calls: int | None = None  # connections opened inside the window
    bystander_send_lag_p99_us: float | None = None
    loop_lag_p50_us: float | None = None
    loop_lag_p99_us: float | None = None
    loop_lag_p99_is_floor: bool | None = None
    loop_lag_max_us: float | None = None
    loop_late_share: float | None = None  # of the window: the loop was late by more than 2 ms
    loop_blocked_ms_per_answer: float | None = None  # time that something held up the loop, by answers
    loop_stall_per_answer_waits: float | None = None  # time the loop stood still, by answers and by the work's own wait
    loop_stall_longest_waits: float | None = None  # loop_lag_max_us by the work's own wait
    stuck_at: str | None = None  # the line of code that the loop's thread was most often on while late
    tokens_total: int | None = None
    tokens_mean: float | None = None
    tokens_peak: int | None = None
    tokens_waiting_mean: float | None = None
    threads_peak: int | None = None
    share_on_loop: float | None = None
    share_off_loop: float | None = None
    in_flight_peak: int | None = None
    busiest_worker_share: float | None = None  # of the answers of several processes, those of the one that made most
    sut_cpu_us_per_request: float | None = None  # without the idle SUT's CPU
    sut_cpu_share: float | None = None  # of one core; whole process tree
    sut_idle_cpu_share: float | None = None  # of one core; a SUT of the same configuration that nobody asks anything
    sut_cpu_resolution_us: float | None = None  # the smallest step of the clock that sut_cpu_share was read from
    yardstick_us: float | None = None  # CPU time of the yardstick's pass on the SUT's core; a faster core needs less
    goodput_normalized_rps: float | None = None  # converted to a core that does the pass in YARDSTICK_US
    goodput_littles_normalized_rps: float | None = None  # converted to the same core
    sut_cpu_normalized_us_per_request: float | None = None  # converted to the same core
    sut_rss_peak_mib: float | None = None
    sut_threads_peak: int | None = None  # of the whole process tree, seen from outside
    sut_context_switches_per_request: float | None = None
    sut_runqueue_share: float | None = None  # of the window in which the loop's thread could run and had no core
    sut_foreign_cores: float | None = None  # CPU of processes that are not the suite's, on the SUT's cores
    sut_steal_share: float | None = None  # of the time of the SUT's cores
    sut_ready_s: float | None = None  # from start to accepting connections
    driver_cpu_share: float | None = None  # of one core
    driver_runqueue_share: float | None = None  # of the window in which the driver could run and had no core
    driver_foreign_cores: float | None = None  # CPU of processes that are not the suite's, on the driver's cores
    host_steal_share: float | None = None  # of all cores
    host_pressure_share: float | None = None  # PSI cpu "some"
    host_foreign_cores: float | None = None  # CPU used by processes that do not belong to the suite
    db_in_use_mean: float | None = None  # connections running a statement
    db_in_use_peak: int | None = None
    db_waiting_peak: int | None = None  # connections waiting for a lock or the client
    first_failure: str | None = None

    def value(self, metric: Metric) -> float | None:
        """Return the value of a metric, or None if it was not measured."""
        value = getattr(self, metric.name)
        return None if value is None else float(value)

    def is_floor(self, metric: Metric) -> bool:
        """Return whether the true value is only known to be at least the one given."""
        return metric.floor is not None and bool(getattr(self, metric.floor))


LEAST_ANSWERS = 50
"""CPU per request needs this many answers in a trial: what was half done at the window's edges, the probe's own CPU and
the clock's steps are then a small part of it."""

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
    """The kinds of durations in histograms."""

    RESPONSE = "response"
    SERVICE = "service"
    SEND_LAG = "send_lag"
    BYSTANDER = "bystander"
    BYSTANDER_SEND_LAG = "bystander_send_lag"
    LOOP_LAG = "loop_lag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The result of one trial, before the validity rules look at it."""

    metrics: TrialMetrics
    histograms: Mapping[Series, Histogram]
    seconds: tuple[SecondRow, ...] = ()
    failure: str | None = None  # why the trial could not be finished, if it was not
    failure_rule: str | None = None  # the id of that failure's rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A validity rule that fired on a trial: what it found, and what to do about it."""

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
    duration_s: float  # wall time of the whole trial, including start-up
    rules: tuple[str, ...]  # validity rules that fired; empty means valid
    reasons: str  # what the rules found, in words
    metrics: TrialMetrics

    @property
    def is_valid(self) -> bool:
        """Whether the trial may enter estimates."""
        return not self.rules

"""The metrics: what a comparison can measure. To add one, add a row to `METRICS`.

Each is a field of `TrialMetrics`; a test checks that.
"""

from dataclasses import dataclass
from enum import StrEnum

from bench_app.table import Table

YARDSTICK_US = 100.0
"""Values "at equal core speed" are converted to a core with this yardstick time (harness/system/yardstick.py)."""


class Unit(StrEnum):
    """The unit of a metric. It decides how values are written."""

    RPS = "requests a second"
    SECONDS = "s"
    MILLISECONDS = "ms"  # likewise
    MICROSECONDS = "µs"  # written in the unit that suits its size: 12 ms
    CPU_MICROSECONDS = "CPU µs"  # written in µs, whatever its size
    MEBIBYTES = "MiB"
    SHARE = "share of one"
    COUNT = "count"
    WAITS = "times the wait"


class Better(StrEnum):
    """Which values are better; neither for a plain fact."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number of a trial: a row of `METRICS`.

    `name` is the field of `TrialMetrics`, `short` a label for narrow columns. `said` is the sentence for a ratio: `{t}`
    and `{b}` are the two sides, `{e}` the effect. Empty means the usual sentence. `floor` is the field that says that
    the true value is at least the one given. A structural metric must lie in a claim's interval in every trial; the
    others are compared as ratios. `zero_is_cap`: a value of 0 means fewer than one answer in the whole window.
    `least`: what the instrument cannot tell from none; a smaller value is estimated as this one, so that zeros have a
    logarithm too. `is_at_equal_speed`: converted by the yardstick, so that it may judge only sides that load the core
    alike.
    """

    name: str
    label: str
    unit: Unit
    better: Better
    short: str = ""
    said: str = ""
    floor: str | None = None
    is_structural: bool = False
    zero_is_cap: bool = False
    least: float = 0.0
    is_at_equal_speed: bool = False

    @property
    def short_label(self) -> str:
        return self.short or self.label

    @property
    def is_of_bystanders(self) -> bool:
        """Whether it is measured on the requests beside the load, not on the loaded route."""
        return self.name.startswith("bystander_")


METRICS: Table[Metric] = Table("metric")


def _time(name: str, label: str, *, short: str = "", said: str = "") -> Metric:
    """Add a time in microseconds; its value is a floor where too few requests got an answer."""
    floor = name.removesuffix("_us") + "_is_floor"
    row = Metric(
        name=name, label=label, short=short, said=said, unit=Unit.MICROSECONDS, better=Better.LOWER, floor=floor
    )
    return METRICS.add(row)


def _fact(name: str, label: str, unit: Unit, *, short: str = "") -> Metric:
    """Add a structural metric: no value is better, and it is checked in every trial."""
    row = Metric(name=name, label=label, short=short, unit=unit, better=Better.NEITHER, is_structural=True)
    return METRICS.add(row)


GOODPUT = METRICS.add(
    Metric(name="goodput_rps", label="goodput", unit=Unit.RPS, better=Better.HIGHER, zero_is_cap=True)
)
LITTLES_GOODPUT = METRICS.add(
    Metric(
        name="goodput_littles_rps",
        label="goodput by Little's law",
        unit=Unit.RPS,
        better=Better.HIGHER,
        said="{t} has {e} times the goodput of {b}, as users by mean response time",
    )
)
MAKESPAN = METRICS.add(
    Metric(
        name="makespan_s",
        label="time until all answered",
        unit=Unit.SECONDS,
        better=Better.LOWER,
        said="{t} takes {e} times as long as {b} until all are answered",
    )
)
RESPONSE_P50 = _time("response_p50_us", "response time p50", short="response p50")
RESPONSE_P99 = _time("response_p99_us", "response time p99", short="response p99")
BYSTANDER_P50 = _time(
    "bystander_p50_us",
    "bystander response time p50",
    short="bystander p50",
    said="beside {t} the median bystander waits {e} times as long as beside {b}",
)
BYSTANDER_P99 = _time(
    "bystander_p99_us",
    "bystander response time p99",
    short="bystander p99",
    said="beside {t} the slowest bystander in a hundred waits {e} times as long as beside {b}",
)
LOOP_LAG_P99 = _time("loop_lag_p99_us", "loop lag p99", said="with {t} the p99 of loop lag is {e} times that with {b}")
STALL_PER_ANSWER = METRICS.add(
    Metric(
        name="loop_stall_per_answer_waits",
        label="time the loop stands still, an answer",
        short="stall an answer",
        unit=Unit.WAITS,
        better=Better.LOWER,
    )
)
LONGEST_STALL = METRICS.add(
    Metric(
        name="loop_stall_longest_waits",
        label="longest time the loop stands still",
        short="longest stall",
        unit=Unit.WAITS,
        better=Better.LOWER,
    )
)
LOOP_BLOCKED = METRICS.add(
    Metric(
        name="loop_blocked_ms_per_answer",
        label="loop blocked, an answer",
        unit=Unit.MILLISECONDS,
        better=Better.LOWER,
        least=0.5,
        said="{t} blocks the loop {e} times as long an answer as {b}",
    )
)
CPU_PER_REQUEST = METRICS.add(
    Metric(
        name="sut_cpu_us_per_request",
        label="SUT CPU a request",
        unit=Unit.CPU_MICROSECONDS,
        better=Better.LOWER,
        said="{t} costs {e} times the SUT CPU a request of {b}",
    )
)
NORMALIZED_GOODPUT = METRICS.add(
    Metric(
        name="goodput_normalized_rps",
        label="goodput at equal core speed",
        short="goodput, equal speed",
        unit=Unit.RPS,
        better=Better.HIGHER,
        zero_is_cap=True,
        is_at_equal_speed=True,
        said="{t} has {e} times the goodput of {b}, at equal core speed",
    )
)
NORMALIZED_LITTLES_GOODPUT = METRICS.add(
    Metric(
        name="goodput_littles_normalized_rps",
        label="goodput by Little's law at equal core speed",
        short="Little's goodput, equal speed",
        unit=Unit.RPS,
        better=Better.HIGHER,
        is_at_equal_speed=True,
        said="{t} has {e} times the goodput of {b}, as users by mean response time at equal core speed",
    )
)
NORMALIZED_CPU_PER_REQUEST = METRICS.add(
    Metric(
        name="sut_cpu_normalized_us_per_request",
        label="SUT CPU a request at equal core speed",
        short="SUT CPU, equal speed",
        unit=Unit.CPU_MICROSECONDS,
        better=Better.LOWER,
        is_at_equal_speed=True,
        said="{t} costs {e} times the SUT CPU a request of {b}, at equal core speed",
    )
)
PEAK_MEMORY = METRICS.add(
    Metric(
        name="sut_rss_peak_mib",
        label="peak memory of the SUT",
        short="peak memory",
        unit=Unit.MEBIBYTES,
        better=Better.LOWER,
        said="{t} needs {e} times the memory of {b} at its peak",
    )
)
SHARE_ON_LOOP = _fact("share_on_loop", "share of answers made on the loop's thread", Unit.SHARE)
SHARE_OFF_LOOP = _fact("share_off_loop", "share of answers made off the loop's thread", Unit.SHARE)
IN_FLIGHT_PEAK = _fact("in_flight_peak", "most requests in flight in the handler", Unit.COUNT)
BYSTANDER_WITHIN_1S = _fact(
    "bystander_within_1s_share", "share of bystanders answered within 1 s", Unit.SHARE, short="bystanders within 1 s"
)
BUSIEST_WORKER = METRICS.add(
    Metric(
        name="busiest_worker_share",
        label="share of answers made by the busiest worker",
        short="busiest worker",
        unit=Unit.SHARE,
        better=Better.LOWER,
    )
)
TOKENS_PEAK = _fact("tokens_peak", "most limiter tokens borrowed at once", Unit.COUNT, short="tokens peak")

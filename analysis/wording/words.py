"""Numbers as people say them: 0.026x, 12 ms, 8.0 s, 395 rps.

One place for rounding, so that a figure reads the same on a chart, in a sentence and in a table.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import floor, inf, isinf, log10

from experiment.design.metrics import Metric, Unit
from experiment.design.model import Interval, Load, LoadKind

NOT_MEASURED, TOO_FEW = "–", "too few trials"
_SAYS_NOTHING = 1e6  # an interval from a thousandth to a thousandfold
_SIGN_OF_TIMES = "x"
_SMALL_RATIO, _PLAIN_RATIO = 0.1, 10.0
_DURATION_UNITS = ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"))


def significant(value: float, digits: int = 2) -> str:
    """Return a number rounded to `digits` significant digits, never in exponent form, thousands with commas."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - floor(log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def ratio(value: float) -> str:
    """Return a ratio without its sign: 0.026, 1.98, 12.4, 1,230."""
    if value < _SMALL_RATIO:
        return significant(value)
    if value < _PLAIN_RATIO:
        return f"{value:.2f}"
    return significant(value, 3)


def times(value: float) -> str:
    """Return a ratio with its sign: 0.026x."""
    return ratio(value) + _SIGN_OF_TIMES


def _tenths_below_ten(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"  # noqa: PLR2004 - where one decimal rounds to 10.0


def duration(seconds: float) -> str:
    """Return seconds in the unit people would use: 180 µs, 12 ms, 8.0 s."""
    for limit, scale, unit in _DURATION_UNITS:
        if seconds < limit * 0.9995:
            return f"{_tenths_below_ten(seconds * scale)} {unit}"
    return f"{_tenths_below_ten(seconds)} s"


def duration_us(microseconds: float) -> str:
    return duration(microseconds / 1e6)


def setting_duration(seconds: float) -> str:
    """Return a configured time without trailing zeros: 100 ms, 2 s."""
    if seconds < 1:
        return f"{seconds * 1e3:g} ms"
    return f"{seconds:g} s"


def number(value: float) -> str:
    """Return a rate or count without a unit: 0.50, 9.8, 395, 4,120."""
    if 0 < value < 0.995:  # noqa: PLR2004 - where two decimals round to 1.00
        return f"{value:.2f}"
    return _tenths_below_ten(value)


def rate(rps: float) -> str:
    """Return requests a second: 395 rps."""
    return f"{number(rps)} rps"


def percent(share: float) -> str:
    """Return a share of one as a percentage; only exactly everything is 100 %."""
    if share == 1:
        return "100 %"
    return f"{min(share * 100, 99.9):.1f} %"


_WRITTEN: Mapping[Unit, Callable[[float], str]] = {
    Unit.RPS: rate,
    Unit.SECONDS: duration,
    Unit.MICROSECONDS: duration_us,
    Unit.MILLISECONDS: lambda value: duration(value / 1e3),
    Unit.CPU_MICROSECONDS: lambda value: f"{_tenths_below_ten(value)} µs",
    Unit.MEBIBYTES: lambda value: f"{number(value)} MiB",
    Unit.SHARE: percent,
    Unit.COUNT: lambda value: f"{value:g}",
    Unit.WAITS: lambda value: f"{ratio(value)} waits",
}


def metric_value(metric: Metric, value: float) -> str:
    return _WRITTEN[metric.unit](value)


def span(interval: Interval, metric: Metric | None = None) -> str:
    """Return a ratio's or a metric's interval in words: `0.025 to 0.027`, `at least 312`, or that there is none."""
    low, high = interval.low, interval.high
    if 0 < low < high / _SAYS_NOTHING < inf:
        return TOO_FEW
    write = ratio if metric is None else partial(metric_value, metric)
    if isinf(high):
        return f"at least {write(low)}" if low > 0 else "no interval yet"
    return f"{write(low)} to {write(high)}" if low > 0 else f"at most {write(high)}"


def expected(metric: Metric, interval: Interval, *, is_ratio: bool) -> str:
    """Return what a claim expects, as registered: `at most 0.1x`, `exactly 100 %`, `at least 41`."""
    if is_ratio:
        return interval.describe()
    if isinf(interval.high):
        return f"at least {metric_value(metric, interval.low)}"
    if interval.low == interval.high:
        return f"exactly {metric_value(metric, interval.low)}"
    if interval.low <= 0:
        return f"at most {metric_value(metric, interval.high)}"
    return f"{metric_value(metric, interval.low)} to {metric_value(metric, interval.high)}"


def plural(count: int, noun: str) -> str:
    """Return `1 round`, `4 rounds`, `0 rounds`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def rounds(counts: Sequence[int]) -> str:
    """Return how many rounds stand behind several values: `4 rounds` or `3 to 4 rounds`."""
    return _counted(counts, "round")


def trials(counts: Sequence[int]) -> str:
    """Return how many trials stand behind several values: one a round, but of the A/A pair more."""
    return _counted(counts, "trial")


def _counted(counts: Sequence[int], noun: str) -> str:
    low, high = min(counts), max(counts)
    return plural(high, noun) if low == high else f"{low} to {high} {noun}s"


_USUAL_WINDOW_S = 2.0


def load(load: Load) -> str:
    """Return a load in words: `80 users, closed loop`; a window longer than usual is named."""
    if load.kind is LoadKind.CLOSED:
        window = f", {load.window_s:g} s window" if load.window_s > _USUAL_WINDOW_S else ""
        return f"{plural(load.users, 'user')}, closed loop{window}"
    if load.kind is LoadKind.BURST:
        return f"{load.users} requests at once"
    return f"{number(load.rate_rps)} arrivals a second, {load.arrivals}, open loop"


def loads(several: Sequence[Load]) -> str:
    """Return loads in words, those of one kind together: `80 and 20 users, closed loop`."""
    if len(several) > 1 and all(one.kind is LoadKind.CLOSED for one in several):
        return f"{listing(list(dict.fromkeys(f'{one.users}' for one in several)))} users, closed loop"
    return listing([load(one) for one in several])


def listing(words: Sequence[str]) -> str:
    """Join words as in a sentence: `a, b and c`."""
    if len(words) < 2:  # noqa: PLR2004 - a single word has no "and"
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def upper_first(text: str) -> str:
    """Return a sentence with a capital letter in front; the rest stays as it is."""
    return text[:1].upper() + text[1:]

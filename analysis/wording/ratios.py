"""Ratios and single values as a speaker says them: `40 times slower`, `28 % more CPU`, `about the same`.

No word is stronger than its interval: where the interval includes one, nothing is called slower or faster.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf

from analysis.wording import words
from experiment.design.metrics import Metric, Unit
from experiment.design.model import Interval

SAME, NOT_CLEAR, NO_FIGURE = "about the same", "no clear difference", "no figure"
SAME_EFFECT, SAME_INTERVAL = Interval(0.9, 1.1), Interval(0.8, 1.25)
"""What counts as about the same: the effect within the first, its whole interval within the second."""
_TIMES_FROM = 1.5  # a smaller step up is said in per cent
_TIMES_LESS_FROM = 1.95  # a step down as well, up to a half


@dataclass(frozen=True, slots=True)
class Adjectives:
    """How more and less of a metric are said, and `2 times ...` for more."""

    more: str
    less: str
    times: str


_FASTER = Adjectives("faster", "slower", "as fast")
_LONGER = Adjectives("longer", "shorter", "as long")
_MORE_CPU = Adjectives("more CPU", "less CPU", "as much CPU")
_MORE_MEMORY = Adjectives("more memory", "less memory", "as much memory")
_MORE = Adjectives("more", "less", "as much")
_MANY = Adjectives("more", "fewer", "as many")
ADJECTIVES: Mapping[Unit, Adjectives] = {
    Unit.RPS: _FASTER,
    Unit.SECONDS: _LONGER,
    Unit.MILLISECONDS: _LONGER,
    Unit.MICROSECONDS: _LONGER,
    Unit.WAITS: _LONGER,
    Unit.CPU_MICROSECONDS: _MORE_CPU,
    Unit.MEBIBYTES: _MORE_MEMORY,
    Unit.SHARE: _MORE,
    Unit.COUNT: _MANY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidRatio:
    """A ratio in words; `link` leads to what it is compared with: `than`, `as` or `from`."""

    said: str
    link: str
    interval: str


def say_ratio(metric: Metric, effect: float, interval: Interval, *, is_floor: bool = False) -> SaidRatio:
    """Say how a treatment's metric compares with its baseline's; `is_floor`: the ratio is at least that."""
    if SAME_EFFECT.contains(Interval(effect, effect)) and SAME_INTERVAL.contains(interval) and not is_floor:
        return SaidRatio(said=SAME, link="as", interval=_plain_span(interval))
    if interval.low <= 1 <= interval.high:
        return SaidRatio(said=NOT_CLEAR, link="from", interval=_plain_span(interval))
    bound = ("at least " if effect > 1 else "at most ") if is_floor else ""
    link = "as" if effect >= _TIMES_FROM else "than"
    return SaidRatio(said=f"{bound}{step(metric, effect)}", link=link, interval=_span(effect, interval))


def step(metric: Metric, ratio: float) -> str:
    """Return a ratio other than one as a step up or down: `2.0 times as fast`, `10 % longer`, `40 times slower`."""
    how = ADJECTIVES[metric.unit]
    if ratio >= _TIMES_FROM:
        return f"{_times(ratio)} times {how.times}"
    amount = f"{_times(1 / ratio)} times" if _is_fold(ratio) else _percent(ratio)
    return f"{amount} {how.more if ratio >= 1 else how.less}"


def expected_ratio(metric: Metric, wanted: Interval) -> str:
    """Return what a claim expects of a ratio: `at least 10 times slower`, `0.9 to 1.1 times`."""
    low, high = wanted.low, wanted.high
    if isinf(high):
        return _bounded(metric, low, is_from_below=True) if low > 0 else "anything"
    if low <= 0:
        return _bounded(metric, high, is_from_below=False)
    if low < 1 < high:  # about the same: in the terms in which such a ratio is said
        return f"{low:g} to {high:g} times"
    return f"{_limit_step(metric, low)} to {_limit_step(metric, high)}"


def value(metric: Metric, measured: float) -> str:
    """Return a metric's own value: `0 %`, `40`, `1.0 times the wait`."""
    match metric.unit:
        case Unit.SHARE:
            return _share(measured)
        case Unit.WAITS:
            return f"{words.significant(measured)} times the wait"
        case _:
            return words.metric_value(metric, measured)


def bar_value(metric: Metric, measured: float) -> str:
    """Return a metric's own value in few words, to stand beside a bar."""
    return words.significant(measured) if metric.unit is Unit.WAITS else value(metric, measured)


def expected_value(metric: Metric, wanted: Interval) -> str:
    """Return what a claim expects of a value: `at most 10 %`, `exactly 40`, `6 to 10 times the wait`."""
    low, high = wanted.low, wanted.high
    if isinf(high):
        return f"at least {_limit(metric, low)}"
    if low == high:
        return f"exactly {_limit(metric, low)}"
    if low <= 0:
        return f"at most {_limit(metric, high)}"
    return f"{_limit(metric, low).removesuffix(' times the wait')} to {_limit(metric, high)}"


def value_span(metric: Metric, found: Interval) -> str:
    """Return the interval of a value: `7.1 to 9.8 times the wait`, `20 % to 35 %`."""
    if metric.unit is Unit.WAITS and not isinf(found.high):
        return f"{words.significant(found.low)} to {value(metric, found.high)}"
    return words.span(found, metric).replace(".0 %", " %")


def _bounded(metric: Metric, limit: float, *, is_from_below: bool) -> str:
    """Say a limit: a floor above one and a cap below one are steps at least as large, the others at most."""
    if limit == 1:
        how = ADJECTIVES[metric.unit]
        return f"not {how.less if is_from_below else how.more}"
    return f"{'at least' if is_from_below == (limit > 1) else 'at most'} {_limit_step(metric, limit)}"


def _limit_step(metric: Metric, limit: float) -> str:
    """Return a registered limit, a round number, as a step."""
    return step(metric, limit).replace(".0 ", " ")


def _limit(metric: Metric, limit: float) -> str:
    return f"{limit:g} times the wait" if metric.unit is Unit.WAITS else value(metric, limit)


def _span(effect: float, interval: Interval) -> str:
    """Return the interval in the terms of the effect: times, or per cent."""
    low, high = interval.low, interval.high
    if effect >= _TIMES_FROM:
        return f"{_between(low, high)} times"
    if effect >= 1:
        return f"{_percent(low)} to {_percent(high)}" if not isinf(high) else f"at least {_percent(low)}"
    if _is_fold(effect):
        return f"{_between(1 / high, 1 / low)} times" if low > 0 else f"at least {_times(1 / high)} times"
    return f"{_percent(high)} to {_percent(low)}"


def _between(low: float, high: float) -> str:
    return f"at least {_times(low)}" if isinf(high) else f"{_times(low)} to {_times(high)}"


def _plain_span(interval: Interval) -> str:
    span = words.span(interval)
    return f"{span} times" if span[-1].isdigit() else span


def _is_fold(ratio: float) -> bool:
    return ratio * _TIMES_LESS_FROM <= 1


def _times(ratio: float) -> str:
    return words.significant(ratio)


def _percent(ratio: float) -> str:
    """Return how far a ratio is from one; only what is less than a per cent has a decimal."""
    change = abs(ratio - 1) * 100
    return f"{change:.0f} %" if change >= 0.95 else f"{change:.1f} %"  # noqa: PLR2004 - one decimal would round to 1.0


def _share(measured: float) -> str:
    """Return a share of one; only exactly nothing is 0 %, only exactly everything 100 %."""
    if 0 < measured < 0.0005:  # noqa: PLR2004 - would round to nothing
        return "under 0.1 %"
    return words.percent(measured).replace(".0 %", " %")

"""Logarithmic scales of the page: where a bar stands, in per cent of the track's width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, isinf, log10

from analysis.own_app.ranking import Ranked
from analysis.own_app.results import Percentiles, RouteResult
from analysis.wording import words
from experiment.records.histogram import Quantile

_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on a scale."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar from `start` over `width`, with a mark at `mark`, all in per cent; `is_solid` if it was measured."""

    start: float
    width: float
    mark: float
    is_solid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A logarithmic scale between two positive values."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> float:
        """Return where a value stands, in per cent; what lies beyond an end stands at it."""
        return round(100 * _share(value, self.low, self.high), 2)

    def bar(self, low: float | None, high: float | None, mark: float, *, is_solid: bool = True) -> Bar:
        """Return the bar of an interval; without one, only the mark."""
        start = self.at(mark if low is None else low)
        end = self.at(mark if high is None or isinf(high) else high)
        return Bar(start=start, width=round(max(end - start, 0.0), 2), mark=self.at(mark), is_solid=is_solid)


def _share(value: float, low: float, high: float) -> float:
    if value <= low:
        return 0.0
    return min(1.0, log10(value / low) / log10(high / low))


def ratio_scale(ranked: Sequence[Ranked]) -> Scale:
    """Return the scale of the ranking: from no gain, or the least one, to beyond the largest."""
    gains = [each.gain for each in ranked if each.gain is not None]
    known = [v for g in gains for v in (g.ratio, g.low, g.high) if v is not None and 0 < v < inf]
    low = min(1.0, *known) if known else 1.0
    high = max(2.0, *known) * 1.1 if known else 2.0
    low = 1.0 if low > 0.95 else max(low, 0.1)  # noqa: PLR2004 - a scale that begins at 1 is easiest to read
    return Scale(low=low, high=high, ticks=tuple(_ratio_ticks(low, high)))


def time_scale(routes: Iterable[RouteResult]) -> Scale:
    """Return the scale of all durations of the page, in µs: whole decades around them."""
    known = [value.value_us for found in _all(routes) for value in quantiles(found) if value.value_us > 0]
    if not known:
        return Scale(low=100.0, high=1e6, ticks=())
    low, high = 10.0 ** floor(log10(min(known))), 10.0 ** ceil(log10(max(known) * 1.02))
    decades = round(log10(high / low))
    labels = [words.setting_duration(low * 10.0**n / 1e6) for n in range(decades + 1)]
    ticks = tuple(Tick(at=round(100 * n / decades, 2), label=label) for n, label in enumerate(labels))
    return Scale(low=low, high=high, ticks=ticks)


def _all(routes: Iterable[RouteResult]) -> Iterator[Percentiles]:
    for route in routes:
        for load in route.loads:
            yield from (found for found in (load.response, load.bystander) if found is not None)


def quantiles(found: Percentiles) -> tuple[Quantile, ...]:
    return tuple(value for value in (found.p50, found.p90, found.p99) if value is not None)


def _ratio_ticks(low: float, high: float) -> Iterator[Tick]:
    scale = Scale(low=low, high=high, ticks=())
    for decade in range(floor(log10(low)), ceil(log10(high)) + 1):
        for step in _STEPS:
            value = step * 10.0**decade
            if low <= value <= high:
                yield Tick(at=scale.at(value), label=f"{value:g}x")

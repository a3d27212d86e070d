"""Axes of durations and of ratios: which scale, which ticks, and how they are written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from analysis.drawing.style import Theme
from analysis.wording import words

LOG_FROM = 50.0  # ranges over fifty-fold get a logarithmic axis; smaller ones would only look dramatic on it


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationsAxis:
    """How durations from `low` to `high` seconds are shown: from zero, or logarithmic over a wide range."""

    low: float
    high: float

    @property
    def is_log(self) -> bool:
        return self.high > LOG_FROM * self.low

    @property
    def note(self) -> str:
        """What a subtitle says of the scale, behind the name of the measure."""
        return ", logarithmic" if self.is_log else ""

    def apply(self, axes: Axes, which: Literal["x", "y"] = "y") -> None:
        axis = axes.yaxis if which == "y" else axes.xaxis
        if self.is_log:
            low, high = self.low / 1.3, self.high * 1.3
            _set(axes, which, scale="log", lim=(low, high))
            fixed_ticks(axis, _round_numbers(low, high), tick)
        else:
            _set(axes, which, lim=(0, self.high * 1.12))
            round_ticks(axis, tick)


def durations_axis(seconds: Iterable[float]) -> DurationsAxis:
    """Return the axis on which all of these durations have a place."""
    known = list(seconds)
    return DurationsAxis(low=min(known), high=max(known))


def ratio_axis(axes: Axes, theme: Theme, limits: tuple[float, float], ticks: Iterable[float], width: float) -> None:
    """Show ratios logarithmically within `limits`, with a line of this width at one."""
    low, high = limits
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    fixed_ticks(axes.xaxis, [t for t in ticks if low <= t <= high], lambda ratio: f"{ratio:,g}x")
    axes.axvline(1, color=theme.muted, linewidth=width)


def fixed_ticks(axis: Axis, ticks: Iterable[float], written: Callable[[float], str]) -> None:
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: written(value))


def round_ticks(axis: Axis, written: Callable[[float], str], most: int = 6) -> None:
    """Put at most so many ticks at round values."""
    axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda value, _: written(value))


def tick(seconds: float) -> str:
    """Return a round duration without trailing zeros: 0, 500 µs, 20 ms, 1 s."""
    if seconds == 0:
        return "0"
    if seconds < 0.9995e-3:  # noqa: PLR2004 - a millisecond, less what rounding may take
        return f"{seconds * 1e6:.4g} µs"
    return words.setting_duration(float(f"{seconds:.6g}"))


def _set(axes: Axes, which: str, **properties: Any) -> None:
    axes.set(**{f"{which}{name}": value for name, value in properties.items()})


def _round_numbers(low: float, high: float) -> list[float]:
    """Return the powers of ten in a range, with halves where there are few."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    few = last - first <= 3  # noqa: PLR2004 - below three decades bare powers leave the axis empty
    return [
        step * 10.0**power
        for power in range(first, last + 1)
        for step in ((1, 2, 5) if few else (1,))
        if low <= step * 10.0**power <= high
    ]

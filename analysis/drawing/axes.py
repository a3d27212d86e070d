"""Axes of durations: linear from zero, or logarithmic where the range is over fifty-fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from analysis.wording import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_FROM = 50.0
"""Ranges over fifty-fold get a logarithmic axis; smaller ones would only look dramatic on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationsAxis:
    """How durations from `low` to `high` seconds are shown."""

    low: float
    high: float
    is_log: bool

    def apply(self, axes: Axes, *, which: str = "y", headroom: float = 1.12) -> None:
        """Set up one axis of the plot for it."""
        set_limits = axes.set_ylim if which == "y" else axes.set_xlim
        axis = axes.yaxis if which == "y" else axes.xaxis
        if self.is_log:
            (axes.set_yscale if which == "y" else axes.set_xscale)("log")
            set_limits(self.low / 1.3, self.high * 1.3)
            axis.set_major_locator(FixedLocator(_round_numbers(self.low / 1.3, self.high * 1.3)))
            axis.set_minor_locator(FixedLocator([]))
        else:
            set_limits(0, self.high * headroom)
            axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda v, _: tick(v)))


def durations_axis(low: float, high: float) -> DurationsAxis:
    """Return the axis for durations in seconds."""
    return DurationsAxis(low=low, high=high, is_log=high > LOG_FROM * low)


def tick(seconds: float) -> str:
    """Return a round duration without trailing zeros: 0, 500 µs, 20 ms, 1 s."""
    if seconds == 0:
        return "0"
    if seconds < 0.9995e-3:  # noqa: PLR2004 - a millisecond, less what rounding may take
        return f"{seconds * 1e6:.4g} µs"
    return words.setting_duration(float(f"{seconds:.6g}"))


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

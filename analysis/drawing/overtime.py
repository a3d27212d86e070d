"""Something in each second of the window, every round faint and the median one clear: shared by lag and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from analysis.drawing.style import BODY, HEIGHT, SMALL, WIDTH, spread, text_width
from analysis.reading.campaign import seconds_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row

_DASHES = (0, (2.5, 1.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One treatment's value in each second, by round; `clear` is the round with the median worst second."""

    row: Row
    label: str
    by_round: Mapping[int, tuple[tuple[int, float], ...]]
    clear: int
    is_dashed: bool = False

    @property
    def worst(self) -> float:
        """The worst second of the round that is drawn clearly."""
        return max(value for _, value in self.by_round[self.clear])

    @property
    def values(self) -> list[float]:
        """Every value of every round."""
        return [value for series in self.by_round.values() for _, value in series]


def track(
    campaign: Campaign,
    row: Row,
    column: str,
    *,
    label: str,
    scale: float = 1.0,
    least: float = 0.0,
    dashed: bool = False,
) -> Track | None:
    """Return a column of the rows per second times `scale`, at least `least`, or None where nothing was recorded."""
    frame = seconds_frame(campaign)
    if frame.empty:
        return None
    mine = frame[(frame["treatment"] == row.treatment.id) & frame["is_valid"]].dropna(subset=[column])
    if mine.empty:
        return None
    by_round = {
        number: _series(mine[mine["round"] == number], column, scale, least)
        for number in sorted({int(n) for n in mine["round"]})
    }
    worst = sorted((max(v for _, v in series), number) for number, series in by_round.items())
    clear = worst[(len(worst) - 1) // 2][1]
    return Track(row=row, label=label, by_round=by_round, clear=clear, is_dashed=dashed)


def _series(rows: pd.DataFrame, column: str, scale: float, least: float) -> tuple[tuple[int, float], ...]:
    """Return (second, value) in time order."""
    ordered = rows.sort_values("second")
    pairs = zip(ordered["second"], ordered[column], strict=True)
    return tuple((int(second), max(float(value) * scale, least)) for second, value in pairs)


def draw_tracks(canvas: Canvas, tracks: Sequence[Track], *, heading: str, scale_axis: Callable[[Axes], None]) -> None:
    """Draw the tracks into a slide's body, each named at its end; `scale_axis` sets up the vertical axis."""
    right = canvas.right - max(text_width(one.label, BODY) for one in tracks) - 50
    axes = canvas.axes(canvas.left + 86, canvas.top + 30, right, canvas.bottom - 46)
    scale_axis(axes)
    axes.set_xlim(0, max(second for one in tracks for series in one.by_round.values() for second, _ in series) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.grid(color=canvas.theme.grid, linewidth=1)
    canvas.text(canvas.left, canvas.top + 4, heading, size=SMALL, colour=canvas.theme.muted)
    canvas.text(right, canvas.bottom - 2, "seconds into the window", size=SMALL, colour=canvas.theme.muted, ha="right")
    for one in tracks:
        _draw_track(axes, one, canvas.theme.ink if one.is_dashed else one.row.name.style.colour)
    _name_ends(axes, canvas, tracks)


def _name_ends(axes: Axes, canvas: Canvas, tracks: Sequence[Track]) -> None:
    ends = [HEIGHT - float(axes.transData.transform((1, one.by_round[one.clear][-1][1]))[1]) for one in tracks]
    box = axes.get_position()
    placed = spread(ends, BODY * 1.5, (1 - box.y1) * HEIGHT, (1 - box.y0) * HEIGHT)
    for one, end, y in zip(tracks, ends, placed, strict=True):
        canvas.line((box.x1 * WIDTH + 4, box.x1 * WIDTH + 26), (end, y), colour=canvas.theme.faint)
        canvas.text(box.x1 * WIDTH + 32, y, one.label)


def _draw_track(axes: Axes, one: Track, colour: str) -> None:
    """Draw every round; a dashed track is thinner and has no markers, so that it can lie on a solid one."""
    for number, series in one.by_round.items():
        is_clear = number == one.clear
        edges = np.array([second for second, _ in series] + [series[-1][0] + 1], dtype=float)
        values = np.array([value for _, value in series])
        axes.stairs(
            values,
            edges,
            baseline=None,
            color=colour,
            linewidth=(3 if one.is_dashed else 5) if is_clear else 2,
            linestyle=_DASHES if one.is_dashed else "-",
            alpha=1.0 if is_clear else 0.35,
        )
        if is_clear and not one.is_dashed:
            axes.plot(
                (edges[:-1] + edges[1:]) / 2,
                values,
                color=colour,
                marker=one.row.name.style.marker,
                markersize=13,
                markeredgewidth=0,
                linewidth=0,
            )

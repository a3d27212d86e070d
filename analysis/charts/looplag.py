"""Loop lag over time for the sleeping handlers: the worst delay of the event loop in each second of the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from analysis import words
from analysis.charts.axes import durations_axis
from analysis.charts.facts import machine, task
from analysis.charts.registry import Picture, chart
from analysis.load import seconds_frame
from analysis.names import treatment_label, treatment_phrase
from analysis.style import BODY, HEIGHT, SMALL, STYLE_COLOURS, STYLE_MARKERS, WIDTH, spread, text_width
from analysis.summary import main_load, rows_of, works
from bench_app.catalogue import Style, Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from analysis.charts.canvas import Canvas
    from analysis.load import Campaign
    from analysis.summary import Row

_SHOWN = (Style.ASYNC_NATIVE, Style.ASYNC_BLOCKING, Style.DEF)
_LEAST_S = 1e-5
"""A lag below the probe's own grain; keeps a logarithmic axis from reaching to zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """The worst loop lag of each second, in seconds, by round; `clear` is the round with the median worst second."""

    row: Row
    by_round: Mapping[int, tuple[tuple[int, float], ...]]
    clear: int

    @property
    def worst_s(self) -> float:
        """The worst second of the round that is drawn clearly."""
        return max(value for _, value in self.by_round[self.clear])


@chart(place=70)
def looplag(campaign: Campaign) -> Iterator[Picture]:
    """Yield the picture where at least two of the three styles have rows per second."""
    if Work.SLEEP not in works(campaign) or (load := main_load(campaign, Work.SLEEP)) is None:
        return
    rows = [r for r in rows_of(campaign, Work.SLEEP, load) if r.name.style in _SHOWN]
    lags = [lag for lag in (_lag(campaign, row) for row in rows) if lag is not None]
    if len(lags) > 1:
        yield _picture(campaign, load, lags)


def _lag(campaign: Campaign, row: Row) -> Lag | None:
    frame = seconds_frame(campaign)
    if frame.empty:
        return None
    mine = frame[(frame["treatment"] == row.treatment.id) & frame["is_valid"]].dropna(subset=["loop_lag_max_us"])
    if mine.empty:
        return None
    by_round = {number: _series(mine[mine["round"] == number]) for number in sorted({int(n) for n in mine["round"]})}
    worst = sorted((max(v for _, v in series), number) for number, series in by_round.items())
    return Lag(row=row, by_round=by_round, clear=worst[(len(worst) - 1) // 2][1])


def _series(rows: pd.DataFrame) -> tuple[tuple[int, float], ...]:
    """Return (second, lag in seconds) in time order."""
    ordered = rows.sort_values("second")
    lags = zip(ordered["second"], ordered["loop_lag_max_us"], strict=True)
    return tuple((int(second), max(float(lag) / 1e6, _LEAST_S)) for second, lag in lags)


def _picture(campaign: Campaign, load: str, lags: Sequence[Lag]) -> Picture:
    values = [v for lag in lags for series in lag.by_round.values() for _, v in series]
    is_log = durations_axis(min(values), max(values)).is_log
    ordered = sorted(lags, key=lambda lag: lag.worst_s)
    low, high = ordered[0], ordered[-1]
    title = (
        f"{task(campaign, Work.SLEEP)}: the event loop stands still for up to {words.duration(high.worst_s)} "
        f"with {treatment_phrase(high.row.treatment)}, {words.duration(low.worst_s)} "
        f"with {treatment_phrase(low.row.treatment)}"
    )
    return Picture(
        name="looplag-sleep",
        work=Work.SLEEP.value,
        title=title,
        facts=(
            f"Worst loop lag in each second of the window{', logarithmic' if is_log else ''}",
            words.load(campaign.loads[load]),
            f"every round faint, the median one clear, {words.rounds([len(lag.by_round) for lag in lags])}",
            machine(campaign),
        ),
        alt=f"Loop lag over time by handler style. {title}.",
        columns=("treatment", "round", "second", "loop_lag_max_s"),
        rows=[
            (lag.row.treatment.id, number, second, value)
            for lag in lags
            for number, series in lag.by_round.items()
            for second, value in series
        ],
        draw=lambda canvas: _draw(canvas, lags),
    )


def _draw(canvas: Canvas, lags: Sequence[Lag]) -> None:
    labels = [treatment_label(lag.row.treatment) for lag in lags]
    right = canvas.right - max(text_width(label, BODY) for label in labels) - 50
    axes = canvas.axes(canvas.left + 86, canvas.top + 30, right, canvas.bottom - 46)
    series = [s for lag in lags for s in lag.by_round.values()]
    values = [value for one in series for _, value in one]
    durations_axis(min(values), max(values)).apply(axes)
    axes.set_xlim(0, max(second for one in series for second, _ in one) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.grid(color=canvas.theme.grid, linewidth=1)
    canvas.text(canvas.left, canvas.top + 4, "worst loop lag in the second", size=SMALL, colour=canvas.theme.muted)
    canvas.text(right, canvas.bottom - 2, "seconds into the window", size=SMALL, colour=canvas.theme.muted, ha="right")
    for lag in lags:
        _draw_lag(axes, lag)
    ends = [HEIGHT - float(axes.transData.transform((1, lag.by_round[lag.clear][-1][1]))[1]) for lag in lags]
    box = axes.get_position()
    placed = spread(ends, BODY * 1.5, (1 - box.y1) * HEIGHT, (1 - box.y0) * HEIGHT)
    for label, end, y in zip(labels, ends, placed, strict=True):
        canvas.line((box.x1 * WIDTH + 4, box.x1 * WIDTH + 26), (end, y), colour=canvas.theme.faint)
        canvas.text(box.x1 * WIDTH + 32, y, label)


def _draw_lag(axes: Axes, lag: Lag) -> None:
    style = lag.row.name.style
    for number, series in lag.by_round.items():
        is_clear = number == lag.clear
        edges = np.array([second for second, _ in series] + [series[-1][0] + 1], dtype=float)
        values = np.array([value for _, value in series])
        axes.stairs(
            values,
            edges,
            baseline=None,
            color=STYLE_COLOURS[style],
            linewidth=5 if is_clear else 2,
            alpha=1.0 if is_clear else 0.35,
        )
        if is_clear:
            axes.plot(
                (edges[:-1] + edges[1:]) / 2,
                values,
                color=STYLE_COLOURS[style],
                marker=STYLE_MARKERS[style],
                markersize=13,
                markeredgewidth=0,
                linewidth=0,
            )

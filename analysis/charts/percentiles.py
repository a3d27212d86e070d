"""Response-time percentile curves, one chart a work, to the quantile the samples support and no further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedFormatter, FixedLocator

from analysis.charts.registry import chart
from analysis.drawing.axes import durations_axis
from analysis.drawing.canvas import Picture
from analysis.drawing.style import HEIGHT, SMALL, WIDTH, shortened, spread, text_width
from analysis.reading.campaign import response_histograms
from analysis.reading.facts import Extremes, Measured, extremes, machine, phrase, task
from analysis.reading.summary import Summary, main_load, rows_of, summarise, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from experiment.design.metrics import GOODPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from bench_app.works import Work
    from experiment.records.histogram import Histogram

_FEWEST = 10
"""Below ten requests a curve would be a guess."""
_POINTS_A_DECADE = 40
_QUANTILES = ((0.99, "one request in a hundred waits"), (0.9, "one request in ten waits"))
_LABELS_AT_MOST = 420.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Quantiles of one treatment: `nines` is 1 / (1 - q); from `floor_from` on, values are only lower bounds."""

    row: Row
    nines: tuple[float, ...]
    seconds: tuple[float, ...]
    floor_from: int
    requests: int
    trials: int

    @property
    def is_floor_at_end(self) -> bool:
        """Whether the curve ends among unanswered requests."""
        return self.floor_from < len(self.nines)


@chart(place=50)
def percentiles(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work whose response times were recorded under its main load."""
    histograms = response_histograms(campaign)
    for work in works(campaign):
        load = main_load(campaign, work)
        rows = [r for r in rows_of(campaign, work, load) if r.treatment.id in histograms] if load else []
        curves = [_curve(campaign, r, histograms[r.treatment.id]) for r in rows if not r.name.is_copy]
        curves = [c for c in curves if c.requests >= _FEWEST]
        if load and curves:
            yield _picture(campaign, work, load, curves)


def _curve(campaign: Campaign, row: Row, histogram: Histogram) -> Curve:
    total = histogram.total
    nines = np.geomspace(1, total, max(2, int(np.log10(total) * _POINTS_A_DECADE)))
    points = histogram.curve([float(q) for q in 1 - 1 / nines])
    goodput = summarise(campaign, row.treatment.id, GOODPUT)
    return Curve(
        row=row,
        nines=tuple(float(x) for x in nines),
        seconds=tuple(max(p.value_us, 1.0) / 1e6 for p in points),
        floor_from=next((i for i, p in enumerate(points) if p.is_floor), len(points)),
        requests=total,
        trials=goodput.n if goodput else 0,
    )


def _picture(campaign: Campaign, work: Work, load: str, curves: Sequence[Curve]) -> Picture:
    seconds = [s for c in curves for s in c.seconds]
    scale = durations_axis(min(seconds), max(seconds))
    title = f"{task(campaign, work)}: {_finding(curves)}"
    open_ends = ("dashed = unanswered when the window closed: at least so long",)
    return Picture(
        name=f"percentiles-{work.name}",
        work=work.name,
        title=title,
        facts=(
            f"Response time by percentile of requests{', logarithmic' if scale.is_log else ''}",
            words.load(campaign.loads[load]),
            f"{words.trials([c.trials for c in curves])} merged",
            *(open_ends if any(c.is_floor_at_end for c in curves) else ()),
            machine(campaign),
        ),
        alt=f"Percentile curves of response time by handler style. {title}.",
        columns=("treatment", "quantile", "response_s", "is_floor"),
        rows=[
            (c.row.treatment.id, 1 - 1 / x, s, i >= c.floor_from)
            for c in curves
            for i, (x, s) in enumerate(zip(c.nines, c.seconds, strict=True))
        ],
        draw=lambda canvas: _draw(canvas, curves),
    )


def _at(curve: Curve, q: float) -> Measured | None:
    """Return a curve's quantile in seconds, or None beyond what its sample supports."""
    wanted = 1 / (1 - q)
    if curve.requests < wanted:
        return None
    i = min(int(np.searchsorted(curve.nines, wanted * (1 - 1e-9))), len(curve.nines) - 1)
    value = curve.seconds[i]
    floor = i >= curve.floor_from
    return Measured(row=curve.row, value=Summary(median=value, low=value, high=value, n=curve.trials, is_floor=floor))


def _finding(curves: Sequence[Curve]) -> str:
    for q, beginning in (*_QUANTILES, (0.5, "half of the requests wait")):
        values = [v for v in (_at(c, q) for c in curves) if v is not None]
        found = extremes(values) if len(values) == len(curves) else None
        if found is not None:
            return _contrast(found, beginning)
    slowest = max(curves, key=lambda c: c.seconds[-1])
    return f"response times up to {words.duration(slowest.seconds[-1])}"


def _contrast(found: Extremes, beginning: str) -> str:
    low, high = found.lowest, found.highest
    if found.are_same:
        return f"{beginning} {words.duration(low.value.median)} or longer, about the same for every variant"
    end = f"{words.duration(high.value.median)} or longer with {phrase(high)}"
    return f"{beginning} {end}, {words.duration(low.value.median)} with {phrase(low)}"


def _draw(canvas: Canvas, curves: Sequence[Curve]) -> None:
    labels = [treatment_label(c.row.treatment) + (", at least" if c.is_floor_at_end else "") for c in curves]
    width = min(max(text_width(label, SMALL) for label in labels), _LABELS_AT_MOST) + 60
    axes = canvas.axes(canvas.left + 86, canvas.top + 26, canvas.right - width, canvas.bottom - 46)
    durations_axis(min(s for c in curves for s in c.seconds), max(s for c in curves for s in c.seconds)).apply(axes)
    quantile_axis(axes, canvas, max(c.nines[-1] for c in curves))
    for curve in curves:
        _draw_curve(axes, curve)
    _end_labels(axes, canvas, curves, labels)


def quantile_axis(axes: Axes, canvas: Canvas, most: float) -> None:
    """Set up the axis of percentiles, logarithmic in 1 / (1 - q), as far as `most` of it."""
    axes.set_xscale("log")
    axes.set_xlim(1, most * 1.08)
    ticks = [(1, "0"), (2, "50"), (4, "75"), (10, "90"), (100, "99"), (1e3, "99.9"), (1e4, "99.99"), (1e5, "99.999")]
    shown = [(x, name) for x, name in ticks if x <= most]
    axes.xaxis.set_major_locator(FixedLocator([float(x) for x, _ in shown]))
    axes.xaxis.set_major_formatter(FixedFormatter([name for _, name in shown]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.grid(color=canvas.theme.grid, linewidth=1)
    box = axes.get_position()
    canvas.text(
        box.x1 * WIDTH, canvas.bottom - 4, "percentile of requests", size=SMALL, colour=canvas.theme.muted, ha="right"
    )
    canvas.text(canvas.left, canvas.top + 4, "response time", size=SMALL, colour=canvas.theme.muted)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    colour, split = curve.row.name.style.colour, curve.floor_from
    known = slice(0, split + 1)
    axes.plot(curve.nines[known], curve.seconds[known], color=colour, linewidth=3.5, solid_capstyle="round")
    if curve.is_floor_at_end:
        axes.plot(curve.nines[split:], curve.seconds[split:], color=colour, linewidth=3.5, linestyle=(0, (2.5, 1.5)))
        _open_end(axes, curve.nines[-1], curve.seconds[-1], colour)
    axes.plot(
        curve.nines[-1],
        curve.seconds[-1],
        color=colour,
        marker=curve.row.name.style.marker,
        markersize=13,
        markeredgewidth=0,
        clip_on=False,
    )


def _open_end(axes: Axes, x: float, y: float, colour: str) -> None:
    """Point upwards: the true curve lies at this height or above."""
    look = {"arrowstyle": "<|-", "color": colour, "linewidth": 3, "mutation_scale": 24, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=(x, y), xytext=(0, 44), textcoords="offset pixels", arrowprops=look)


def _end_labels(axes: Axes, canvas: Canvas, curves: Sequence[Curve], labels: Sequence[str]) -> None:
    """Write each curve's name at the right, at its end's height, with a hairline to it."""
    to_pixels = axes.transData.transform
    ends = [to_pixels((c.nines[-1], c.seconds[-1])) for c in curves]
    heights = [HEIGHT - float(y) for _, y in ends]
    box = axes.get_position()
    top, bottom, right = (1 - box.y1) * HEIGHT, (1 - box.y0) * HEIGHT, box.x1 * WIDTH
    placed = spread(heights, SMALL * 1.5, top, bottom)
    for label, (x, _), height, y in zip(labels, ends, heights, placed, strict=True):
        canvas.line((float(x) + 10, right + 30), (height, y), colour=canvas.theme.faint)
        canvas.text(right + 36, y, shortened(label, SMALL, canvas.right - right - 36), size=SMALL)

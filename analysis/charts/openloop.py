"""What only an open load shows: the stall a closed load hides, and how a style bears a rising rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from analysis.charts.percentiles import quantile_axis
from analysis.charts.registry import chart
from analysis.drawing.axes import durations_axis, tick
from analysis.drawing.canvas import Picture
from analysis.drawing.style import SMALL
from analysis.reading.campaign import response_histograms
from analysis.reading.facts import machine, task
from analysis.reading.summary import rows_of, summarise, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from bench_app.works import STALL, Work
from experiment.design.metrics import GOODPUT, RESPONSE_P99
from experiment.design.model import LoadKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.axes import DurationsAxis
    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row

P99_BOUND_S = 0.5
"""The service level a sweep is read against: a p99 of half a second."""

_FEWEST = 100  # requests, for a p99
_POINTS_A_DECADE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCurve:
    """Response-time quantiles of one treatment: `nines` is 1 / (1 - q)."""

    row: Row
    nines: tuple[float, ...]
    seconds: tuple[float, ...]
    p99_s: float


@chart(place=55)
def stall(campaign: Campaign) -> Iterator[Picture]:
    """Yield the same stall as a closed and an open load saw it."""
    histograms = response_histograms(campaign)
    rows = [r for r in rows_of(campaign, STALL) if r.treatment.id in histograms]
    curves = [_curve(campaign, r) for r in rows if histograms[r.treatment.id].total >= _FEWEST]
    closed = next((c for c in curves if c.row.load.kind is LoadKind.CLOSED), None)
    arrivals = next((c for c in curves if c.row.load.kind is LoadKind.OPEN), None)
    if closed is None or arrivals is None:
        return
    title = (
        f"The same stall: one request in a hundred waits {words.duration(arrivals.p99_s)} or longer if arrivals "
        f"follow a schedule, {words.duration(closed.p99_s)} if they wait for answers"
    )
    both = (closed, arrivals)
    yield Picture(
        name="stall",
        work=STALL.name,
        title=title,
        facts=(
            f"Response time by percentile of requests{', logarithmic' if _axis(both).is_log else ''}",
            words.load(closed.row.load),
            words.load(arrivals.row.load),
            task(campaign, STALL),
            machine(campaign),
        ),
        alt=f"Percentile curves of response time under a closed and an open load. {title}.",
        columns=("treatment", "quantile", "response_s"),
        rows=[(c.row.treatment.id, 1 - 1 / x, s) for c in both for x, s in zip(c.nines, c.seconds, strict=True)],
        draw=lambda canvas: _draw_stall(canvas, both),
    )


def _curve(campaign: Campaign, row: Row) -> LoadCurve:
    histogram = response_histograms(campaign)[row.treatment.id]
    nines = np.geomspace(1, histogram.total, max(2, int(log10(histogram.total) * _POINTS_A_DECADE)))
    points = histogram.curve([float(q) for q in 1 - 1 / nines])
    return LoadCurve(
        row=row,
        nines=tuple(float(x) for x in nines),
        seconds=tuple(max(p.value_us, 1.0) / 1e6 for p in points),
        p99_s=histogram.curve([0.99])[0].value_us / 1e6,
    )


def _axis(curves: Sequence[LoadCurve]) -> DurationsAxis:
    seconds = [s for c in curves for s in c.seconds]
    return durations_axis(min(seconds), max(seconds))


def _draw_stall(canvas: Canvas, curves: Sequence[LoadCurve]) -> None:
    axes = canvas.axes(canvas.left + 86, canvas.top + 26, canvas.right - 40, canvas.bottom - 46)
    _axis(curves).apply(axes)
    quantile_axis(axes, canvas, max(c.nines[-1] for c in curves))
    for curve in curves:
        is_open = curve.row.load.kind is LoadKind.OPEN
        colour = curve.row.name.style.colour if is_open else canvas.theme.muted
        axes.plot(curve.nines, curve.seconds, color=colour, linewidth=3.5, solid_capstyle="round")
        # below the curve where it is long past its bend, so that neither name meets the other curve
        at = min(range(len(curve.nines)), key=lambda i: abs(curve.nines[i] - (20 if is_open else 4)))
        axes.annotate(
            "arrivals on a schedule" if is_open else "users who wait for answers",
            (curve.nines[at], curve.seconds[at]),
            xytext=(10, -30),
            textcoords="offset pixels",
            fontsize=SMALL,
            color=canvas.theme.ink,
            va="center",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One offered rate of a sweep: medians over its rounds; `is_floor` says the p99 is at least the one given.

    `arrived_rps`: the arrivals there were, which chance makes more or fewer than the rate offered.
    """

    offered_rps: float
    arrived_rps: float
    achieved_rps: float
    p99_s: float | None
    is_floor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A variant under a rising rate."""

    row: Row
    steps: tuple[Step, ...]

    @property
    def highest_good_rps(self) -> float | None:
        """The highest offered rate, every lower one included, that keeps the p99 under the bound."""
        best = None
        for step in self.steps:
            if step.p99_s is None or step.is_floor or step.p99_s > P99_BOUND_S:
                break
            best = step.offered_rps
        return best


@chart(place=57)
def sweep(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work whose variants were offered several rates."""
    planned = {entry.id for entry in campaign.manifest.sweep}
    for work in works(campaign):
        rows = [r for r in rows_of(campaign, work) if r.treatment.id in planned]
        sweeps = _sweeps(campaign, rows)
        if any(len(s.steps) > 1 for s in sweeps):
            yield _sweep_picture(campaign, work, sweeps)


def _sweeps(campaign: Campaign, rows: Sequence[Row]) -> list[Sweep]:
    by_variant: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda r: r.load.rate_rps):
        by_variant.setdefault(row.treatment.variant, []).append(row)
    made = [
        Sweep(row=mine[0], steps=tuple(s for s in (_step(campaign, r) for r in mine) if s is not None))
        for mine in by_variant.values()
    ]
    return sorted((s for s in made if s.steps), key=lambda s: s.row.order)


def _step(campaign: Campaign, row: Row) -> Step | None:
    achieved = summarise(campaign, row.treatment.id, GOODPUT)
    p99 = summarise(campaign, row.treatment.id, RESPONSE_P99)
    if achieved is None:
        return None
    return Step(
        offered_rps=row.load.rate_rps,
        arrived_rps=_arrived_rps(campaign, row),
        achieved_rps=achieved.median,
        p99_s=p99.median / 1e6 if p99 else None,
        is_floor=bool(p99 and p99.is_floor),
    )


def _arrived_rps(campaign: Campaign, row: Row) -> float:
    """Return the median rate at which requests were due, sent or dropped; the offered one where it was not counted."""
    mine = (t.metrics for t in campaign.trials if t.treatment == row.treatment.id and t.is_valid)
    rates = [(m.sent + (m.dropped or 0)) / m.window_s for m in mine if m.sent is not None and m.window_s]
    return median(rates) if rates else row.load.rate_rps


def _sweep_picture(campaign: Campaign, work: Work, sweeps: Sequence[Sweep]) -> Picture:
    title = f"{task(campaign, work)}: {_sweep_finding(sweeps)}"
    return Picture(
        name=f"sweep-{work.name}",
        work=work.name,
        title=title,
        facts=(
            "Left: right answers a second against arrivals; right: response time p99",
            "open load, Poisson arrivals",
            "median of the rounds, open marker = at least",
            machine(campaign),
        ),
        alt=f"Achieved rate and p99 of response time against the offered rate. {title}.",
        columns=("variant", "offered_rps", "arrived_rps", "achieved_rps", "response_p99_s", "is_floor"),
        rows=[
            (s.row.treatment.variant, p.offered_rps, p.arrived_rps, p.achieved_rps, p.p99_s, p.is_floor)
            for s in sweeps
            for p in s.steps
        ],
        draw=lambda canvas: _draw_sweep(canvas, sweeps),
    )


def _sweep_finding(sweeps: Sequence[Sweep]) -> str:
    parts = []
    for each in sweeps:
        label = treatment_label(each.row.treatment)
        best = each.highest_good_rps
        parts.append(f"{label} {'none of these rates' if best is None else words.rate(best)}")
    return f"the highest rate with a p99 under {tick(P99_BOUND_S)}: {', '.join(parts)}"


def _draw_sweep(canvas: Canvas, sweeps: Sequence[Sweep]) -> None:
    middle = (canvas.left + canvas.right) / 2
    top, bottom = canvas.top + 40, canvas.bottom - 56
    left = canvas.axes(canvas.left + 60, top, middle - 60, bottom)
    right = canvas.axes(middle + 60, top, canvas.right - 190, bottom)
    seconds = [p.p99_s for s in sweeps for p in s.steps if p.p99_s is not None]
    most = max(max(p.arrived_rps, p.achieved_rps) for s in sweeps for p in s.steps)
    for axes in (left, right):
        axes.set_xlim(0, most * 1.05)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        axes.grid(color=canvas.theme.grid, linewidth=1)
    left.set_ylim(0, most * 1.05)
    left.plot([0, most], [0, most], color=canvas.theme.faint, linewidth=1.5)
    if seconds:
        durations_axis(min(seconds), max([*seconds, P99_BOUND_S])).apply(right)
        right.axhline(P99_BOUND_S, color=canvas.theme.faint, linewidth=1.5)
    for each in sweeps:
        _draw_one(left, right, each)
    _name_sweeps(canvas, right, sweeps)
    canvas.text(canvas.left, canvas.top + 12, "achieved, rps", size=SMALL, colour=canvas.theme.muted)
    canvas.text(middle, canvas.top + 12, "response time p99", size=SMALL, colour=canvas.theme.muted)
    canvas.text(middle - 60, canvas.bottom - 8, "arrivals, rps", size=SMALL, colour=canvas.theme.muted, ha="right")
    canvas.text(
        canvas.right - 190, canvas.bottom - 8, "arrivals, rps", size=SMALL, colour=canvas.theme.muted, ha="right"
    )


def _draw_one(left: Axes, right: Axes, each: Sweep) -> None:
    colour, marker = each.row.name.style.colour, each.row.name.style.marker
    arrived = [p.arrived_rps for p in each.steps]
    left.plot(arrived, [p.achieved_rps for p in each.steps], color=colour, marker=marker, linewidth=3, markersize=10)
    timed = [(p.arrived_rps, p.p99_s, p.is_floor) for p in each.steps if p.p99_s is not None]
    right.plot([x for x, _, _ in timed], [y for _, y, _ in timed], color=colour, linewidth=3)
    for x, y, is_floor in timed:
        face = "none" if is_floor else colour
        right.plot([x], [y], color=colour, marker=marker, markersize=10, markerfacecolor=face, markeredgewidth=2)


def _name_sweeps(canvas: Canvas, axes: Axes, sweeps: Sequence[Sweep]) -> None:
    """Write each variant's name beside the last point of its p99."""
    ends = [(s, next((p.p99_s for p in reversed(s.steps) if p.p99_s is not None), None)) for s in sweeps]
    placed = -1e9
    for each, last in sorted(((s, y) for s, y in ends if y is not None), key=lambda pair: pair[1]):
        y_pixel = max(float(axes.transData.transform((0, last))[1]), placed + SMALL * 1.5)
        placed = y_pixel
        canvas.text(
            canvas.right - 178, 900 - y_pixel, treatment_label(each.row.treatment), size=SMALL, colour=canvas.theme.ink
        )

"""Response-time percentile curves, logarithmic in 1 / (1 - q), to the quantile the samples support and no further.

`percentiles` compares the variants of a work. `stall` shows what a closed load hides: the same stall as users see it
who wait for answers, and as arrivals do that follow a schedule.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log10

import numpy as np
from matplotlib.axes import Axes

from analysis.charts.parts import finding, main_loads
from analysis.charts.registry import chart
from analysis.drawing.axes import DurationsAxis, durations_axis, fixed_ticks
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.marks import arrow, marker_of, name_ends
from analysis.drawing.style import SMALL, TICKS_BELOW, TICKS_LEFT, text_width
from analysis.reading.campaign import Campaign, response_histograms
from analysis.reading.facts import RowValue, extremes, task
from analysis.reading.summary import Row, Summary, rows_of, summarise
from analysis.wording import words
from analysis.wording.names import treatment_label
from bench_app.works import STALL, Work
from experiment.design.metrics import GOODPUT
from experiment.design.model import LoadKind

_FEWEST, _FEWEST_FOR_P99 = 10, 100  # requests; below ten a curve would be a guess
_QUANTILES = {0.99: "one request in a hundred waits", 0.9: "one request in ten waits", 0.5: "half of the requests wait"}
_POINTS_A_DECADE, _SPOT_EVERY = 40, 4
_TICKS = {1: "0", 2: "50", 4: "75", 10: "90", 100: "99", 1e3: "99.9", 1e4: "99.99", 1e5: "99.999"}
_LABELS_AT_MOST = 420.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Quantiles of one treatment: `nines` is 1 / (1 - q); from `floor_from` on, values are only lower bounds."""

    row: Row
    nines: tuple[float, ...]
    seconds: tuple[float, ...]
    floor_from: int
    requests: int

    @property
    def end(self) -> tuple[float, float]:
        return self.nines[-1], self.seconds[-1]

    @property
    def is_floor_at_end(self) -> bool:
        """Whether the curve ends among unanswered requests."""
        return self.floor_from < len(self.nines)

    def at(self, q: float) -> RowValue | None:
        """Return a quantile in seconds, or None beyond what the sample supports."""
        wanted = 1 / (1 - q)
        if self.requests < wanted:
            return None
        i = min(int(np.searchsorted(self.nines, wanted * (1 - 1e-9))), len(self.nines) - 1)
        value, is_floor = self.seconds[i], i >= self.floor_from
        return RowValue(row=self.row, value=Summary(median=value, low=value, high=value, n=1, is_floor=is_floor))

    def points(self) -> Iterator[tuple[float, float, bool]]:
        """Yield quantile, seconds, and whether that is only a lower bound."""
        for i, (x, seconds) in enumerate(zip(self.nines, self.seconds, strict=True)):
            yield 1 - 1 / x, seconds, i >= self.floor_from


def _curves(campaign: Campaign, rows: Iterable[Row], fewest: int) -> list[Curve]:
    """Return the curves of those rows of which enough requests were recorded."""
    histograms = response_histograms(campaign)
    curves = []
    for row in rows:
        histogram = histograms.get(row.treatment.id)
        if histogram is None or histogram.total < fewest:
            continue
        nines = np.geomspace(1, histogram.total, max(2, int(log10(histogram.total) * _POINTS_A_DECADE)))
        points = histogram.curve([float(q) for q in 1 - 1 / nines])
        found = Curve(
            row=row,
            nines=tuple(float(x) for x in nines),
            seconds=tuple(max(p.value_us, 1.0) / 1e6 for p in points),
            floor_from=next((i for i, p in enumerate(points) if p.is_floor), len(points)),
            requests=histogram.total,
        )
        curves.append(found)
    return curves


@chart(place=50)
def percentiles(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work whose response times were recorded under its main load."""
    for work, load in main_loads(campaign):
        rows = [row for row in rows_of(campaign, work, load) if not row.name.is_copy]
        if curves := _curves(campaign, rows, _FEWEST):
            yield _picture(campaign, work, load, curves)


def _picture(campaign: Campaign, work: Work, load: str, curves: Sequence[Curve]) -> Picture:
    goodputs = [summarise(campaign, c.row.treatment.id, GOODPUT) for c in curves]
    open_ends = ("dashed = unanswered when the window closed: at least so long",)
    return Picture(
        name=f"percentiles-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: {_finding(curves)}",
        facts=(
            f"Response time by percentile of requests{_axis(curves).note}",
            words.load(campaign.loads[load]),
            f"{words.trials([value.n if value else 0 for value in goodputs])} merged",
            *(open_ends if any(c.is_floor_at_end for c in curves) else ()),
        ),
        what="Percentile curves of response time by handler style",
        rows=[
            {"treatment": one.row.treatment.id, "quantile": q, "response_s": seconds, "is_floor": is_floor}
            for one in curves
            for q, seconds, is_floor in one.points()
        ],
        draw=partial(_draw, curves=curves),
    )


def _finding(curves: Sequence[Curve]) -> str:
    for q, beginning in _QUANTILES.items():
        values = [value for one in curves if (value := one.at(q))]
        said = finding(
            values,
            _with_median(curves, values),
            same=beginning + " {low} or longer, about the same for every variant",
            other=beginning + " {high} or longer with {most}, {low} with {least}",
        )
        if said and len(values) == len(curves):
            return said
    return f"response times up to {words.duration(max(c.seconds[-1] for c in curves))}"


def _with_median(curves: Sequence[Curve], values: Sequence[RowValue]) -> Callable[[RowValue], str]:
    """Return how a title writes a quantile: with the median, where that would put the extremes the other way round."""
    medians = {one.row: value for one in curves if (value := one.at(0.5))}
    found = extremes(values)
    both = found is not None and medians[found.lowest.row].value.median > medians[found.highest.row].value.median

    def write(measured: RowValue) -> str:
        half = f" (half of them {words.duration(medians[measured.row].value.median)})" if both else ""
        return words.duration(measured.value.median) + half

    return write


def _axis(curves: Iterable[Curve]) -> DurationsAxis:
    return durations_axis(s for c in curves for s in c.seconds)


def _axes(canvas: Canvas, curves: Sequence[Curve], right: float) -> Axes:
    """Return axes for the curves in a slide's body, up to the pixel `right`."""
    axes = canvas.axes(canvas.left + TICKS_LEFT, canvas.top + 26, right, canvas.bottom - TICKS_BELOW, grid="both")
    _axis(curves).apply(axes)
    most = max(c.nines[-1] for c in curves)
    axes.set_xscale("log")
    axes.set_xlim(1, most * 1.08)
    fixed_ticks(axes.xaxis, [x for x in _TICKS if x <= most], _TICKS.__getitem__)
    canvas.note(right, canvas.bottom - 4, "percentile of requests", ha="right")
    canvas.note(canvas.left, canvas.top + 4, "response time")
    return axes


def _draw(canvas: Canvas, curves: Sequence[Curve]) -> None:
    labels = [treatment_label(c.row.treatment) + (", at least" if c.is_floor_at_end else "") for c in curves]
    width = min(max(text_width(label, SMALL) for label in labels), _LABELS_AT_MOST) + 60
    axes = _axes(canvas, curves, canvas.right - width)
    for one in curves:
        _draw_curve(axes, one)
        _add_spots(canvas, axes, one, treatment_label(one.row.treatment))
    name_ends(canvas, axes, [c.end for c in curves], labels, size=SMALL, start=10, reach=30)


def _add_spots(canvas: Canvas, axes: Axes, one: Curve, label: str) -> None:
    """Let a reader ask for the response time at the marked percentiles, and at some between them."""
    last = len(one.nines) - 1
    for i, (q, seconds, is_floor) in enumerate(one.points()):
        if i % _SPOT_EVERY == 0 or i == last:
            waits = f"{'at least ' if is_floor else ''}{words.duration(seconds)}"
            canvas.spot(axes, one.nines[i], seconds, of=label, text=f"p{_nines(q)}: {waits}")


def _nines(q: float) -> str:
    """Write a quantile as a percentile with as many digits as tell it from its neighbours: 50, 99.0, 99.95."""
    digits = max(0, ceil(-log10(max(1 - q, 1e-9))) - 1) if q else 0
    return f"{q * 100:.{digits}f}"


def _draw_curve(axes: Axes, one: Curve) -> None:
    style, split = one.row.name.style, one.floor_from
    known = slice(0, split + 1)
    axes.plot(one.nines[known], one.seconds[known], color=style.colour, linewidth=3.5, solid_capstyle="round")
    if one.is_floor_at_end:
        dashes = (0, (2.5, 1.5))
        axes.plot(one.nines[split:], one.seconds[split:], color=style.colour, linewidth=3.5, linestyle=dashes)
        # upwards: the true curve lies at this height or above
        up = arrow(style.colour, head=24, shape="<|-")
        axes.annotate("", xy=one.end, xytext=(0, 44), textcoords="offset pixels", arrowprops=up)
    axes.plot(*one.end, clip_on=False, **marker_of(style, 13))


@chart(place=55)
def stall(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture where the stall was measured under a closed and an open load."""
    curves = _curves(campaign, rows_of(campaign, STALL), _FEWEST_FOR_P99)
    by_kind = {one.row.load.kind: one for one in reversed(curves)}
    if {LoadKind.CLOSED, LoadKind.OPEN} <= by_kind.keys():
        yield _stall_picture(campaign, by_kind[LoadKind.CLOSED], by_kind[LoadKind.OPEN])


def _stall_picture(campaign: Campaign, closed: Curve, arrivals: Curve) -> Picture:
    both, histograms = (closed, arrivals), response_histograms(campaign)
    users_wait, arrivals_wait = (
        words.duration_us(histograms[one.row.treatment.id].curve([0.99])[0].value_us) for one in both
    )
    return Picture(
        name="stall",
        work=STALL.name,
        title=(
            f"The same stall: one request in a hundred waits {arrivals_wait} or longer if arrivals "
            f"follow a schedule, {users_wait} if they wait for answers"
        ),
        facts=(
            f"Response time by percentile of requests{_axis(both).note}",
            *(words.load(one.row.load) for one in both),
            task(campaign, STALL),
        ),
        what="Percentile curves of response time under a closed and an open load",
        rows=[
            {"treatment": one.row.treatment.id, "quantile": q, "response_s": seconds}
            for one in both
            for q, seconds, _ in one.points()
        ],
        draw=partial(_draw_stall, closed=closed, arrivals=arrivals),
    )


def _draw_stall(canvas: Canvas, closed: Curve, arrivals: Curve) -> None:
    axes = _axes(canvas, (closed, arrivals), canvas.right - 40)
    # each name below its curve where it is long past its bend, so that neither meets the other curve
    for one, colour, label, near in (
        (closed, canvas.theme.muted, "users who wait for answers", 4),
        (arrivals, arrivals.row.name.style.colour, "arrivals on a schedule", 20),
    ):
        axes.plot(one.nines, one.seconds, color=colour, linewidth=3.5, solid_capstyle="round")
        _add_spots(canvas, axes, one, label)
        at = min(range(len(one.nines)), key=lambda i: abs(one.nines[i] - near))
        axes.annotate(
            label,
            (one.nines[at], one.seconds[at]),
            xytext=(10, -30),
            textcoords="offset pixels",
            fontsize=SMALL,
            color=canvas.theme.ink,
            va="center",
        )

"""How a variant bears a rising rate of arrivals: what it achieves of it, and its p99, one chart a work."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import takewhile
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.charts.registry import chart
from analysis.drawing.axes import durations_axis, tick
from analysis.drawing.canvas import Canvas, Picture, pixel
from analysis.drawing.style import LEADING, SMALL, spread
from analysis.reading.campaign import Campaign
from analysis.reading.facts import task
from analysis.reading.summary import Row, rows_of, summarise, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from bench_app.works import Work
from experiment.design.metrics import GOODPUT, RESPONSE_P99
from experiment.design.model import LoadKind

P99_BOUND_S = 0.5  # the service level a sweep is read against: a p99 of half a second
_NAMES = 190.0  # the column of names at the right


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One offered rate of a sweep: medians over its rounds; `is_floor` says the p99 is at least the one given.

    `arrived_rps`: the arrivals there were, which chance makes more or fewer than the rate offered.
    """

    offered_rps: float
    arrived_rps: float
    achieved_rps: float
    response_p99_s: float | None
    is_floor: bool

    @property
    def is_good(self) -> bool:
        """Whether it keeps the service level."""
        return self.response_p99_s is not None and not self.is_floor and self.response_p99_s <= P99_BOUND_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A variant under a rising rate."""

    row: Row
    steps: tuple[Step, ...]

    @property
    def label(self) -> str:
        return treatment_label(self.row.treatment)

    @property
    def timed(self) -> list[tuple[float, float, bool]]:
        """Arrivals, p99 in seconds and whether that is a floor, of each step that has a p99."""
        return [(p.arrived_rps, p.response_p99_s, p.is_floor) for p in self.steps if p.response_p99_s is not None]

    @property
    def highest_good(self) -> str:
        """The highest offered rate, every lower one included, that keeps the p99 under the bound, in words."""
        good = list(takewhile(lambda step: step.is_good, self.steps))
        return words.rate(good[-1].offered_rps) if good else "none of these rates"


@chart(place=57)
def sweep(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work whose variants were offered several rates."""
    planned = {entry.id for entry in campaign.manifest.sweep}
    for work in works(campaign):
        sweeps = _sweeps(campaign, [r for r in rows_of(campaign, work) if _is_step(r, planned)])
        if any(len(s.steps) > 1 for s in sweeps):
            yield _picture(campaign, work, sweeps)


def _is_step(row: Row, planned: Collection[str]) -> bool:
    return row.treatment.id in planned and row.load.kind is LoadKind.OPEN


def _sweeps(campaign: Campaign, rows: Sequence[Row]) -> list[Sweep]:
    """Return the variants of which a step was measured, in the fixed order of rows."""
    by_variant: dict[str, list[Row]] = {}
    for row in rows:
        by_variant.setdefault(row.treatment.variant, []).append(row)
    found = []
    for mine in by_variant.values():
        rising = sorted(mine, key=lambda row: row.load.rate_rps)
        if steps := tuple(step for row in rising if (step := _step(campaign, row))):
            found.append(Sweep(row=mine[0], steps=steps))
    return found


def _step(campaign: Campaign, row: Row) -> Step | None:
    achieved = summarise(campaign, row.treatment.id, GOODPUT)
    p99 = summarise(campaign, row.treatment.id, RESPONSE_P99)
    if achieved is None:
        return None
    return Step(
        offered_rps=row.load.rate_rps,
        arrived_rps=_arrived_rps(campaign, row),
        achieved_rps=achieved.median,
        response_p99_s=p99.median / 1e6 if p99 else None,
        is_floor=bool(p99 and p99.is_floor),
    )


def _arrived_rps(campaign: Campaign, row: Row) -> float:
    """Return the median rate at which requests were due, sent or dropped; the offered one where it was not counted."""
    mine = (t.metrics for t in campaign.trials if t.treatment == row.treatment.id and t.is_valid)
    rates = [(m.sent + (m.dropped or 0)) / m.window_s for m in mine if m.sent is not None and m.window_s]
    return median(rates) if rates else row.load.rate_rps


def _picture(campaign: Campaign, work: Work, sweeps: Sequence[Sweep]) -> Picture:
    highest = ", ".join(f"{each.label} {each.highest_good}" for each in sweeps)
    return Picture(
        name=f"sweep-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: the highest rate with a p99 under {tick(P99_BOUND_S)}: {highest}",
        facts=(
            "Left: right answers a second against arrivals; right: response time p99",
            "open load, Poisson arrivals",
            "median of the rounds, open marker = at least",
        ),
        what="Achieved rate and p99 of response time against the offered rate",
        rows=[{"variant": each.row.treatment.variant, **asdict(step)} for each in sweeps for step in each.steps],
        draw=partial(_draw, sweeps=sweeps),
    )


def _draw(canvas: Canvas, sweeps: Sequence[Sweep]) -> None:
    middle, end = (canvas.left + canvas.right) / 2, canvas.right - _NAMES
    top, bottom = canvas.top + 40, canvas.bottom - 56
    left = canvas.axes(canvas.left + 60, top, middle - 60, bottom, grid="both")
    right = canvas.axes(middle + 60, top, end, bottom, grid="both")
    seconds = [y for s in sweeps for _, y, _ in s.timed]
    most = max(max(p.arrived_rps, p.achieved_rps) for s in sweeps for p in s.steps)
    for axes in (left, right):
        axes.set_xlim(0, most * 1.05)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    left.set_ylim(0, most * 1.05)
    left.plot([0, most], [0, most], color=canvas.theme.faint, linewidth=1.5)
    if seconds:
        durations_axis([min(seconds), max(*seconds, P99_BOUND_S)]).apply(right)
        right.axhline(P99_BOUND_S, color=canvas.theme.faint, linewidth=1.5)
    for each in sweeps:
        _draw_one(left, right, each)
        _add_spots(canvas, left, right, each)
    _name_ends(canvas, right, sweeps)
    canvas.note(canvas.left, canvas.top + 12, "achieved, rps")
    canvas.note(middle, canvas.top + 12, "response time p99")
    for x in (middle - 60, end):
        canvas.note(x, canvas.bottom - 8, "arrivals, rps", ha="right")


def _draw_one(left: Axes, right: Axes, each: Sweep) -> None:
    style = each.row.name.style
    look: dict[str, Any] = {"color": style.colour, "marker": style.marker, "markersize": 10}
    left.plot([p.arrived_rps for p in each.steps], [p.achieved_rps for p in each.steps], linewidth=3, **look)
    right.plot([x for x, _, _ in each.timed], [y for _, y, _ in each.timed], color=style.colour, linewidth=3)
    for x, y, is_floor in each.timed:
        right.plot([x], [y], markerfacecolor="none" if is_floor else style.colour, markeredgewidth=2, **look)


def _add_spots(canvas: Canvas, left: Axes, right: Axes, each: Sweep) -> None:
    for step in each.steps:
        said = f"{words.rate(step.achieved_rps)} of {words.rate(step.arrived_rps)}"
        canvas.spot(left, step.arrived_rps, step.achieved_rps, of=each.label, text=said)
    for x, y, is_floor in each.timed:
        said = f"p99 {'at least ' if is_floor else ''}{words.duration(y)} at {words.rate(x)}"
        canvas.spot(right, x, y, of=each.label, text=said)


def _name_ends(canvas: Canvas, axes: Axes, sweeps: Sequence[Sweep]) -> None:
    """Write each variant's name beside the last point of its p99; where they are close, the upper ones move up."""
    named = sorted((each for each in sweeps if each.timed), key=lambda each: each.timed[-1][1])
    heights = [pixel(axes, 0, each.timed[-1][1])[1] for each in named]
    placed = spread([-y for y in heights], SMALL * LEADING, -canvas.bottom, -canvas.top)
    for each, y in zip(named, placed, strict=True):
        canvas.text(canvas.right - _NAMES + 12, -y, each.label, size=SMALL)

"""Goodput against users where requests can wait for each other: the cliff that theory predicts, and what was measured.

One plot a route, side by side: the tutorial's and what was proposed to do instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from matplotlib.axes import Axes

from analysis.charts.registry import chart
from analysis.drawing.axes import fixed_ticks, round_ticks
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.marks import marker_of, segment
from analysis.drawing.style import SMALL, TICKS_BELOW, TICKS_LEFT
from analysis.reading.campaign import Campaign
from analysis.reading.facts import over_trials, task
from analysis.reading.summary import Row, Summary, rows_of, summarise
from analysis.wording import words
from bench_app.works import SESSION
from experiment.design.factor import Limits
from experiment.design.factors import ServerConfig
from experiment.design.metrics import GOODPUT
from experiment.design.model import LoadKind
from experiment.theory.ceilings import ceiling
from experiment.theory.deadlock import fewest_users, is_stuck

_FALLEN = 0.1
"""What is left of the goodput below the cliff where a route is said to fall off it."""
_TUTORIAL = "session of a dependency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A route with so many users."""

    users: int
    value: Summary
    predicted_rps: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A route with its points by rising users; `edge` is the number of users at which theory sees the cliff."""

    row: Row
    edge: int
    points: tuple[Point, ...]

    @property
    def label(self) -> str:
        return self.row.name.tool or _TUTORIAL

    @property
    def falls(self) -> bool:
        """Whether, at the edge or beyond, there is a point at a tenth of the highest below it, or lower."""
        below = [p.value.median for p in self.points if p.users < self.edge]
        beyond = [p.value.median for p in self.points if p.users >= self.edge]
        return bool(below and beyond) and min(beyond) <= _FALLEN * max(below)


@chart(place=45)
def cliff(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a server on which the session routes were measured at, or on both sides of, the cliff."""
    rows = [row for row in rows_of(campaign, SESSION) if row.load.kind is LoadKind.CLOSED]
    by_server = groupby(sorted(rows, key=lambda r: r.treatment.server.suffix), key=lambda r: r.treatment.server)
    for number, (server, mine) in enumerate(by_server):
        panels = _panels(campaign, server, list(mine))
        if any(p.users >= panel.edge for panel in panels for p in panel.points):
            yield _picture(campaign, server, panels, name="cliff" if number == 0 else f"cliff-{number + 1}")


def _panels(campaign: Campaign, server: ServerConfig, rows: Sequence[Row]) -> list[Panel]:
    """Return a panel for each route that was measured, in the fixed order of rows."""
    limits = _limits(campaign, server)
    by_variant: dict[str, list[Row]] = {}
    for row in rows:
        by_variant.setdefault(row.treatment.variant, []).append(row)
    found = []
    for mine in by_variant.values():
        rising = sorted(mine, key=lambda row: row.load.users)
        if points := tuple(point for row in rising if (point := _point(campaign, row, limits))):
            found.append(Panel(row=mine[0], edge=fewest_users(limits), points=points))
    return found


def _limits(campaign: Campaign, server: ServerConfig) -> Limits:
    costs = campaign.costs
    return server.limits(Limits(cores=costs.cores, tokens=costs.thread_tokens, db_pool=costs.db_pool_size))


def _point(campaign: Campaign, row: Row, limits: Limits) -> Point | None:
    value = summarise(campaign, row.treatment.id, GOODPUT)
    if value is None:
        return None
    return Point(users=row.load.users, value=value, predicted_rps=_predicted_rps(campaign, row, limits))


def _predicted_rps(campaign: Campaign, row: Row, limits: Limits) -> float | None:
    """Return what theory allows a route: nothing where it is stuck. None where a term of it was not measured."""
    if is_stuck(row.name, row.load.users, limits):
        return 0.0
    best = ceiling(row.name, row.load, row.treatment.server, campaign.costs)
    return None if best is None else best.goodput_rps


def _picture(campaign: Campaign, server: ServerConfig, panels: Sequence[Panel], *, name: str) -> Picture:
    edge = panels[0].edge
    fallen = [panel.label for panel in panels if panel.falls]
    stopped = f"{words.listing(fallen)} stop{'s' * (len(fallen) == 1)}" if fallen else "no route stops"
    return Picture(
        name=name,
        work=SESSION.name,
        title=f"{task(campaign, SESSION)}: with {edge} users, threads and connections together, {stopped}",
        facts=(
            "Goodput in right answers a second against users",
            f"closed loops, all users at once, {server.words}",
            over_trials([p.value for panel in panels for p in panel.points]),
        ),
        what="Goodput against users by how the session is opened, with the cliff that theory predicts",
        values=[f"{panel.label}: {_said(panel)}" for panel in panels],
        rows=[_cells(panel, point) for panel in panels for point in panel.points],
        draw=partial(_draw, panels=panels),
    )


def _said(panel: Panel) -> str:
    return ", ".join(f"{words.rate(p.value.median)} with {p.users} users" for p in panel.points)


def _cells(panel: Panel, point: Point) -> dict[str, str | float | None]:
    return {
        "variant": panel.row.treatment.variant,
        "users": point.users,
        "median_rps": point.value.median,
        "low_rps": point.value.low,
        "high_rps": point.value.high,
        "n_trials": point.value.n,
        "predicted_rps": point.predicted_rps,
        "cliff_at_users": panel.edge,
    }


def _draw(canvas: Canvas, panels: Sequence[Panel]) -> None:
    known = [p for panel in panels for p in panel.points]
    most = max([1.0, *(p.value.high for p in known), *(p.predicted_rps or 0.0 for p in known)])
    low, high = min(p.users for p in known) - 1, max(p.users for p in known) + 1
    left = canvas.left + TICKS_LEFT
    width = (canvas.right - left) / len(panels)
    for number, panel in enumerate(panels):
        start = left + number * width
        axes = canvas.axes(start, canvas.top + 76, start + width - 24, canvas.bottom - TICKS_BELOW, grid="y")
        axes.set_xlim(low, high)
        axes.set_ylim(-0.04 * most, most * 1.1)
        fixed_ticks(axes.xaxis, [p.users for p in panel.points], str)
        round_ticks(axes.yaxis, "{:,g}".format if number == 0 else lambda _: "")
        canvas.text(start, canvas.top + 52, panel.label, size=SMALL, weight="bold", room=width - 24)
        _draw_one(canvas, axes, panel)
    canvas.note(canvas.left, canvas.top + 12, "rps; black line: what theory allows")
    canvas.note(canvas.right, canvas.bottom - 8, "users", ha="right")


def _draw_one(canvas: Canvas, axes: Axes, panel: Panel) -> None:
    theme, style = canvas.theme, panel.row.name.style
    axes.axvline(panel.edge - 0.5, color=theme.faint, linewidth=2)
    for point in panel.points:
        if point.predicted_rps is not None:
            segment(axes, (point.users - 0.45, point.users + 0.45), (point.predicted_rps,) * 2, theme.ink, 4)
    axes.plot(
        [p.users for p in panel.points], [p.value.median for p in panel.points], linewidth=3, **marker_of(style, 13)
    )
    for point in panel.points:
        segment(axes, (point.users, point.users), (point.value.low, point.value.high), style.colour, 3)
        said = f"{words.rate(point.value.median)} with {point.users} users"
        canvas.spot(axes, point.users, point.value.median, of=panel.label, text=said)

"""Where the answer flips: goodput by style against users or CPU, one panel for each wait, theory as a line."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

from matplotlib.axes import Axes

from analysis.charts.registry import chart
from analysis.drawing.axes import fixed_ticks, tick
from analysis.drawing.canvas import Canvas, Picture, pixel
from analysis.drawing.style import BODY, LABELS_AT_MOST, LEADING, SMALL, TICKS_BELOW, TICKS_LEFT, spread, text_width
from analysis.reading.campaign import Campaign
from analysis.reading.facts import over_trials, task
from analysis.reading.summary import works
from analysis.reading.users_sweep import Point, Side, good_of, has_cpu, points_of, sides_of, waits_of
from analysis.wording import words
from bench_app.works import Work

_GAP, _MOST_PANELS = 26.0, 4
_SLACK = 8.0  # a name drawn may be a little wider than measured
_MARK = 38.0  # from a panel's end to the names: the marker of a style
_DECADES = [10.0**power for power in range(-1, 6)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """What goodput is drawn against. `lead` says up to where, or from where on, one side is ahead.

    A lead is followed from the greatest value down (`from_most`), or from the least up.
    """

    of: Callable[[Point], int]
    name: str
    against: Callable[[Point], str]
    written: Callable[[float], str]
    lead: Callable[[int], str]
    from_most: bool


_USERS = Along(
    of=lambda point: point.users,
    name="users",
    against=lambda _point: "users",
    written="{:g}".format,
    lead=lambda users: f"from {words.plural(users, 'user')} on",
    from_most=True,
)
_CPU = Along(
    of=lambda point: point.cpu_us,
    name="CPU",
    against=lambda point: f"the handler's CPU a request, {words.plural(point.users, 'user')}",
    written=lambda cpu_us: tick(cpu_us / 1e6),
    lead=lambda cpu_us: f"up to {_unbroken(cpu_us / 1e6)} of CPU a request",
    from_most=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """From how many users on, or up to how much CPU, one side alone is best, at one wait."""

    side: Side
    wait_s: float
    at: int


@chart(place=58)
def flip(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work that was swept over numbers of users, or over CPU."""
    for work in works(campaign):
        points = points_of(campaign, work)
        if len({_along(points).of(point) for point in points}) > 1:
            yield _picture(campaign, work, points)


def _along(points: Sequence[Point]) -> Along:
    return _CPU if has_cpu(points) else _USERS


def leads_of(points: Sequence[Point]) -> list[Lead]:
    """Return for each wait where one side is ahead of all others: up to the most users, or from the least CPU on."""
    found, along = [], _along(points)
    for wait_s in waits_of(points):
        mine = [point for point in points if point.wait_s == wait_s]
        order = sorted({along.of(point) for point in mine}, reverse=along.from_most)
        good = {at: good_of(p for p in mine if along.of(p) == at) for at in order}
        best = good[order[0]]
        if len(best) == 1 and len(sides_of(mine)) > 1:
            *_, at = takewhile(lambda at: good[at] == best, order)  # noqa: B023 - used up within the turn
            found.append(Lead(side=best[0], wait_s=wait_s, at=at))
    return found


def _picture(campaign: Campaign, work: Work, points: Sequence[Point]) -> Picture:
    against = _along(points).against(points[0])
    return Picture(
        name=f"flip-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: {_finding(points)}",
        facts=(
            f"Goodput in right answers a second against {against}, closed loop, both logarithmic",
            "thin line = what theory allows",
            "ahead = by more than a tenth",
            over_trials([point.value for point in points]),
        ),
        what=f"Goodput by handler style against {against}",
        rows=[_cells(point) for point in points],
        draw=partial(_draw, points=points),
    )


def _cells(point: Point) -> dict[str, Any]:
    value, limit = point.value, point.ceiling
    return {
        "variant": point.side.at.variant,
        "server": point.side.at.server.words,
        "wait_s": point.wait_s,
        "users": point.users,
        "handler_cpu_us": point.cpu_us,
        "median_rps": value.median,
        "low_rps": value.low,
        "high_rps": value.high,
        "n_trials": value.n,
        "ceiling_rps": limit and limit.goodput_rps,
        "ceiling_decided_by": limit and limit.decided_by,
    }


def _finding(points: Sequence[Point]) -> str:
    """Say who is ahead from how many users on, or up to how much CPU, waits with the same answer together."""
    if len(sides := sides_of(points)) == 1:
        most = max(points, key=lambda point: point.value.median)
        return f"{sides[0].phrase} answers up to {words.number(most.value.median)} requests a second"
    if not (leads := leads_of(points)):
        return "no style is ahead of all others"
    several, along = len(waits_of(points)) > 1, _along(points)
    parts, before = [], None
    for side, at in dict.fromkeys((lead.side, lead.at) for lead in leads):
        who = "" if side == before else f"{side.phrase} is ahead "
        times = [_unbroken(lead.wait_s) for lead in leads if (lead.side, lead.at) == (side, at)]
        parts.append(f"{who}{along.lead(at)}{_with_waits(times) if several else ''}")
        before = side
    return words.listing(parts)


def _with_waits(times: Sequence[str]) -> str:
    return f" with waits of {words.listing(times)}"


def _unbroken(wait_s: float) -> str:
    return tick(wait_s).replace(" ", "\N{NO-BREAK SPACE}")


def _draw(canvas: Canvas, points: Sequence[Point]) -> None:
    waits, along = waits_of(points)[:_MOST_PANELS], _along(points)
    left, right = canvas.left + TICKS_LEFT, canvas.right - _names_width(points)
    width = (right - left - _GAP * (len(waits) - 1)) / len(waits)
    for place, wait_s in enumerate(waits):
        at = left + (width + _GAP) * place
        axes = canvas.axes(at, canvas.top + 44, at + width, canvas.bottom - TICKS_BELOW - 22, grid="both")
        _set_scales(axes, points, has_labels=place == 0)
        heading = f"waits of {tick(wait_s)}" if wait_s else "no wait"
        canvas.text(at, canvas.top + 18, heading, size=BODY, weight="bold")
        mine = [point for point in points if point.wait_s == wait_s]
        for side in sides_of(mine):
            _draw_side(canvas, axes, [point for point in mine if point.side == side], along)
    _name_sides(canvas, axes, [point for point in points if point.wait_s == waits[-1]])
    canvas.note(canvas.left, canvas.top + 18, "rps")
    canvas.note(right, canvas.bottom - 8, along.name, ha="right")


def _computing(point: Point) -> str:
    return f" and {tick(point.cpu_us / 1e6)} of CPU a request" if point.cpu_us else ""


def _names_width(points: Sequence[Point]) -> float:
    return _MARK + _SLACK + min(LABELS_AT_MOST, max(text_width(side.label, SMALL) for side in sides_of(points)))


def _set_scales(axes: Axes, points: Sequence[Point], *, has_labels: bool) -> None:
    along = _along(points)
    places = sorted({along.of(point) for point in points})
    rates = [rate for point in points for rate in (point.value.low, point.value.high, _limit(point)) if rate]
    low, high = min(rates) / 1.4, max(rates) * 1.4
    axes.set(xscale="log", yscale="log", xlim=(places[0] / 1.25, places[-1] * 1.25), ylim=(low, high))
    fixed_ticks(axes.xaxis, places, along.written)
    fixed_ticks(axes.yaxis, [rate for rate in _DECADES if low <= rate <= high], "{:,g}".format)
    axes.tick_params(labelleft=has_labels)


def _limit(point: Point) -> float | None:
    return point.ceiling.goodput_rps if point.ceiling else None


def _draw_side(canvas: Canvas, axes: Axes, points: Sequence[Point], along: Along) -> None:
    rising = sorted(points, key=along.of)
    side, places = rising[0].side, [along.of(point) for point in rising]
    look: dict[str, Any] = {"color": side.style.colour, "solid_capstyle": "butt"}
    limits = [(along.of(point), limit) for point in rising if (limit := _limit(point))]
    axes.plot([x for x, _ in limits], [y for _, y in limits], color=side.style.colour, linewidth=1.2)
    axes.vlines(places, [p.value.low for p in rising], [p.value.high for p in rising], color=side.style.colour, lw=2)
    axes.plot(places, [p.value.median for p in rising], linewidth=3, marker=side.style.marker, markersize=9, **look)
    for point in rising:
        said = f"{words.rate(point.value.median)} with {words.plural(point.users, 'user')}{_computing(point)}"
        canvas.spot(axes, along.of(point), point.value.median, of=side.label, text=said)


def _name_sides(canvas: Canvas, axes: Axes, points: Sequence[Point]) -> None:
    """Write each side's name beside its last point; where they are close they move apart."""
    along = _along(points)
    last = [max((p for p in points if p.side == side), key=along.of) for side in sides_of(points)]
    named = sorted(last, key=lambda point: -point.value.median)
    heights = [pixel(axes, 1, point.value.median)[1] for point in named]
    placed = spread(heights, SMALL * LEADING, canvas.top, canvas.bottom)
    x = canvas.right - _names_width(points) + _MARK / 3
    for point, y in zip(named, placed, strict=True):
        style = point.side.style
        canvas.marker(x + 8, y, color=style.colour, marker=style.marker, markersize=9)
        canvas.text(x + _MARK * 2 / 3, y, point.side.label, size=SMALL, room=canvas.right - x - _MARK * 2 / 3)

"""Which style when: the best style over wait and number of users, measured points over the regions of theory."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from analysis.charts.registry import chart
from analysis.drawing.axes import fixed_ticks, tick
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.style import BODY, SMALL, TICKS_BELOW, TICKS_LEFT, Theme, wrapped
from analysis.reading.campaign import Campaign
from analysis.reading.facts import over_trials, task
from analysis.reading.summary import works
from analysis.reading.users_sweep import (
    Point,
    Side,
    cells_of,
    good_in_theory,
    good_of,
    has_cpu,
    points_of,
    sides_of,
    waits_of,
)
from analysis.wording import words
from bench_app.works import Work

_COLUMNS, _ROWS = 90, 90
_KEY = 330.0
_ROOM = 1.6  # how far the axes reach beyond the outermost points, as a factor
_TINT = 0.28
_HOLLOW: dict[str, Any] = {"marker": "o", "markersize": 11, "markerfacecolor": "none", "markeredgewidth": 2}

Sides = tuple[Side, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One wait and number of users: which sides are as good as the best, measured and in theory.

    `lead` is how many times the goodput of the next best the best has.
    """

    wait_s: float
    users: int
    good: Sides
    in_theory: Sides
    lead: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """Theory on a grid: at each wait and number of users the place in `sides` of those that are as good as the best."""

    waits_s: Sequence[float]
    users: Sequence[float]
    sides: tuple[Sides, ...]
    places: Sequence[Sequence[int]]  # by users, then by waits; -1: theory has no answer


@chart(place=59)
def style_map(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work of which several sides were swept over waits and numbers of users."""
    for work in works(campaign):
        points = points_of(campaign, work)
        is_map = len(waits_of(points)) > 1 and len({p.users for p in points}) > 1 and len(sides_of(points)) > 1
        if is_map and min(waits_of(points)) > 0 and not has_cpu(points):
            yield _picture(campaign, work, points)


def spots_of(campaign: Campaign, points: Sequence[Point]) -> list[Spot]:
    """Return what was measured at each wait and number of users, where every side was."""
    sides = sides_of(points)
    return [
        Spot(
            wait_s=wait_s,
            users=users,
            good=good_of(mine),
            in_theory=good_in_theory(campaign, sides, wait_s, users),
            lead=_lead(mine),
        )
        for (wait_s, users), mine in sorted(cells_of(points).items())
        if len(mine) == len(sides)
    ]


def _lead(mine: Sequence[Point]) -> float:
    second, first = sorted(point.value.median for point in mine)[-2:]
    return first / second if second else float("inf")


def _picture(campaign: Campaign, work: Work, points: Sequence[Point]) -> Picture:
    spots, sides = spots_of(campaign, points), sides_of(points)
    agreeing = sum(spot.good == spot.in_theory for spot in spots)
    return Picture(
        name=f"style-map-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: {_finding(spots, len(sides))}",
        facts=(
            "Style with the most goodput at each wait and number of users, closed loop, both logarithmic",
            "points measured, areas theory; within a tenth of the best counts as good",
            f"theory says the same at {agreeing} of {words.plural(len(spots), 'point')}",
            over_trials([point.value for point in points]),
        ),
        what="Map of the best handler style over wait and number of users",
        values=[f"{tick(s.wait_s)}, {words.plural(s.users, 'user')}: {_named(s.good, len(sides))}" for s in spots],
        rows=[_cells(spot) for spot in spots],
        draw=partial(_draw, spots=spots, regions=_regions(campaign, points), count=len(sides)),
    )


def _cells(spot: Spot) -> dict[str, Any]:
    return {
        "wait_s": spot.wait_s,
        "users": spot.users,
        "best": "; ".join(side.label for side in spot.good),
        "best_in_theory": "; ".join(side.label for side in spot.in_theory),
        "lead": spot.lead,
    }


def _named(sides: Sides, count: int) -> str:
    return "no matter which" if len(sides) == count else words.listing([side.label for side in sides])


def _finding(spots: Sequence[Spot], count: int) -> str:
    """Say who is best alone at how many points, at how many several are, and at how many all."""
    alone = Counter(spot.good[0].phrase for spot in spots if len(spot.good) == 1)
    some = sum(1 < len(spot.good) < count for spot in spots)
    every = sum(len(spot.good) == count for spot in spots)
    parts = [f"{phrase} is best at {n}" for phrase, n in alone.most_common()]
    parts += [f"several are as good at {some}"] if some else []
    parts += [f"it does not matter at {every}"] if every else []
    return f"of {words.plural(len(spots), 'pair')} of wait and users {words.listing(parts)}"


def _regions(campaign: Campaign, points: Sequence[Point]) -> Regions:
    sides, users = sides_of(points), [point.users for point in points]
    waits = _between(min(waits_of(points)), max(waits_of(points)), _COLUMNS)
    counts = _between(min(users), max(users), _ROWS)
    found = [[good_in_theory(campaign, sides, wait_s, count) for wait_s in waits] for count in counts]
    known = tuple(dict.fromkeys(good for row in found for good in row if good))
    places = {good: place for place, good in enumerate(known)}
    return Regions(
        waits_s=waits, users=counts, sides=known, places=[[places.get(good, -1) for good in row] for row in found]
    )


def _between(low: float, high: float, count: int) -> list[float]:
    return [float(x) for x in np.geomspace(low / _ROOM, high * _ROOM, count)]


def _draw(canvas: Canvas, *, spots: Sequence[Spot], regions: Regions, count: int) -> None:
    axes = canvas.axes(
        canvas.left + TICKS_LEFT, canvas.top + 34, canvas.right - _KEY, canvas.bottom - TICKS_BELOW - 22, grid="both"
    )
    axes.set(xscale="log", yscale="log")
    axes.set(xlim=(regions.waits_s[0], regions.waits_s[-1]), ylim=(regions.users[0], regions.users[-1]))
    fixed_ticks(axes.xaxis, sorted({spot.wait_s for spot in spots}), tick)
    fixed_ticks(axes.yaxis, sorted({spot.users for spot in spots}), "{:g}".format)
    looks = {good: _look(canvas.theme, good, count) for good in dict.fromkeys([*regions.sides, *_measured(spots)])}
    _draw_regions(axes, regions, looks)
    for spot in spots:
        _draw_spot(canvas, axes, spot, count)
    _draw_key(canvas, looks, count)
    canvas.note(canvas.left, canvas.top + 12, "users")
    canvas.note(canvas.right - _KEY, canvas.bottom - 8, "wait of a request", ha="right")


def _measured(spots: Sequence[Spot]) -> list[Sides]:
    return [spot.good for spot in spots if spot.good]


def _look(theme: Theme, good: Sides, count: int) -> tuple[str, float]:
    """Return a region's colour and how opaque it is: one side's own, grey where several or all are as good."""
    if len(good) == 1:
        return good[0].style.colour, _TINT
    return (theme.grid, 1.0) if len(good) == count else (theme.band, 1.0)


def _draw_regions(axes: Axes, regions: Regions, looks: Mapping[Sides, tuple[str, float]]) -> None:
    places = np.array(regions.places)
    for place, good in enumerate(regions.sides):
        colour, opacity = looks[good]
        mask = (places == place).astype(float)
        axes.contourf(regions.waits_s, regions.users, mask, levels=[0.5, 1.5], colors=[colour], alpha=opacity, zorder=0)


def _draw_spot(canvas: Canvas, axes: Axes, spot: Spot, count: int) -> None:
    theme = canvas.theme
    if len(spot.good) == 1:
        style = spot.good[0].style
        axes.plot([spot.wait_s], [spot.users], color=style.colour, marker=style.marker, markersize=14)
        lead = words.times(spot.lead)
        look: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": SMALL, "color": theme.ink}
        axes.annotate(lead, (spot.wait_s, spot.users), (13, 0), **look)
    else:
        axes.plot([spot.wait_s], [spot.users], color=theme.muted, **_HOLLOW)
    said = f"{_named(spot.good, count)}; in theory {_named(spot.in_theory, count) if spot.in_theory else 'not known'}"
    canvas.spot(axes, spot.wait_s, spot.users, of=f"{tick(spot.wait_s)}, {spot.users}", text=said)


def _draw_key(canvas: Canvas, looks: Mapping[Sides, tuple[str, float]], count: int) -> None:
    """Name the areas and their markers at the right, below each other."""
    x, y = canvas.right - _KEY + 26, canvas.top + 60
    for good, (colour, opacity) in looks.items():
        canvas.marker(x + 12, y, color=colour, alpha=opacity, marker="s", markersize=26)
        if len(good) == 1:
            canvas.marker(x + 12, y, color=good[0].style.colour, marker=good[0].style.marker, markersize=12)
        else:
            canvas.marker(x + 12, y, color=canvas.theme.muted, **_HOLLOW)
        lines = wrapped(_key_text(good, count), BODY, _KEY - 70)
        for line in lines:
            canvas.text(x + 38, y, line, size=BODY)
            y += BODY * 1.3
        y += BODY
    canvas.note(x, y + 10, "2.0x = times the next best")


def _key_text(good: Sides, count: int) -> str:
    if len(good) == count:
        return "it does not matter"
    return f"{good[0].label} is best" if len(good) == 1 else f"{words.listing([s.label for s in good])} alike"

"""Every trial in the order they ran, each relative to the median of its treatment: drift, outliers, invalid trials."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import exp, log
from statistics import median
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FixedLocator, FuncFormatter

from analysis.charts.registry import chart
from analysis.drawing.canvas import Picture
from analysis.drawing.style import HEIGHT, SMALL, WIDTH, shortened, text_width
from analysis.reading.facts import machine
from analysis.wording import words
from analysis.wording.names import parse_variant
from bench_app.styles import STYLES
from experiment.design.model import LoadKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from experiment.records.trial import TrialRecord

_LEAST_TRIALS = 2
"""A treatment's only trial is its own median, and says nothing."""
_MOST_NAMED, _NAME_WIDTH = 6, 420.0
_WORTH_NAMING = 1.25
_NARROWEST, _WIDEST = 1.25, 4.0
_TICKS = (0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0)
_TELLING_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One trial; `relative` is its speed over the median of its treatment's valid trials, None where unknown."""

    trial: TrialRecord
    place: int
    relative: float | None

    @property
    def distance(self) -> float:
        """How many times it is off, in either direction."""
        return exp(abs(log(self.relative))) if self.relative else _WIDEST


@chart(place=90)
def order(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture for the whole campaign, where any treatment was measured twice."""
    dots = _dots(campaign)
    valid = [dot for dot in dots if dot.trial.is_valid]
    if valid:
        yield _picture(campaign, dots, valid)


def _dots(campaign: Campaign) -> list[Dot]:
    speeds = {trial.trial_id: _speed(campaign, trial) for trial in campaign.trials}
    of: dict[str, list[float]] = {}
    for trial in campaign.trials:
        speed = speeds[trial.trial_id]
        if trial.is_valid and speed:
            of.setdefault(trial.treatment, []).append(speed)
    middle = {name: median(values) for name, values in of.items() if len(values) >= _LEAST_TRIALS}
    return [
        Dot(trial=trial, place=place, relative=_over(speeds[trial.trial_id], middle[trial.treatment]))
        for place, trial in enumerate(campaign.trials, start=1)
        if trial.treatment in middle and (speeds[trial.trial_id] or not trial.is_valid)
    ]


def _speed(campaign: Campaign, trial: TrialRecord) -> float | None:
    """Return a trial's goodput; of a burst, how often it would fit into a second."""
    load = campaign.loads.get(trial.load)
    if load is not None and load.kind is LoadKind.BURST:
        return 1 / trial.metrics.makespan_s if trial.metrics.makespan_s else None
    return trial.metrics.goodput_rps


def _over(speed: float | None, middle: float) -> float | None:
    return speed / middle if speed else None


def _picture(campaign: Campaign, dots: Sequence[Dot], valid: Sequence[Dot]) -> Picture:
    invalid = len(dots) - len(valid)
    title = f"{_spread(valid)}; {_left_out(invalid)}"
    return Picture(
        name="order",
        work="",
        title=title,
        facts=(
            "Goodput of each trial relative to its treatment's median, logarithmic (of a burst: 1 / its duration)",
            f"{words.plural(len(dots), 'trial')} in the order they ran",
            words.plural(len({dot.trial.round for dot in dots}), "round"),
            "dark line = median of the round, cross = invalid",
            machine(campaign),
        ),
        alt=f"Every trial in the order they ran. {title}.",
        columns=("place", "trial", "treatment", "round", "is_valid", "relative_goodput", "rules"),
        rows=[
            (d.place, d.trial.trial_id, d.trial.treatment, d.trial.round, d.trial.is_valid, d.relative, _rules(d))
            for d in dots
        ],
        draw=lambda canvas: _draw(canvas, dots),
    )


def _rules(dot: Dot) -> str:
    return " ".join(dot.trial.rules)


def _spread(valid: Sequence[Dot]) -> str:
    distances = sorted(dot.distance for dot in valid)
    inside = distances[min(int(_TELLING_SHARE * len(distances)), len(distances) - 1)]
    return f"Nine valid trials in ten lie within {(inside - 1) * 100:.0f} % of their treatment's median"


def _left_out(invalid: int) -> str:
    return "none was invalid" if not invalid else f"{invalid} {'was' if invalid == 1 else 'were'} invalid"


def _draw(canvas: Canvas, dots: Sequence[Dot]) -> None:
    theme = canvas.theme
    canvas.text(canvas.left, canvas.top + 6, "trial / its treatment's median", size=SMALL, colour=theme.muted)
    _key(canvas, dots)
    axes = canvas.axes(canvas.left + 70, canvas.top + 34, canvas.right - 20, canvas.bottom - 58)
    reach = min(max(_NARROWEST, *(dot.distance for dot in dots)), _WIDEST) * 1.08
    axes.set_yscale("log")
    axes.set_ylim(1 / reach, reach)
    axes.set_xlim(0, max(dot.place for dot in dots) + 1)
    axes.yaxis.set_major_locator(FixedLocator([t for t in _TICKS if 1 / reach <= t <= reach]))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}x"))
    axes.set_xticks([])
    axes.grid(axis="y", color=theme.grid, linewidth=1)
    axes.axhline(1, color=theme.muted, linewidth=1.5)
    _rounds(axes, canvas, dots)
    for dot in dots:
        _dot(axes, canvas, dot, reach)
    _names(axes, canvas, dots, reach)


def _rounds(axes: Axes, canvas: Canvas, dots: Sequence[Dot]) -> None:
    """Part the rounds by hairlines, name them below, and draw each one's median."""
    first = True
    for number, group in groupby(dots, key=lambda dot: dot.trial.round):
        mine = list(group)
        low, high = mine[0].place - 0.5, mine[-1].place + 0.5
        if not first:
            axes.axvline(low, color=canvas.theme.faint, linewidth=1)
        first = False
        known = [dot.relative for dot in mine if dot.relative and dot.trial.is_valid]
        if known:
            axes.plot([low, high], [median(known)] * 2, color=canvas.theme.ink, linewidth=4, alpha=0.8)
        x = float(axes.transData.transform(((low + high) / 2, 1))[0])
        left, right = (float(axes.transData.transform((end, 1))[0]) for end in (low, high))
        label = shortened(f"round {number}", SMALL, right - left - 4)
        canvas.text(x, canvas.bottom - 36, label, size=SMALL, colour=canvas.theme.muted, ha="center")


def _dot(axes: Axes, canvas: Canvas, dot: Dot, reach: float) -> None:
    """Draw a trial: styles by colour and marker, invalid ones as crosses, those beyond the axis at its edge."""
    y = min(max(dot.relative or 1 / reach, 1 / reach), reach)
    look: dict[str, Any]
    if not dot.trial.is_valid:
        look = {"marker": "x", "markersize": 15, "markeredgewidth": 4, "color": canvas.theme.warn}
    else:
        style = parse_variant(dot.trial.variant).style
        look = {"marker": style.marker, "markersize": 10, "markeredgewidth": 0, "color": style.colour}
    axes.plot(dot.place, y, linestyle="none", clip_on=False, **look)


def _names(axes: Axes, canvas: Canvas, dots: Sequence[Dot], reach: float) -> None:
    """Name the trials farthest off, where a name does not run into another one."""
    far = sorted((dot for dot in dots if dot.distance > _WORTH_NAMING), key=lambda dot: -dot.distance)
    taken: list[tuple[float, float]] = []
    for dot in far[:_MOST_NAMED]:
        y = min(max(dot.relative or 1 / reach, 1 / reach), reach)
        x_pixel, y_pixel = (float(v) for v in axes.transData.transform((dot.place, y)))
        if any(abs(x_pixel - x) < _NAME_WIDTH and abs(y_pixel - y) < SMALL * 1.3 for x, y in taken):
            continue
        taken.append((x_pixel, y_pixel))
        is_left = x_pixel > WIDTH * 0.6
        name = shortened(dot.trial.treatment, SMALL, _NAME_WIDTH)
        x = x_pixel - 16 if is_left else x_pixel + 16
        canvas.text(x, HEIGHT - y_pixel, name, size=SMALL, ha="right" if is_left else "left")


def _key(canvas: Canvas, dots: Sequence[Dot]) -> None:
    """Explain colours and markers once, from the right to the left."""
    shown = {parse_variant(dot.trial.variant).style for dot in dots}
    x = canvas.right - 20
    for style in reversed([style for style in STYLES.values() if style in shown]):
        canvas.text(x, canvas.top + 6, style.name, size=SMALL, colour=canvas.theme.muted, ha="right")
        x -= text_width(style.name, SMALL) + 16
        look = {"marker": style.marker, "markersize": 12, "markeredgewidth": 0, "color": style.colour}
        canvas.marker(x, canvas.top + 6, **look)
        x -= 26

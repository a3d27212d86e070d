"""Every trial in the order they ran, each relative to the median of its treatment: drift, outliers, invalid trials."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from math import exp, log
from statistics import median

from matplotlib.axes import Axes

from analysis.charts.registry import chart
from analysis.drawing.axes import fixed_ticks
from analysis.drawing.canvas import Canvas, Picture, pixel
from analysis.drawing.marks import marker_of
from analysis.drawing.style import SMALL, WIDTH, text_width
from analysis.reading.campaign import Campaign
from analysis.wording import words
from analysis.wording.names import parse_variant
from bench_app.styles import STYLES
from experiment.design.model import LoadKind
from experiment.records.trial import TrialRecord

_LEAST_TRIALS = 2  # a treatment's only trial is its own median, and says nothing
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

    def height(self, reach: float) -> float:
        """Return where it is drawn on an axis that goes to `reach`: at its edge if it lies beyond, or is unknown."""
        return min(max(self.relative or 0, 1 / reach), reach)


@chart(place=90)
def order(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture for the whole campaign, where any treatment was measured twice."""
    dots = _dots(campaign)
    valid = [dot for dot in dots if dot.trial.is_valid]
    if valid:
        yield _picture(dots, valid)


def _dots(campaign: Campaign) -> list[Dot]:
    speeds = {trial.trial_id: _speed(campaign, trial) for trial in campaign.trials}
    valid: dict[str, list[float]] = {}
    for trial in campaign.trials:
        if trial.is_valid and (speed := speeds[trial.trial_id]):
            valid.setdefault(trial.treatment, []).append(speed)
    middle = {name: median(values) for name, values in valid.items() if len(values) >= _LEAST_TRIALS}
    return [
        Dot(trial=trial, place=place, relative=speed / middle[trial.treatment] if speed else None)
        for place, trial in enumerate(campaign.trials, start=1)
        for speed in (speeds[trial.trial_id],)
        if trial.treatment in middle and (speed or not trial.is_valid)
    ]


def _speed(campaign: Campaign, trial: TrialRecord) -> float | None:
    """Return a trial's goodput; of a burst, how often it would fit into a second."""
    load = campaign.loads.get(trial.load)
    if load is not None and load.kind is LoadKind.BURST:
        return 1 / trial.metrics.makespan_s if trial.metrics.makespan_s else None
    return trial.metrics.goodput_rps


def _picture(dots: Sequence[Dot], valid: Sequence[Dot]) -> Picture:
    return Picture(
        name="order",
        title=f"{_spread(valid)}; {_left_out(len(dots) - len(valid))}",
        facts=(
            "Goodput of each trial relative to its treatment's median, logarithmic (of a burst: 1 / its duration)",
            f"{words.plural(len(dots), 'trial')} in the order they ran",
            words.plural(len({dot.trial.round for dot in dots}), "round"),
            "dark line = median of the rounds below it, cross = invalid",
        ),
        what="Every trial in the order they ran",
        rows=[
            {
                "place": dot.place,
                "trial": dot.trial.trial_id,
                "treatment": dot.trial.treatment,
                "round": dot.trial.round,
                "is_valid": dot.trial.is_valid,
                "relative_goodput": dot.relative,
                "rules": " ".join(dot.trial.rules),
            }
            for dot in dots
        ],
        draw=partial(_draw, dots=dots),
    )


def _spread(valid: Sequence[Dot]) -> str:
    distances = sorted(dot.distance for dot in valid)
    inside = distances[min(int(_TELLING_SHARE * len(distances)), len(distances) - 1)]
    return f"Nine valid trials in ten lie within {(inside - 1) * 100:.0f} % of their treatment's median"


def _left_out(invalid: int) -> str:
    return "none was invalid" if not invalid else f"{invalid} {'was' if invalid == 1 else 'were'} invalid"


def _draw(canvas: Canvas, dots: Sequence[Dot]) -> None:
    canvas.note(canvas.left, canvas.top + 6, "trial / its treatment's median")
    _key(canvas, dots)
    axes = canvas.axes(canvas.left + 70, canvas.top + 34, canvas.right - 20, canvas.bottom - 58, grid="y")
    reach = min(max(_NARROWEST, *(dot.distance for dot in dots)), _WIDEST) * 1.08
    axes.set_yscale("log")
    axes.set_ylim(1 / reach, reach)
    axes.set_xlim(0, max(dot.place for dot in dots) + 1)
    fixed_ticks(axes.yaxis, [t for t in _TICKS if 1 / reach <= t <= reach], lambda ratio: f"{ratio:g}x")
    axes.set_xticks([])
    axes.axhline(1, color=canvas.theme.muted, linewidth=1.5)
    _rounds(axes, canvas, dots)
    for dot in dots:
        # styles by colour and marker, invalid ones as crosses
        cross = {"marker": "x", "markersize": 15, "markeredgewidth": 4, "color": canvas.theme.warn}
        look = marker_of(parse_variant(dot.trial.variant).style, 10) if dot.trial.is_valid else cross
        axes.plot(dot.place, dot.height(reach), linestyle="none", clip_on=False, **look)
        canvas.spot(axes, dot.place, dot.height(reach), of=dot.trial.treatment, text=_told(dot))
    _names(axes, canvas, dots, reach)


def _told(dot: Dot) -> str:
    """Say of a trial what a reader is told who points at it."""
    relative = f"{dot.relative:.2f}x its median" if dot.relative else words.NOT_MEASURED
    invalid = "" if dot.trial.is_valid else f", invalid: {', '.join(dot.trial.rules)}"
    return f"trial {dot.place}, round {dot.trial.round}: {relative}{invalid}"


def _rounds(axes: Axes, canvas: Canvas, dots: Sequence[Dot]) -> None:
    """Part the rounds by hairlines, name them below, and draw their median; rounds too short for a name share one."""
    place_px = pixel(axes, 1, 1)[0] - pixel(axes, 0, 1)[0]
    for mine in stretches(dots, place_px):
        low, high = mine[0].place - 0.5, mine[-1].place + 0.5
        if mine[0] is not dots[0]:
            axes.axvline(low, color=canvas.theme.faint, linewidth=1)
        known = [dot.relative for dot in mine if dot.relative and dot.trial.is_valid]
        if known:
            axes.plot([low, high], [median(known)] * 2, color=canvas.theme.ink, linewidth=4, alpha=0.8)
        if _has_room(mine, place_px):
            canvas.note(pixel(axes, (low + high) / 2, 1)[0], canvas.bottom - 36, _name(mine), ha="center")


def stretches(dots: Sequence[Dot], place_px: float) -> list[list[Dot]]:
    """Return the trials round by round, where rounds too short for their name stand together until they have room.

    `place_px` is the room of one trial. A pass has room of its own, the steps of single claims seldom have.
    """
    found: list[list[Dot]] = []
    for _, group in groupby(dots, key=lambda dot: dot.trial.round):
        mine = list(group)
        if found and not _has_room(mine, place_px) and not _has_room(found[-1], place_px):
            found[-1] += mine
        else:
            found.append(mine)
    *others, last = found
    is_short = others and not _has_room(last, place_px) and others[-1][0].trial.round != others[-1][-1].trial.round
    return [*others[:-1], others[-1] + last] if is_short else found


def _has_room(mine: Sequence[Dot], place_px: float) -> bool:
    return text_width(_name(mine), SMALL) + 8 < (mine[-1].place - mine[0].place + 1) * place_px


def _name(mine: Sequence[Dot]) -> str:
    first, last = mine[0].trial.round, mine[-1].trial.round
    return f"round {first}" if first == last else f"rounds {first} to {last}"


def _names(axes: Axes, canvas: Canvas, dots: Sequence[Dot], reach: float) -> None:
    """Name the trials farthest off, where a name does not run into another one."""
    far = sorted((dot for dot in dots if dot.distance > _WORTH_NAMING), key=lambda dot: -dot.distance)
    taken: list[tuple[float, float]] = []
    for dot in far[:_MOST_NAMED]:
        x, y = pixel(axes, dot.place, dot.height(reach))
        if any(abs(x - other_x) < _NAME_WIDTH and abs(y - other_y) < SMALL * 1.3 for other_x, other_y in taken):
            continue
        taken.append((x, y))
        beside, ha = (x - 16, "right") if x > WIDTH * 0.6 else (x + 16, "left")
        canvas.text(beside, y, dot.trial.treatment, size=SMALL, ha=ha, room=_NAME_WIDTH)


def _key(canvas: Canvas, dots: Sequence[Dot]) -> None:
    """Explain colours and markers once, from the right to the left."""
    shown = {parse_variant(dot.trial.variant).style for dot in dots}
    x = canvas.right - 20
    for style in reversed([style for style in STYLES.values() if style in shown]):
        canvas.note(x, canvas.top + 6, style.name, ha="right")
        x -= text_width(style.name, SMALL) + 16
        canvas.marker(x, canvas.top + 6, **marker_of(style, 12))
        x -= 26

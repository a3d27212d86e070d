"""Something in each second of the window, every round faint and the median one clear.

`looplag` is the worst delay of the event loop beside the sleeping handlers; `tokens` is how many threads of the pool
are at work, and how many requests wait for one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.charts.parts import main_loads
from analysis.charts.registry import chart
from analysis.drawing.axes import durations_axis
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.marks import marker_of, name_ends
from analysis.drawing.style import BODY, TICKS_BELOW, TICKS_LEFT, text_width
from analysis.reading.campaign import Campaign, seconds_frame
from analysis.reading.facts import SAME_WITHIN, task
from analysis.reading.summary import Row, rows_of
from analysis.wording import words
from analysis.wording.names import treatment_label, treatment_phrase
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, DEF
from bench_app.works import SLEEP, Work

_LAG_STYLES = (ASYNC_NATIVE, ASYNC_BLOCKING, DEF)
_LEAST_LAG_S = 1e-5  # a lag below the probe's own grain; keeps a logarithmic axis from reaching to zero
_AT_WORK, _WAITING = "at work", "waiting"
_WHOLE, _SEEN_APART = 0.9, 0.05  # of the window; of the axis
_DASHES = (0, (2.5, 1.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One treatment's value in each second, by round; `clear` is the round with the median worst second."""

    row: Row
    what: str
    by_round: Mapping[int, Sequence[tuple[int, float]]]
    clear: int

    @property
    def label(self) -> str:
        label = treatment_label(self.row.treatment)
        return f"{label}: {self.what}" if self.what else label

    @property
    def worst(self) -> float:
        """The worst second of the round that is drawn clearly."""
        return max(value for _, value in self.by_round[self.clear])

    @property
    def points(self) -> list[tuple[int, int, float]]:
        """Every (round, second, value)."""
        return [(number, second, value) for number, series in self.by_round.items() for second, value in series]


def _track(
    campaign: Campaign, row: Row, column: str, *, what: str = "", scale: float = 1.0, least: float = 0.0
) -> Track | None:
    """Return a column of the rows per second times `scale`, at least `least`, or None where nothing was recorded."""
    frame = seconds_frame(campaign)
    if frame.empty:
        return None
    mine = frame[(frame["treatment"] == row.treatment.id) & frame["is_valid"]].dropna(subset=[column])
    if mine.empty:
        return None
    mine = mine.sort_values(["round", "second"])
    by_round: dict[int, list[tuple[int, float]]] = {}
    for number, second, value in zip(mine["round"], mine["second"], mine[column], strict=True):
        by_round.setdefault(int(number), []).append((int(second), max(float(value) * scale, least)))
    worst = sorted((max(v for _, v in series), number) for number, series in by_round.items())
    return Track(row=row, what=what, by_round=by_round, clear=worst[(len(worst) - 1) // 2][1])


@chart(place=70)
def looplag(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture where at least two of three sleeping styles have rows per second."""
    for load in (load for work, load in main_loads(campaign) if work is SLEEP):
        rows = [row for row in rows_of(campaign, SLEEP, load) if row.name.style in _LAG_STYLES]
        found = [_track(campaign, row, "loop_lag_max_us", scale=1e-6, least=_LEAST_LAG_S) for row in rows]
        if len(lags := [lag for lag in found if lag]) > 1:
            yield _lag_picture(campaign, load, lags)


def _lag_picture(campaign: Campaign, load: str, lags: Sequence[Track]) -> Picture:
    axis = durations_axis(value for lag in lags for _, _, value in lag.points)
    low, *_, high = sorted(lags, key=lambda lag: lag.worst)
    return Picture(
        name="looplag-sleep",
        work=SLEEP.name,
        title=f"{task(campaign, SLEEP)}: {_lag_found(low, high)}",
        facts=(f"Worst loop lag in each second of the window{axis.note}", *_load_and_rounds(campaign, load, lags)),
        what="Loop lag over time by handler style",
        rows=[
            {"treatment": lag.row.treatment.id, "round": number, "second": second, "loop_lag_max_s": value}
            for lag in lags
            for number, second, value in lag.points
        ],
        draw=partial(
            _draw, tracks=lags, heading="worst loop lag in the second", scale_axis=axis.apply, write=words.duration
        ),
    )


def _lag_found(low: Track, high: Track) -> str:
    """Say how long the loop stood still; what lasted as long as the window says nothing of how long it would last."""
    if high.worst < SAME_WITHIN * low.worst:
        return f"the event loop stands still for about as long with every variant, up to {words.duration(high.worst)}"
    window_s = high.row.load.window_s
    is_whole = high.worst > _WHOLE * window_s
    longest = f"the whole {window_s:g} s window" if is_whole else f"up to {words.duration(high.worst)}"
    return (
        f"the event loop stands still for {longest} with {treatment_phrase(high.row.treatment)}, "
        f"{'up to ' if is_whole else ''}{words.duration(low.worst)} with {treatment_phrase(low.row.treatment)}"
    )


def _load_and_rounds(campaign: Campaign, load: str, tracks: Sequence[Track]) -> tuple[str, str]:
    rounds = words.rounds([len(one.by_round) for one in tracks])
    return words.load(campaign.loads[load]), f"every round faint, the median one clear, {rounds}"


@chart(place=75)
def tokens(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work in which requests ever waited for a thread, of the variant that wanted most of them."""
    for work, load in main_loads(campaign):
        # one variant's two lines can be read; those of every style that borrows would lie on top of each other
        every = [pair for row in rows_of(campaign, work, load) if (pair := _at_work_and_waiting(campaign, row))]
        pairs = [pair for pair in every if pair[1].worst > 0 and _are_apart(*pair)]
        if pairs:
            yield _tokens_picture(campaign, work, load, max(pairs, key=lambda pair: pair[0].worst + pair[1].worst))


def _at_work_and_waiting(campaign: Campaign, row: Row) -> tuple[Track, Track] | None:
    borrowed = _track(campaign, row, "tokens_borrowed_max", what=_AT_WORK)
    waiting = _track(campaign, row, "tokens_waiting_max", what=_WAITING)
    return (borrowed, waiting) if borrowed and waiting else None


def _are_apart(borrowed: Track, waiting: Track) -> bool:
    """Return whether the two clear lines are seen as two: apart in more than half of the seconds."""
    first, second = dict(borrowed.by_round[borrowed.clear]), dict(waiting.by_round[waiting.clear])
    least = _SEEN_APART * max(borrowed.worst, waiting.worst)
    apart = [abs(first[at] - second[at]) > least for at in first.keys() & second.keys()]
    return sum(apart) > len(apart) / 2


def _tokens_picture(campaign: Campaign, work: Work, load: str, tracks: tuple[Track, Track]) -> Picture:
    borrowed, waiting = tracks
    return Picture(
        name=f"tokens-{work.name}",
        work=work.name,
        title=(
            f"{task(campaign, work)}: {treatment_phrase(borrowed.row.treatment)} has up to {borrowed.worst:g} threads "
            f"at work, and up to {words.plural(round(waiting.worst), 'request')} waiting for one"
        ),
        facts=(
            "Most limiter tokens borrowed, and most requests waiting for one, in each second of the window",
            *_load_and_rounds(campaign, load, tracks),
        ),
        what="Limiter tokens over time",
        rows=[
            {"treatment": one.row.treatment.id, "what": one.what, "round": number, "second": second, "tokens": value}
            for one in tracks
            for number, second, value in one.points
        ],
        draw=partial(
            _draw,
            tracks=tracks,
            heading="tokens",
            scale_axis=partial(_scale_tokens, tracks=tracks),
            write="{:g}".format,
        ),
    )


def _scale_tokens(axes: Axes, tracks: Sequence[Track]) -> None:
    axes.set_ylim(0, max(value for one in tracks for _, _, value in one.points) * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _draw(
    canvas: Canvas,
    tracks: Sequence[Track],
    heading: str,
    scale_axis: Callable[[Axes], None],
    write: Callable[[float], str],
) -> None:
    """Draw the tracks into a slide's body, each named at its end.

    `scale_axis` sets up the vertical axis, `write` writes its values.
    """
    right = canvas.right - max(text_width(one.label, BODY) for one in tracks) - 50
    axes = canvas.axes(canvas.left + TICKS_LEFT, canvas.top + 30, right, canvas.bottom - TICKS_BELOW, grid="both")
    scale_axis(axes)
    end = max(second for one in tracks for _, second, _ in one.points) + 1
    axes.set_xlim(0, end)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    canvas.note(canvas.left, canvas.top + 4, heading)
    canvas.note(right, canvas.bottom - 2, "seconds into the window", ha="right")
    for one in tracks:
        _draw_track(axes, canvas, one, is_dashed=one.what == _WAITING)
        for second, value in one.by_round[one.clear]:
            canvas.spot(axes, second + 0.5, value, of=one.label, text=f"{write(value)} in second {second + 1}")
    ends = [(end, one.by_round[one.clear][-1][1]) for one in tracks]
    name_ends(canvas, axes, ends, [one.label for one in tracks], size=BODY, start=4, reach=26)


def _draw_track(axes: Axes, canvas: Canvas, one: Track, *, is_dashed: bool) -> None:
    """Draw every round; a dashed track is thinner and has no markers, so that it can lie on a solid one."""
    style = one.row.name.style
    look: dict[str, Any] = {
        "color": canvas.theme.ink if is_dashed else style.colour,
        "linestyle": _DASHES if is_dashed else "-",
        "baseline": None,
    }
    for number, series in one.by_round.items():
        is_clear = number == one.clear
        edges = np.array([second for second, _ in series] + [series[-1][0] + 1], dtype=float)
        values = np.array([value for _, value in series])
        width = (3 if is_dashed else 5) if is_clear else 2
        axes.stairs(values, edges, linewidth=width, alpha=1.0 if is_clear else 0.35, **look)
        if is_clear and not is_dashed:
            axes.plot((edges[:-1] + edges[1:]) / 2, values, linewidth=0, **marker_of(style, 13))

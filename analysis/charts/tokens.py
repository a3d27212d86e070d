"""Limiter tokens over time: how many threads of the pool are at work, and how many requests wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from analysis.charts.registry import chart
from analysis.drawing.canvas import Picture
from analysis.drawing.overtime import draw_tracks, track
from analysis.reading.facts import machine, task
from analysis.reading.summary import main_load, rows_of, works
from analysis.wording import words
from analysis.wording.names import treatment_label, treatment_phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.drawing.overtime import Track
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from bench_app.works import Work

_WHAT = {"tokens_borrowed_max": "at work", "tokens_waiting_max": "waiting"}


@chart(place=75)
def tokens(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work in which requests ever waited for a thread, of the variant that wanted most of them."""
    for work in works(campaign):
        load = main_load(campaign, work)
        found = (_tracks(campaign, row) for row in rows_of(campaign, work, load) if load)
        # one variant's two lines can be read; those of every style that borrows would lie on top of each other
        tracks = max(found, key=_most, default=[])
        if load and len(tracks) == len(_WHAT) and tracks[1].worst > 0:
            yield _picture(campaign, work, load, tracks)


def _tracks(campaign: Campaign, row: Row) -> list[Track]:
    """Return borrowed and waiting of one treatment."""
    label = treatment_label(row.treatment)
    both = (
        track(campaign, row, column, label=f"{label}: {what}", dashed=column == "tokens_waiting_max")
        for column, what in _WHAT.items()
    )
    return [one for one in both if one is not None]


def _most(tracks: Sequence[Track]) -> float:
    """Return the most tokens wanted at once; ties go to the first in the fixed order of styles."""
    return sum(one.worst for one in tracks)


def _picture(campaign: Campaign, work: Work, load: str, tracks: Sequence[Track]) -> Picture:
    borrowed, waiting = tracks
    title = (
        f"{task(campaign, work)}: {treatment_phrase(borrowed.row.treatment)} has {borrowed.worst:g} threads at work, "
        f"and {words.plural(round(waiting.worst), 'request')} waiting for one"
    )
    return Picture(
        name=f"tokens-{work.name}",
        work=work.name,
        title=title,
        facts=(
            "Most limiter tokens borrowed, and most requests waiting for one, in each second of the window",
            words.load(campaign.loads[load]),
            f"every round faint, the median one clear, {words.rounds([len(one.by_round) for one in tracks])}",
            machine(campaign),
        ),
        alt=f"Limiter tokens over time. {title}.",
        columns=("treatment", "what", "round", "second", "tokens"),
        rows=[
            (one.row.treatment.id, one.label.rpartition(": ")[2], number, second, value)
            for one in tracks
            for number, series in one.by_round.items()
            for second, value in series
        ],
        draw=lambda canvas: _draw(canvas, tracks),
    )


def _draw(canvas: Canvas, tracks: Sequence[Track]) -> None:
    def scale(axes: Axes) -> None:
        axes.set_ylim(0, max(max(one.values) for one in tracks) * 1.15)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))

    draw_tracks(canvas, tracks, heading="tokens", scale_axis=scale)

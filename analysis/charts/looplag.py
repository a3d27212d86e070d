"""Loop lag over time for the sleeping handlers: the worst delay of the event loop in each second of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.charts.registry import chart
from analysis.drawing.axes import durations_axis
from analysis.drawing.canvas import Picture
from analysis.drawing.overtime import draw_tracks, track
from analysis.reading.facts import machine, task
from analysis.reading.summary import main_load, rows_of, works
from analysis.wording import words
from analysis.wording.names import treatment_label, treatment_phrase
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, DEF
from bench_app.works import SLEEP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.drawing.canvas import Canvas
    from analysis.drawing.overtime import Track
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row

_SHOWN = (ASYNC_NATIVE, ASYNC_BLOCKING, DEF)
_LEAST_S = 1e-5
"""A lag below the probe's own grain; keeps a logarithmic axis from reaching to zero."""


@chart(place=70)
def looplag(campaign: Campaign) -> Iterator[Picture]:
    """Yield the picture where at least two of the three styles have rows per second."""
    if SLEEP not in works(campaign) or (load := main_load(campaign, SLEEP)) is None:
        return
    rows = [r for r in rows_of(campaign, SLEEP, load) if r.name.style in _SHOWN]
    lags = [lag for lag in (_lag(campaign, row) for row in rows) if lag is not None]
    if len(lags) > 1:
        yield _picture(campaign, load, lags)


def _lag(campaign: Campaign, row: Row) -> Track | None:
    label = treatment_label(row.treatment)
    return track(campaign, row, "loop_lag_max_us", label=label, scale=1e-6, least=_LEAST_S)


def _picture(campaign: Campaign, load: str, lags: Sequence[Track]) -> Picture:
    values = [value for lag in lags for value in lag.values]
    is_log = durations_axis(min(values), max(values)).is_log
    ordered = sorted(lags, key=lambda lag: lag.worst)
    low, high = ordered[0], ordered[-1]
    title = (
        f"{task(campaign, SLEEP)}: the event loop stands still for up to {words.duration(high.worst)} "
        f"with {treatment_phrase(high.row.treatment)}, {words.duration(low.worst)} "
        f"with {treatment_phrase(low.row.treatment)}"
    )
    return Picture(
        name="looplag-sleep",
        work=SLEEP.name,
        title=title,
        facts=(
            f"Worst loop lag in each second of the window{', logarithmic' if is_log else ''}",
            words.load(campaign.loads[load]),
            f"every round faint, the median one clear, {words.rounds([len(lag.by_round) for lag in lags])}",
            machine(campaign),
        ),
        alt=f"Loop lag over time by handler style. {title}.",
        columns=("treatment", "round", "second", "loop_lag_max_s"),
        rows=[
            (lag.row.treatment.id, number, second, value)
            for lag in lags
            for number, series in lag.by_round.items()
            for second, value in series
        ],
        draw=lambda canvas: _draw(canvas, lags),
    )


def _draw(canvas: Canvas, lags: Sequence[Track]) -> None:
    values = [value for lag in lags for value in lag.values]
    scale = durations_axis(min(values), max(values)).apply
    draw_tracks(canvas, lags, heading="worst loop lag in the second", scale_axis=scale)

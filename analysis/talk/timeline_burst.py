"""The two-second demo as it happened: every answer of one round at the second it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from analysis.drawing.style import BODY, SMALL
from analysis.reading.facts import machine
from analysis.reading.summary import rows_of
from analysis.talk.animation import Timeline
from analysis.talk.timeline_rounds import middle_round
from analysis.wording import words
from analysis.wording.names import treatment_label, work_task
from bench_app.works import ARTICLE
from experiment.design.model import LoadKind
from experiment.records.histogram import bucket_mid_us
from experiment.records.trial import Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from analysis.talk.animation import Mover
    from experiment.records.histogram import Histogram

NAME = "timeline-demo"
_NAME, _COUNT = 40.0, 46.0  # font sizes
_LEFT, _RIGHT, _AXIS = 250.0, 270.0, 60.0  # columns of names and of counts, row of the axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One route: the seconds at which its requests were answered, in order; a burst starts all of them at 0."""

    row: Row
    sent: int
    answers_s: tuple[float, ...]

    @property
    def label(self) -> str:
        """The route."""
        return treatment_label(self.row.treatment)

    @property
    def is_complete(self) -> bool:
        """Whether every request was answered."""
        return len(self.answers_s) == self.sent

    def answered(self, second: float) -> int:
        """How many had been answered by then."""
        return sum(at <= second for at in self.answers_s)

    def told(self) -> str:
        """Say how it ended."""
        if self.is_complete:
            return f"{self.label} needs {words.duration(self.answers_s[-1])}"
        return f"{self.label} answers {len(self.answers_s)} of them"


def burst_timeline(campaign: Campaign) -> Timeline | str:
    """Return the demo over time, or why there is none."""
    rows = [row for row in rows_of(campaign, ARTICLE) if row.load.kind is LoadKind.BURST]
    rows = [row for row in rows if row.load.id == rows[0].load.id]
    found = middle_round(campaign, [row.treatment.id for row in rows])
    if found is None:
        return "this campaign has no round in which every route of the two-second demo was validly measured"
    recorded = campaign.folder.merged_histograms(Series.RESPONSE, {trial: name for name, trial in found.trials.items()})
    lanes = _lanes(rows, recorded)
    if len(lanes) < len(rows):
        return "this campaign's latency.csv has no answers of the two-second demo"
    users = rows[0].load.users
    task = work_task(ARTICLE, campaign.manifest.settings)
    return Timeline(
        name=NAME,
        title=f"{users} requests at once: " + words.listing([lane.told() for lane in lanes]),
        facts=("Requests answered so far", f"each route does {task}", machine(campaign), found.words),
        span_s=max(lane.answers_s[-1] for lane in lanes),
        draw=lambda canvas: _draw(canvas, lanes),
    )


def _lanes(rows: Sequence[Row], recorded: Mapping[str, Histogram]) -> list[Lane]:
    lanes = []
    for row in rows:
        histogram = recorded.get(row.treatment.id)
        if histogram is not None and histogram.answered:
            at = [
                bucket_mid_us(index) / 1e6 for index in sorted(histogram.counts) for _ in range(histogram.counts[index])
            ]
            lanes.append(Lane(row=row, sent=histogram.total, answers_s=tuple(at)))
    return lanes


def _draw(canvas: Canvas, lanes: Sequence[Lane]) -> Mover:
    """Draw a lane a route, one below the other, on one axis of seconds."""
    theme, height = canvas.theme, (canvas.bottom - _AXIS - canvas.top) / len(lanes)
    span = max(lane.answers_s[-1] for lane in lanes)
    left, right = canvas.left + _LEFT, canvas.right - _RIGHT
    shown: list[_Shown] = []
    for i, lane in enumerate(lanes):
        top = canvas.top + i * height
        axes = canvas.axes(left, top + 8, right, top + height - 8)
        axes.set_xlim(0, span * 1.02)
        axes.set_ylim(0, lane.sent + 1)
        axes.set_yticks([])
        axes.grid(axis="x", color=theme.grid, linewidth=1)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, steps=[1, 2, 5, 10]))
        is_last = i == len(lanes) - 1
        axes.tick_params(labelsize=BODY, labelbottom=is_last)
        if not is_last:
            canvas.line((canvas.left, canvas.right), (top + height, top + height), colour=theme.grid)
        middle = top + height / 2
        colour = lane.row.name.style.colour
        canvas.text(canvas.left, middle - 18, lane.label, size=_NAME, weight="bold", colour=colour)
        canvas.text(canvas.left, middle + 24, lane.row.name.style.name, size=BODY + 2, colour=theme.muted)
        shown.append(_shown(canvas, axes, lane, middle, height))
    canvas.text(
        right, canvas.bottom, "seconds since all were sent", size=SMALL, colour=theme.muted, ha="right", va="bottom"
    )
    return lambda second: [artist for each in shown for artist in each.at(second)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What of a lane moves."""

    lane: Lane
    now: Artist
    dots: Artist
    count: Text
    end: Text

    def at(self, second: float) -> list[Artist]:
        """Set it to a second."""
        done = self.lane.answered(second)
        x = min(second, self.lane.answers_s[-1]) if self.lane.is_complete else second
        self.now.set(xdata=[x, x])
        self.dots.set(data=(self.lane.answers_s[:done], range(1, done + 1)))
        self.count.set_text(f"{done} of {self.lane.sent}")
        self.end.set_text(f"after {words.duration(x)}")
        return [self.now, self.dots, self.count, self.end]


def _shown(canvas: Canvas, axes: Axes, lane: Lane, middle: float, height: float) -> _Shown:
    theme, style = canvas.theme, lane.row.name.style
    size = max(3.0, min(17.0, 0.95 * height / (lane.sent + 2)))
    (now,) = axes.plot([0, 0], [0, lane.sent + 1], color=theme.faint, linewidth=3, animated=True)
    (dots,) = axes.plot(
        [],
        [],
        linestyle="none",
        color=style.colour,
        marker=style.marker,
        markersize=size,
        markeredgewidth=0,
        animated=True,
    )
    count = canvas.text(canvas.right, middle - 18, "", size=_COUNT, weight="bold", ha="right")
    end = canvas.text(canvas.right, middle + 26, "", size=BODY + 4, colour=theme.muted, ha="right")
    for text in (count, end):
        text.set_animated(True)
    return _Shown(lane=lane, now=now, dots=dots, count=count, end=end)

"""The bystander as it happened: second by second of one round, beside a handler that blocks and one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.drawing.axes import durations_axis
from analysis.drawing.style import BODY, SMALL, text_width
from analysis.reading.facts import machine
from analysis.reading.summary import main_load, rows_of
from analysis.talk.animation import Timeline
from analysis.talk.timeline_rounds import middle_round
from analysis.wording import words
from analysis.wording.names import treatment_label
from bench_app.styles import ASYNC_BLOCKING, DEF
from bench_app.works import SLEEP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from analysis.talk.animation import Mover
    from experiment.records.trial import SecondRow

NAME = "timeline-bystander"
_STYLES = (ASYNC_BLOCKING, DEF)
_KEY, _HEAD, _VALUE = 26.0, 22.0, 22.0  # font sizes
_GAP, _ABOVE, _AXIS = 110.0, 130.0, 62.0
_MOST_VALUES = 4  # written at their seconds; of more, only the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One second of a window: durations in seconds; `None` where nothing was recorded.

    `is_open`: what began in it still waited when the window ended, so that the duration is a floor.
    """

    start: float
    end: float
    answers_rps: float | None
    bystander_s: float | None
    lag_s: float | None
    window_s: float

    def is_open(self, waited_s: float) -> bool:
        """Whether a wait of this second lasted beyond the window."""
        return self.start + waited_s >= self.window_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One variant's seconds."""

    row: Row
    seconds: tuple[Second, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One measure over time."""

    heading: tuple[str, str]
    value: Callable[[Second], float | None]
    is_duration: bool = True

    def text(self, second: Second, value: float) -> str:
        """Return what is known of a second's value in words."""
        if not self.is_duration:
            return f"{value:,.0f}"
        return ("≥ " if second.is_open(self.value(second) or 0.0) else "") + words.duration(value)


PANELS = (
    Panel(heading=("answers of the handler", "under load, a second"), value=lambda s: s.answers_rps, is_duration=False),
    Panel(heading=("slowest innocent request", "that began in the second"), value=lambda s: s.bystander_s),
    Panel(heading=("latest tick of the event loop", "due in the second"), value=lambda s: s.lag_s),
)


def bystander_timeline(campaign: Campaign) -> Timeline | str:
    """Return what an innocent request waited over time, or why there is nothing to show."""
    load = main_load(campaign, SLEEP)
    rows = [row for row in rows_of(campaign, SLEEP, load) if row.name.style in _STYLES and not row.name.tool]
    found = middle_round(campaign, [row.treatment.id for row in rows]) if len(rows) == len(_STYLES) else None
    if found is None or load is None:
        return "this campaign has no round in which sleep.async-blocking and sleep.def were both validly measured"
    recorded = campaign.folder.seconds()
    windows = {trial.trial_id: trial.metrics.window_s or 0.0 for trial in campaign.trials}
    sides = [
        Side(row=row, seconds=_seconds(recorded.get(trial, []), windows[trial]))
        for row in sorted(rows, key=lambda row: _STYLES.index(row.name.style))
        for trial in (found.trials[row.treatment.id],)
    ]
    if any(not side.seconds or _worst(side) is None for side in sides):
        return "this campaign's throughput.csv has no bystander beside sleep.async-blocking and sleep.def"
    return Timeline(
        name=NAME,
        title=_title(sides),
        facts=(words.upper_first(words.load(campaign.loads[load])), machine(campaign), found.words),
        span_s=max(side.seconds[-1].end for side in sides),
        draw=lambda canvas: _draw(canvas, sides),
    )


def _seconds(rows: Sequence[SecondRow], window_s: float) -> tuple[Second, ...]:
    """Return the seconds of a window; one cut short at its end has its answers scaled to a second."""
    found = []
    for row in sorted(rows, key=lambda row: row.second):
        end = min(row.second + 1.0, window_s) if window_s > row.second else row.second + 1.0
        found.append(
            Second(
                start=float(row.second),
                end=end,
                answers_rps=None if row.answers is None else row.answers / (end - row.second),
                bystander_s=None if row.bystander_max_us is None else row.bystander_max_us / 1e6,
                lag_s=None if row.loop_lag_max_us is None else row.loop_lag_max_us / 1e6,
                window_s=window_s,
            )
        )
    return tuple(found)


def _worst(side: Side) -> str | None:
    waited = [(second.bystander_s, second) for second in side.seconds if second.bystander_s is not None]
    if not waited:
        return None
    worst, second = max(waited, key=lambda pair: pair[0])
    return ("at least " if second.is_open(worst) else "") + words.duration(worst)


def _title(sides: Sequence[Side]) -> str:
    told = [f"{_worst(side)} beside {side.row.name.phrase}" for side in sides]
    return f"The slowest innocent request waits {words.listing(told)}"


def _draw(canvas: Canvas, sides: Sequence[Side]) -> Mover:
    """Draw the panels side by side below a key."""
    x = canvas.left
    for side in sides:
        style = side.row.name.style
        canvas.marker(x + 12, canvas.top + 16, color=style.colour, marker=style.marker, markersize=20)
        label = treatment_label(side.row.treatment)
        canvas.text(x + 34, canvas.top + 16, label, size=_KEY, weight="bold", colour=style.colour)
        x += text_width(label, _KEY, "bold") + 90
    width = (canvas.right - canvas.left - _GAP * (len(PANELS) - 1) - 80) / len(PANELS)
    movers = [
        _draw_panel(canvas, panel, sides, canvas.left + 80 + i * (width + _GAP), width)
        for i, panel in enumerate(PANELS)
    ]
    note = "seconds into the window"
    canvas.text(canvas.right, canvas.bottom, note, size=SMALL, colour=canvas.theme.muted, ha="right", va="bottom")
    return lambda second: [artist for mover in movers for artist in mover(second)]


def _draw_panel(canvas: Canvas, panel: Panel, sides: Sequence[Side], left: float, width: float) -> Mover:
    theme = canvas.theme
    for i, (line, colour) in enumerate(zip(panel.heading, (theme.ink, theme.muted), strict=True)):
        canvas.text(left - 80, canvas.top + 64 + i * _HEAD * 1.3, line, size=_HEAD, colour=colour)
    axes = canvas.axes(left, canvas.top + _ABOVE, left + width, canvas.bottom - _AXIS)
    values = [value for side in sides for second in side.seconds if (value := panel.value(second)) is not None]
    if panel.is_duration:
        durations_axis(min(values) / 2, max(values) * 2).apply(axes)
    else:
        axes.set_ylim(0, max(values) * 1.2)
    span = max(side.seconds[-1].end for side in sides)
    axes.set_xlim(0, span)
    axes.set_xticks(range(int(span) + 1) if span <= 10 else range(0, int(span) + 1, 5))  # noqa: PLR2004 - room for ten
    axes.tick_params(labelsize=BODY)
    axes.grid(color=theme.grid, linewidth=1)
    (now,) = axes.plot([0, 0], axes.get_ylim(), color=theme.faint, linewidth=3, animated=True)
    steps = [_steps(axes, panel, side) for side in sides]

    def at(second: float) -> list[Artist]:
        now.set_xdata([second, second])
        return [now, *(artist for step in steps for artist in step(second))]

    return at


def _steps(axes: Axes, panel: Panel, side: Side) -> Mover:
    """Draw a side's values as steps, each written at its second where there is room."""
    known = [(second, value) for second in side.seconds if (value := panel.value(second)) is not None]
    has_room = len(known) <= _MOST_VALUES
    steps = [
        _Step(panel=panel, second=second, value=value, line=_line(axes, side), text=_label(axes, side, is_told=is_told))
        for second, value in known
        for is_told in (has_room or second is known[-1][0],)
    ]
    return lambda at: [artist for step in steps for artist in step.at(at)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One second of one side in one panel."""

    panel: Panel
    second: Second
    value: float
    line: Line2D
    text: Annotation

    def at(self, now: float) -> list[Artist]:
        """Return what is known by then.

        A wait that was still open when the window ended began so long before that end, so its age grows as time runs.
        Anything else is known when its second is over.
        """
        second, value = self.second, self.value
        end = second.end
        if self.panel.is_duration and second.is_open(value):
            value -= second.window_s - now
            end = min(end, now)
        elif now < second.end - 1e-9:
            return []
        if value <= 0 or end <= second.start:
            return []
        middle = (second.start + end) / 2
        self.line.set_data([second.start, middle, end], [value] * 3)
        self.text.xy = (middle, value)
        self.text.set_text(self.panel.text(second, value))
        return [self.line, self.text]


def _line(axes: Axes, side: Side) -> Line2D:
    style = side.row.name.style
    (line,) = axes.plot(
        [],
        [],
        color=style.colour,
        linewidth=7,
        marker=style.marker,
        markersize=18,
        markeredgewidth=0,
        markevery=[1],
        animated=True,
    )
    return line


def _label(axes: Axes, side: Side, *, is_told: bool) -> Annotation:
    return axes.annotate(
        "",
        (0, 0),
        xytext=(0, 14),
        textcoords="offset pixels",
        ha="center",
        va="bottom",
        fontsize=_VALUE,
        fontweight="bold",
        color=side.row.name.style.colour,
        animated=True,
        visible=is_told,
    )

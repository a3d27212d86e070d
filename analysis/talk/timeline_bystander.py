"""The bystander as it happened: second by second of one round, beside a handler that blocks and one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.drawing.axes import durations_axis
from analysis.drawing.marks import marker_of
from analysis.drawing.style import BODY, text_width
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

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from analysis.talk.animation import Mover
    from experiment.records.trial import SecondRow

NAME = "timeline-bystander"
_STYLES = (ASYNC_BLOCKING, DEF)
_KEY, _HEAD, _VALUE = 26.0, 22.0, 22.0  # font sizes
_GAP, _ABOVE, _AXIS, _TICKS_LEFT = 110.0, 130.0, 62.0, 80.0
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

    @property
    def end(self) -> float:
        """When its window ended, in seconds."""
        return self.seconds[-1].end


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One measure over time."""

    heading: tuple[str, str]
    value: Callable[[Second], float | None]
    is_duration: bool = True

    def known(self, side: Side) -> list[tuple[Second, float]]:
        """Return the seconds in which it was recorded, with what was."""
        return [(second, value) for second in side.seconds if (value := self.value(second)) is not None]


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
        span_s=max(side.end for side in sides),
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
    waits = [(second.bystander_s, second) for second in side.seconds if second.bystander_s is not None]
    worst, second = max(waits, key=lambda wait: wait[0], default=(None, None))
    if worst is None or second is None:
        return None
    return ("at least " if second.is_open(worst) else "") + words.duration(worst)


def _title(sides: Sequence[Side]) -> str:
    waits = [f"{_worst(side)} beside {side.row.name.phrase}" for side in sides]
    return f"The slowest innocent request waits {words.listing(waits)}"


def _draw(canvas: Canvas, sides: Sequence[Side]) -> Mover:
    """Draw the panels side by side below a key."""
    x = canvas.left
    for side in sides:
        style, label = side.row.name.style, treatment_label(side.row.treatment)
        canvas.marker(x + 12, canvas.top + 16, color=style.colour, marker=style.marker, markersize=20)
        canvas.text(x + 34, canvas.top + 16, label, size=_KEY, weight="bold", colour=style.colour)
        x += text_width(label, _KEY, "bold") + 90
    width = (canvas.width - _GAP * (len(PANELS) - 1) - _TICKS_LEFT) / len(PANELS)
    movers = [
        _draw_panel(canvas, panel, sides, canvas.left + _TICKS_LEFT + i * (width + _GAP), width)
        for i, panel in enumerate(PANELS)
    ]
    canvas.note(canvas.right, canvas.bottom, "seconds into the window", ha="right", va="bottom")
    return lambda second: [artist for mover in movers for artist in mover(second)]


def _draw_panel(canvas: Canvas, panel: Panel, sides: Sequence[Side], left: float, width: float) -> Mover:
    theme = canvas.theme
    for i, (line, colour) in enumerate(zip(panel.heading, (theme.ink, theme.muted), strict=True)):
        canvas.text(left - _TICKS_LEFT, canvas.top + 64 + i * _HEAD * 1.3, line, size=_HEAD, colour=colour)
    axes = canvas.axes(left, canvas.top + _ABOVE, left + width, canvas.bottom - _AXIS, grid="both")
    values = [value for side in sides for _, value in panel.known(side)]
    if panel.is_duration:
        durations_axis([min(values) / 2, max(values) * 2]).apply(axes)
    else:
        axes.set_ylim(0, max(values) * 1.2)
    span = max(side.end for side in sides)
    axes.set_xlim(0, span)
    axes.set_xticks(range(int(span) + 1) if span <= 10 else range(0, int(span) + 1, 5))  # noqa: PLR2004 - room for ten
    axes.tick_params(labelsize=BODY)
    (now,) = axes.plot([0, 0], axes.get_ylim(), color=theme.faint, linewidth=3, animated=True)
    steps = [_step(axes, panel, side, *known) for side in sides for known in panel.known(side)]

    def at(second: float) -> list[Artist]:
        now.set_xdata([second, second])
        return [now, *(artist for step in steps for artist in step(second))]

    return at


def _step(axes: Axes, panel: Panel, side: Side, second: Second, value: float) -> Mover:
    """Draw one second of one side in one panel, with its value where there is room.

    A wait that was still open when the window ended began so long before that end, so its age grows as time runs.
    Anything else is known when its second is over.
    """
    known, style = panel.known(side), side.row.name.style
    is_open = panel.is_duration and second.is_open(value)
    (line,) = axes.plot([], [], linewidth=7, markevery=[1], animated=True, **marker_of(style, 18))
    text = axes.annotate(
        "",
        (0, 0),
        xytext=(0, 14),
        textcoords="offset pixels",
        ha="center",
        va="bottom",
        fontsize=_VALUE,
        fontweight="bold",
        color=style.colour,
        animated=True,
        visible=len(known) <= _MOST_VALUES or second is known[-1][0],
    )

    def at(now: float) -> list[Artist]:
        end = min(second.end, now) if is_open else second.end
        age = value - (second.window_s - now) if is_open else value
        is_known = is_open or now >= second.end - 1e-9
        if not is_known or age <= 0 or end <= second.start:
            return []
        middle = (second.start + end) / 2
        line.set_data([second.start, middle, end], [age] * 3)
        text.xy = (middle, age)
        written = words.duration(age) if panel.is_duration else f"{age:,.0f}"
        text.set_text(f"≥ {written}" if is_open else written)
        return [line, text]

    return at

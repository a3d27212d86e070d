"""The bystander as it happened: second by second of one round, beside each side of a claim."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from analysis.drawing.axes import durations_axis, round_ticks
from analysis.drawing.canvas import Canvas
from analysis.drawing.marks import marker_of
from analysis.drawing.shades import shade
from analysis.drawing.style import text_width
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.talk.stage import LEAST, quiet
from analysis.talk.timeline import Mover, Timeline, middle_round, together
from analysis.wording import words
from analysis.wording.names import VariantName, parse_variant, treatment_label
from experiment.design.model import Claim, Treatment
from experiment.records.trial import SecondRow

_BETWEEN, _ABOVE, _AXIS, _TICKS_LEFT = 70.0, 124.0, 84.0, 116.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What was recorded of one second: a rate, or seconds.

    `is_open`: what began in it still waited when the window ended, so that the value is a floor.
    """

    start: float
    end: float
    value: float
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One treatment's seconds."""

    treatment: Treatment
    seconds: Sequence[SecondRow]
    window_s: float

    @property
    def end(self) -> float:
        """When its last second ended."""
        return self._end(self.seconds[-1])

    def _end(self, second: SecondRow) -> float:
        return min(second.second + 1.0, self.window_s) if self.window_s > second.second else second.second + 1.0

    @property
    def name(self) -> VariantName:
        return parse_variant(self.treatment.variant)

    @property
    def colour(self) -> str:
        return shade(self.name.style, self.name.tool)

    def values(self, column: str, *, is_duration: bool) -> list[Value]:
        """Return what was recorded: durations in seconds, and counts a second, those of a second cut short scaled."""
        found = []
        for second in self.seconds:
            if (recorded := getattr(second, column)) is not None:
                start, end = float(second.second), self._end(second)
                value = recorded / 1e6 if is_duration else recorded / (end - start)
                is_open = is_duration and start + value >= self.window_s
                found.append(Value(start=start, end=end, value=value, is_open=is_open))
        return found

    @property
    def waits(self) -> list[Value]:
        """The slowest bystander that began in each second."""
        return self.values("bystander_max_us", is_duration=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One measure over time: a column of the rows per second."""

    heading: str
    column: str
    is_duration: bool = True

    def values(self, side: Side) -> list[Value]:
        return side.values(self.column, is_duration=self.is_duration)


PANELS = (
    Panel(heading="slowest bystander sent in the second", column="bystander_max_us"),
    Panel(heading="answers a second of the loaded route", column="answers", is_duration=False),
)
_PLACED = tuple(enumerate(PANELS))


def bystander_treatments(claim: Claim) -> list[Treatment]:
    """Return the treatments beside which a claim looks at bystanders, in its own order, under the first's load."""
    asked = [t for c in claim.comparisons if c.metric.is_of_bystanders for t in c.treatments]
    return list(dict.fromkeys(t for t in asked if t.load == asked[0].load))


def bystander_timeline(campaign: Campaign, claim: Claim, treatments: Sequence[Treatment]) -> Timeline | str:
    """Return what bystanders waited over time, or why there is nothing to show."""
    found, names = middle_round(campaign, treatments), words.listing([t.id for t in treatments])
    if found is None:
        return f"no round has a valid trial of each of {names}"
    recorded = campaign.folder.seconds()
    windows = {trial.trial_id: trial.metrics.window_s or 0.0 for trial in campaign.trials}
    sides = [
        Side(treatment=t, seconds=sorted(recorded.get(trial, []), key=lambda row: row.second), window_s=windows[trial])
        for t in treatments
        for trial in (found.trials[t.id],)
    ]
    if not all(side.waits for side in sides):
        return f"throughput.csv has no bystanders beside {names}"
    return Timeline(
        claim=claim,
        title=_title(sides),
        facts=(words.upper_first(words.load(campaign.loads[treatments[0].load])), machine(campaign), found.words),
        span_s=max(side.end for side in sides),
        draw=lambda canvas: _draw(canvas, sides),
    )


def _title(sides: Sequence[Side]) -> str:
    waits = []
    for side in sides:
        worst = max(side.waits, key=lambda wait: wait.value)
        least = "at least " if worst.is_open else ""
        waits.append(f"{least}{words.duration(worst.value)} beside {treatment_label(side.treatment)}")
    return f"The slowest bystander waits {words.listing(waits)}"


def _draw(canvas: Canvas, sides: Sequence[Side]) -> Mover:
    """Draw the key above, the panels side by side, and the axis' unit below; return what moves."""
    x = canvas.left
    for side in sides:
        label = treatment_label(side.treatment)
        canvas.marker(x + 12, canvas.top + 16, **marker_of(side.name.style, 20) | {"color": side.colour})
        canvas.text(x + 34, canvas.top + 16, label, size=LEAST, weight="bold")
        x += text_width(label, LEAST, "bold") + 90
    width = (canvas.width - _BETWEEN) / len(PANELS)
    movers = [_draw_panel(canvas, panel, sides, canvas.left + i * (width + _BETWEEN), width) for i, panel in _PLACED]
    canvas.text(canvas.right, canvas.bottom, "seconds into the window", ha="right", va="bottom", **quiet(canvas))
    return together(movers)


def _draw_panel(canvas: Canvas, panel: Panel, sides: Sequence[Side], left: float, width: float) -> Mover:
    theme = canvas.theme
    canvas.text(left, canvas.top + 76, panel.heading, **quiet(canvas))
    axes = canvas.axes(left + _TICKS_LEFT, canvas.top + _ABOVE, left + width, canvas.bottom - _AXIS, grid="both")
    values = [one.value for side in sides for one in panel.values(side)]
    if panel.is_duration:
        axis = durations_axis([min(values) / 2, max(values) * 1.5])
        axis = replace(axis, high=axis.high * 3) if axis.is_log else axis  # room for the text above the highest
        axis.apply(axes)
    else:
        axes.set_ylim(0, max(values) * 1.25)
        round_ticks(axes.yaxis, lambda value: f"{value:,.0f}", most=4)
    span = max(side.end for side in sides)
    axes.set_xlim(0, span)
    axes.set_xticks(range(int(span) + 1) if span <= 10 else range(0, int(span) + 1, 5))  # noqa: PLR2004 - room for ten
    axes.tick_params(labelsize=LEAST)
    (now,) = axes.plot([0, 0], axes.get_ylim(), color=theme.faint, linewidth=3, animated=True)
    steps = together(_steps(axes, panel, sides))

    def at(second: float) -> list[Artist]:
        now.set_xdata([second, second])
        return [now, *steps(second)]

    return at


def _steps(axes: Axes, panel: Panel, sides: Sequence[Side]) -> list[Mover]:
    """Return every second of every side; each value is written above its line, or below it where another is close."""
    movers = []
    for number, side in enumerate(sides):
        every = panel.values(side)
        before = [one for other in sides[:number] for one in panel.values(other)]
        after = [one for other in sides[number + 1 :] for one in panel.values(other)]
        for one in every:
            above = [o.value for o in before if o.start == one.start and o.value >= one.value]
            above += [o.value for o in after if o.start == one.start and o.value > one.value]
            is_written = one is every[-1] or all(_has_room(axes, panel, each) for each in every)
            is_below = any(_is_close(axes, one.value, value) for value in above)
            movers.append(_step(axes, panel, side, one, is_written=is_written, is_below=is_below))
    return movers


def _has_room(axes: Axes, panel: Panel, one: Value) -> bool:
    """Return whether the value fits above its own second."""
    (left, _), (right, _) = axes.transData.transform([(one.start, one.value), (one.end, one.value)])
    return text_width(_written(panel, one.value, is_open=one.is_open), LEAST, "bold") + 10 <= float(right - left)


def _is_close(axes: Axes, value: float, above: float) -> bool:
    """Return whether two values lie so close together that a text between them would hide the higher one."""
    (_, low), (_, high) = axes.transData.transform([(0, value), (0, above)])
    return float(high - low) < 2 * LEAST


def _written(panel: Panel, value: float, *, is_open: bool) -> str:
    written = words.duration(value) if panel.is_duration else f"{value:,.0f}"
    return f"≥ {written}" if is_open else written


def _step(axes: Axes, panel: Panel, side: Side, one: Value, *, is_written: bool, is_below: bool) -> Mover:
    """Draw one second of one side in one panel.

    A wait that was still open when the window ended began so long before that end, so its age grows as time runs.
    Anything else is known when its second is over.
    """
    look = marker_of(side.name.style, 18) | {"color": side.colour}
    (line,) = axes.plot([], [], linewidth=7, markevery=[1], animated=True, **look)
    text = axes.annotate(
        "",
        (0, 0),
        xytext=(0, -14 if is_below else 14),
        textcoords="offset pixels",
        ha="center",
        va="top" if is_below else "bottom",
        fontsize=LEAST,
        fontweight="bold",
        color=side.name.style.colour,
        animated=True,
        visible=is_written,
    )

    def at(now: float) -> list[Artist]:
        end = min(one.end, now) if one.is_open else one.end
        value = one.value - (side.window_s - now) if one.is_open else one.value
        is_known = one.is_open or now >= one.end - 1e-9
        if not is_known or value <= 0 or end <= one.start:
            return []
        middle = (one.start + end) / 2
        line.set_data([one.start, middle, end], [value] * 3)
        text.xy = (middle, value)
        text.set_text(_written(panel, value, is_open=one.is_open))
        return [line, text]

    return at

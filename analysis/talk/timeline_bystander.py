"""The bystander as it happened: second by second of one round, beside each side of a claim."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from analysis.drawing.axes import durations_axis
from analysis.drawing.canvas import Canvas
from analysis.drawing.marks import marker_of
from analysis.drawing.style import text_width
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.talk.stage import LEAST, quiet
from analysis.talk.timeline import Mover, Timeline, middle_round, together
from analysis.wording import words
from analysis.wording.names import VariantName, parse_variant, treatment_label
from experiment.design.model import Claim, Treatment
from experiment.records.trial import SecondRow

_GAP, _ABOVE, _AXIS, _TICKS_LEFT = 60.0, 152.0, 84.0, 104.0
_MOST_VALUES = 4  # written at their seconds; of more, only the last


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

    heading: tuple[str, str]
    column: str
    is_duration: bool = True

    def values(self, side: Side) -> list[Value]:
        return side.values(self.column, is_duration=self.is_duration)


PANELS = (
    Panel(heading=("answers a second", "of the loaded route"), column="answers", is_duration=False),
    Panel(heading=("slowest bystander", "sent in the second"), column="bystander_max_us"),
    Panel(heading=("latest tick of the loop", "due in the second"), column="loop_lag_max_us"),
)


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
    x = canvas.left
    for side in sides:
        style, label = side.name.style, treatment_label(side.treatment)
        canvas.marker(x + 12, canvas.top + 16, color=style.colour, marker=style.marker, markersize=20)
        canvas.text(x + 34, canvas.top + 16, label, size=LEAST, weight="bold", colour=style.colour)
        x += text_width(label, LEAST, "bold") + 90
    width = (canvas.width - _GAP * (len(PANELS) - 1) - _TICKS_LEFT) / len(PANELS)
    movers = [
        _draw_panel(canvas, panel, sides, canvas.left + _TICKS_LEFT + i * (width + _GAP), width)
        for i, panel in enumerate(PANELS)
    ]
    canvas.text(canvas.right, canvas.bottom, "seconds into the window", ha="right", va="bottom", **quiet(canvas))
    return together(movers)


def _draw_panel(canvas: Canvas, panel: Panel, sides: Sequence[Side], left: float, width: float) -> Mover:
    theme = canvas.theme
    for i, (line, colour) in enumerate(zip(panel.heading, (theme.ink, theme.muted), strict=True)):
        canvas.text(left - _TICKS_LEFT, canvas.top + 64 + i * LEAST * 1.25, line, size=LEAST, colour=colour)
    axes = canvas.axes(left, canvas.top + _ABOVE, left + width, canvas.bottom - _AXIS, grid="both")
    values = [one.value for side in sides for one in panel.values(side)]
    if panel.is_duration:
        durations_axis([min(values) / 2, max(values) * 2]).apply(axes)
    else:
        axes.set_ylim(0, max(values) * 1.2)
    span = max(side.end for side in sides)
    axes.set_xlim(0, span)
    axes.set_xticks(range(int(span) + 1) if span <= 10 else range(0, int(span) + 1, 5))  # noqa: PLR2004 - room for ten
    axes.tick_params(labelsize=LEAST)
    (now,) = axes.plot([0, 0], axes.get_ylim(), color=theme.faint, linewidth=3, animated=True)
    steps = together([_step(axes, panel, side, one) for side in sides for one in panel.values(side)])

    def at(second: float) -> list[Artist]:
        now.set_xdata([second, second])
        return [now, *steps(second)]

    return at


def _step(axes: Axes, panel: Panel, side: Side, one: Value) -> Mover:
    """Draw one second of one side in one panel, with its value where there is room.

    A wait that was still open when the window ended began so long before that end, so its age grows as time runs.
    Anything else is known when its second is over.
    """
    every, style = panel.values(side), side.name.style
    (line,) = axes.plot([], [], linewidth=7, markevery=[1], animated=True, **marker_of(style, 18))
    text = axes.annotate(
        "",
        (0, 0),
        xytext=(0, 14),
        textcoords="offset pixels",
        ha="center",
        va="bottom",
        fontsize=LEAST,
        fontweight="bold",
        color=style.colour,
        animated=True,
        visible=len(every) <= _MOST_VALUES or one == every[-1],
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
        written = words.duration(value) if panel.is_duration else f"{value:,.0f}"
        text.set_text(f"≥ {written}" if one.is_open else written)
        return [line, text]

    return at

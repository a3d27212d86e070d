"""Bystander response time by style, one chart a work: what an innocent request waits beside each variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.charts.registry import chart
from analysis.drawing.axes import durations_axis
from analysis.drawing.canvas import Picture
from analysis.drawing.style import BODY, SMALL, shortened, text_width
from analysis.reading.facts import extremes, machine, measured_rows, missing_rows, over_trials, phrase, task
from analysis.reading.summary import main_load, summarise, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from experiment.design.metrics import BYSTANDER_P50, BYSTANDER_P99

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.axes import DurationsAxis
    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.facts import Measured
    from analysis.reading.summary import Row, Summary
    from bench_app.works import Work

_US = 1e6
_ROW, _AXIS, _HEAD = 110.0, 46.0, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A row's bystander quantiles in microseconds; the p99 is None where the sample was too small for it."""

    row: Row
    p50: Summary
    p99: Summary | None

    @property
    def reach_us(self) -> float:
        """The largest value shown."""
        return max(self.p50.high, self.p99.high if self.p99 else 0.0)

    @property
    def is_open(self) -> bool:
        """Whether some bystanders were never answered."""
        return self.p50.is_floor or bool(self.p99 and self.p99.is_floor)


@chart(place=60)
def bystander(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work with at least two variants beside which bystanders were measured."""
    for work in works(campaign):
        load = main_load(campaign, work)
        rows = measured_rows(campaign, work, load, BYSTANDER_P50) if load else []
        rows = [m for m in rows if m.value.median > 0]
        if load and len(rows) > 1:
            yield _picture(campaign, work, load, rows)


def _picture(campaign: Campaign, work: Work, load: str, rows: Sequence[Measured]) -> Picture:
    waits = [Wait(row=m.row, p50=m.value, p99=summarise(campaign, m.row.treatment.id, BYSTANDER_P99)) for m in rows]
    missing = missing_rows(campaign, work, load, BYSTANDER_P50)
    title = f"{task(campaign, work)}: {_finding(rows)}"
    is_log = _axis_of(waits).is_log
    return Picture(
        name=f"bystander-{work.name}",
        work=work.name,
        title=title,
        facts=(
            f"Response time of an unrelated async route{', logarithmic' if is_log else ''}: median and p99 of requests",
            f"beside {words.load(campaign.loads[load])}",
            over_trials([w.p50 for w in waits]),
            *(("arrow = some were never answered: at least so long",) if any(w.is_open for w in waits) else ()),
            machine(campaign),
        ),
        alt=f"Dot plot of bystander response time by handler style. {title}. "
        + "; ".join(f"{treatment_label(w.row.treatment)}: {_text(w)}" for w in waits),
        columns=(
            "treatment",
            "p50_us",
            "p50_low_us",
            "p50_high_us",
            "p50_is_floor",
            "p99_us",
            "p99_is_floor",
            "n_trials",
        ),
        rows=[_csv_row(w) for w in waits],
        draw=lambda canvas: _draw(canvas, waits, missing),
    )


def _csv_row(wait: Wait) -> tuple[str | float | bool | None, ...]:
    p50, p99 = wait.p50, wait.p99
    far = (p99.median, p99.is_floor) if p99 else (None, None)
    return (wait.row.treatment.id, p50.median, p50.low, p50.high, p50.is_floor, *far, p50.n)


def _finding(rows: Sequence[Measured]) -> str:
    found = extremes(rows)
    if found is None:
        return "what an innocent request waits"
    low, high = found.lowest, found.highest
    if found.are_same:
        return f"the median innocent request waits about as long beside every variant, {_value(low.value)}"
    return (
        f"beside {phrase(high)} the median innocent request waits {_value(high.value)}, "
        f"beside {phrase(low)} {_value(low.value)}"
    )


def _value(value: Summary) -> str:
    return ("at least " if value.is_floor else "") + words.duration_us(value.median)


def _text(wait: Wait) -> str:
    p50 = f"{'≥ ' if wait.p50.is_floor else ''}{words.duration_us(wait.p50.median)}"
    if wait.p99 is None:
        return p50
    return f"{p50}, p99 {'≥ ' if wait.p99.is_floor else ''}{words.duration_us(wait.p99.median)}"


def _draw(canvas: Canvas, waits: Sequence[Wait], missing: Sequence[tuple[Row, str]]) -> None:
    labels = [treatment_label(w.row.treatment) for w in waits] + [treatment_label(row.treatment) for row, _ in missing]
    left = canvas.left + min(max(text_width(label, BODY) for label in labels), 470.0) + 30
    right = canvas.right - max(text_width(_text(w), BODY) for w in waits) - 30
    row = min(_ROW, (canvas.bottom - _AXIS - _HEAD - canvas.top) / len(labels))
    top, bottom = canvas.top + _HEAD, canvas.top + _HEAD + row * len(labels)
    axes = canvas.axes(left, top, right, bottom)
    _axis_of(waits).apply(axes, which="x")
    axes.set_ylim(bottom - top, 0)
    axes.set_yticks([])
    axes.grid(axis="x", color=canvas.theme.grid, linewidth=1)
    canvas.text(canvas.right, canvas.top + _HEAD / 3, "median, p99", size=SMALL, colour=canvas.theme.muted, ha="right")
    for i, label in enumerate(labels):
        y = top + row * (i + 0.5)
        canvas.text(left - 20, y, shortened(label, BODY, left - 20 - canvas.left), ha="right")
        canvas.line((canvas.left, canvas.right), (top + row * (i + 1),) * 2, colour=canvas.theme.grid)
        if i < len(waits):
            canvas.text(canvas.right, y, _text(waits[i]), ha="right")
            _dots(axes, canvas, waits[i], row * (i + 0.5))
        else:
            reason = shortened(missing[i - len(waits)][1], SMALL, canvas.right - left - 20)
            canvas.text(left + 10, y, reason, size=SMALL, colour=canvas.theme.muted)


def _axis_of(waits: Sequence[Wait]) -> DurationsAxis:
    return durations_axis(min(w.p50.low for w in waits) / _US, max(w.reach_us for w in waits) / _US)


def _dots(axes: Axes, canvas: Canvas, wait: Wait, y: float) -> None:
    """Draw the median as the style's marker, the p99 as a bar's end, both with the range of the rounds."""
    style, theme = wait.row.name.style, canvas.theme
    colour, p50 = style.colour, wait.p50.median / _US
    if wait.p99 is not None:
        p99 = wait.p99.median / _US
        axes.plot([p50, p99], [y, y], color=colour, linewidth=7, alpha=0.45, solid_capstyle="butt")
        axes.plot([p99, p99], [y - 12, y + 12], color=colour, linewidth=5, solid_capstyle="butt")
    if wait.is_open:
        start, end = max(p50, wait.reach_us / _US), axes.get_xlim()[1]
        arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 3, "mutation_scale": 26, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=(end, y), xytext=(start, y), arrowprops=arrow)
    axes.plot(p50, y, color=colour, marker=style.marker, markersize=18, markeredgewidth=0)
    for value in (wait.p50, wait.p99):
        if value is not None and value.n > 1 and not value.is_floor:
            axes.plot([value.low / _US, value.high / _US], [y, y], color=theme.ink, linewidth=2, solid_capstyle="butt")

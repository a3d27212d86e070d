"""Bystander response time by style, one chart a work: what an innocent request waits beside each variant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.axes import Axes

from analysis.charts.parts import finding, main_loads
from analysis.charts.registry import chart
from analysis.drawing.axes import DurationsAxis, durations_axis
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.marks import arrow, marker_of, segment, whisker
from analysis.drawing.style import BODY, LABELS_AT_MOST, TICKS_BELOW, text_width
from analysis.reading.campaign import Campaign
from analysis.reading.facts import RowValue, extremes, measured_rows, missing_rows, over_trials, phrase, task
from analysis.reading.summary import Row, Summary, summarise
from analysis.wording import words
from analysis.wording.names import treatment_label
from bench_app.works import Work
from experiment.design.metrics import BYSTANDER_P50, BYSTANDER_P99

_US = 1e6
_ROW, _HEAD = 110.0, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A row's bystander quantiles in microseconds; the p99 is None where the sample was too small for it."""

    row: Row
    p50: Summary
    p99: Summary | None

    @property
    def label(self) -> str:
        return treatment_label(self.row.treatment)

    @property
    def text(self) -> str:
        values = [_value(value, "≥ ") for value in (self.p50, self.p99) if value]
        return ", p99 ".join(values)

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
    for work, load in main_loads(campaign):
        rows = [m for m in measured_rows(campaign, work, load, BYSTANDER_P50) if m.value.median > 0]
        if len(rows) > 1:
            yield _picture(campaign, work, load, rows)


def _picture(campaign: Campaign, work: Work, load: str, rows: Sequence[RowValue]) -> Picture:
    waits = [Wait(row=m.row, p50=m.value, p99=summarise(campaign, m.row.treatment.id, BYSTANDER_P99)) for m in rows]
    missing = missing_rows(campaign, work, load, BYSTANDER_P50)
    title = _title(waits) or finding(
        rows,
        lambda measured: _value(measured.value),
        alone="what an innocent request waits",
        same="the median innocent request waits about as long beside every variant, {low}",
        other="beside {most} the median innocent request waits {high}, beside {least} {low}",
    )
    return Picture(
        name=f"bystander-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: {title}",
        facts=(
            f"Response time of an unrelated async route{_axis_of(waits).note}: median and p99 of requests",
            f"beside {words.load(campaign.loads[load])}",
            over_trials([w.p50 for w in waits]),
            *(("arrow = some were never answered: at least so long",) if any(w.is_open for w in waits) else ()),
        ),
        what="Dot plot of bystander response time by handler style",
        values=[f"{w.label}: {w.text}" for w in waits],
        rows=[_csv_row(w) for w in waits],
        draw=partial(_draw, waits=waits, missing=missing),
    )


def _title(waits: Sequence[Wait]) -> str:
    """Return a title with both quantiles where the p99 would put the extremes of the median the other way round."""
    found = extremes([RowValue(row=w.row, value=w.p50) for w in waits])
    if found is None or found.are_same:
        return ""
    by_row = {w.row: w for w in waits}
    low, high = by_row[found.lowest.row], by_row[found.highest.row]
    if low.p99 is None or high.p99 is None or low.p99.median <= high.p99.median:
        return ""
    return (
        f"beside {phrase(found.highest)} an innocent request waits {_value(high.p50)} in the median and "
        f"{_value(high.p99)} at p99, beside {phrase(found.lowest)} {_value(low.p50)} and {_value(low.p99)}"
    )


def _csv_row(wait: Wait) -> dict[str, Any]:
    p50, p99 = wait.p50, wait.p99
    return {
        "treatment": wait.row.treatment.id,
        "p50_us": p50.median,
        "p50_low_us": p50.low,
        "p50_high_us": p50.high,
        "p50_is_floor": p50.is_floor,
        "p99_us": p99 and p99.median,
        "p99_is_floor": p99 and p99.is_floor,
        "n_trials": p50.n,
    }


def _value(value: Summary, at_least: str = "at least ") -> str:
    return (at_least if value.is_floor else "") + words.duration_us(value.median)


def _draw(canvas: Canvas, waits: Sequence[Wait], missing: Sequence[tuple[Row, str]]) -> None:
    labels = [w.label for w in waits] + [treatment_label(row.treatment) for row, _ in missing]
    left = canvas.left + min(max(text_width(label, BODY) for label in labels), LABELS_AT_MOST) + 30
    right = canvas.right - max(text_width(w.text, BODY) for w in waits) - 30
    row = min(_ROW, (canvas.bottom - TICKS_BELOW - _HEAD - canvas.top) / len(labels))
    top = canvas.top + _HEAD
    axes = canvas.row_axes(left, top, right, top + row * len(labels), grid="x")
    _axis_of(waits).apply(axes, "x")
    canvas.note(canvas.right, canvas.top + _HEAD / 3, "median, p99", ha="right")
    for i, label in enumerate(labels):
        y = top + row * (i + 0.5)
        canvas.text(left - 20, y, label, ha="right", room=left - 20 - canvas.left)
        canvas.rule(top + row * (i + 1))
        if i < len(waits):
            canvas.text(canvas.right, y, waits[i].text, ha="right")
            _dots(axes, canvas, waits[i], row * (i + 0.5))
        else:
            canvas.note(left + 10, y, missing[i - len(waits)][1], room=canvas.right - left - 20)


def _axis_of(waits: Sequence[Wait]) -> DurationsAxis:
    return durations_axis(value / _US for w in waits for value in (w.p50.low, w.reach_us))


def _dots(axes: Axes, canvas: Canvas, wait: Wait, y: float) -> None:
    """Draw the median as the style's marker, the p99 as a bar's end, both with the range of the rounds."""
    style, p50 = wait.row.name.style, wait.p50.median / _US
    if wait.p99 is not None:
        p99 = wait.p99.median / _US
        segment(axes, (p50, p99), (y, y), style.colour, 7, alpha=0.45)
        segment(axes, (p99, p99), (y - 12, y + 12), style.colour, 5)
    if wait.is_open:
        start, end = max(p50, wait.reach_us / _US), axes.get_xlim()[1]
        axes.annotate("", xy=(end, y), xytext=(start, y), arrowprops=arrow(style.colour))
    axes.plot(p50, y, **marker_of(style, 18))
    canvas.spot(axes, p50, y, of=wait.label, text=f"median {_value(wait.p50)}")
    if wait.p99 is not None:
        canvas.spot(axes, wait.p99.median / _US, y, of=wait.label, text=f"p99 {_value(wait.p99)}")
    for value in (wait.p50, wait.p99):
        if value is not None and not value.is_floor:
            whisker(axes, canvas.theme, value, y, unit=1 / _US)

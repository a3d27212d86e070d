"""What a request costs the SUT in CPU time, one chart a work: the number that a noisy machine moves least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.charts.registry import chart
from analysis.drawing.bars import Bar, BarChart, Section
from analysis.drawing.canvas import Picture
from analysis.reading.facts import extremes, machine, measured_rows, missing_rows, over_trials, phrase, task
from analysis.reading.summary import main_load, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from experiment.design.metrics import CPU_PER_REQUEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.reading.campaign import Campaign
    from analysis.reading.facts import Measured
    from bench_app.works import Work

_COST = CPU_PER_REQUEST
_MILLISECOND_US = 1000.0


@chart(place=80)
def cost(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work with at least two variants whose cost was measured."""
    for work in works(campaign):
        load = main_load(campaign, work)
        rows = measured_rows(campaign, work, load, _COST) if load else []
        if load and len(rows) > 1:
            yield _picture(campaign, work, load, rows)


def _picture(campaign: Campaign, work: Work, load: str, rows: Sequence[Measured]) -> Picture:
    missing = [
        Bar(label=treatment_label(row.treatment), style=row.name.style, value=None, text=reason)
        for row, reason in missing_rows(campaign, work, load, _COST)
    ]
    bars = [*(_bar(m) for m in rows), *missing]
    title = f"{task(campaign, work)}: {_finding(rows)}"
    return Picture(
        name=f"cost-{work.name}",
        work=work.name,
        title=title,
        facts=(
            "SUT CPU time an answered request, all its processes",
            words.load(campaign.loads[load]),
            over_trials([m.value for m in rows]),
            machine(campaign),
        ),
        alt=f"Bar chart of CPU time a request by variant. {title}. " + "; ".join(f"{b.label}: {b.text}" for b in bars),
        columns=("treatment", "median_us", "low_us", "high_us", "n_trials"),
        rows=[(m.row.treatment.id, m.value.median, m.value.low, m.value.high, m.value.n) for m in rows],
        draw=BarChart(sections=[Section(heading="", bars=bars)], unit="", format_tick=_tick).draw,
    )


def _bar(measured: Measured) -> Bar:
    return Bar(
        label=treatment_label(measured.row.treatment),
        style=measured.row.name.style,
        value=measured.value,
        text=words.duration_us(measured.value.median),
        is_hatched=measured.row.name.is_copy,
    )


def _tick(microseconds: float) -> str:
    if microseconds >= _MILLISECOND_US:
        return f"{microseconds / _MILLISECOND_US:g} ms"
    return f"{microseconds:g} µs" if microseconds else "0"


def _finding(rows: Sequence[Measured]) -> str:
    found = extremes(rows)
    if found is None:
        return "one variant, and its copy"
    low, high = found.lowest, found.highest
    if found.are_same:
        return f"every variant costs about as much CPU, {words.duration_us(low.value.median)} a request"
    factor = words.ratio(high.value.median / low.value.median)
    return (
        f"{phrase(high)} costs {factor} times the CPU of {phrase(low)}, "
        f"{words.duration_us(high.value.median)} against {words.duration_us(low.value.median)} a request"
    )

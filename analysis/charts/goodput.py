"""Goodput by style, one chart a work, with what theory allows beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.charts.registry import chart
from analysis.drawing.bars import MOST_ROWS, Bar, BarChart, Section
from analysis.drawing.canvas import Picture
from analysis.reading.facts import extremes, machine, measured_rows, over_trials, phrase, task
from analysis.reading.summary import closed_loads, row_ceiling, rows_of, summarise, why_missing, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from experiment.design.metrics import GOODPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.reading.campaign import Campaign
    from analysis.reading.facts import Measured
    from analysis.reading.summary import Row
    from bench_app.works import Work


@chart(place=40)
def goodput(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work that has any goodput under a closed load."""
    for work in works(campaign):
        if loads := closed_loads(campaign, work):
            yield _picture(campaign, work, loads)


def _picture(campaign: Campaign, work: Work, loads: list[str]) -> Picture:
    main = measured_rows(campaign, work, loads[0], GOODPUT)
    sections = _sections(campaign, work, loads)
    values = [bar.value for section in sections for bar in section.bars if bar.value]
    shown = words.loads([campaign.loads[load] for load in loads][: len(sections)])
    title = f"{task(campaign, work)}: {_finding(main)}"
    return Picture(
        name=f"goodput-{work.name}",
        work=work.name,
        title=title,
        facts=("Goodput in right answers a second", shown, over_trials(values), machine(campaign)),
        alt=f"Bar chart of goodput by handler style. {title}. "
        + "; ".join(f"{bar.label}: {bar.text}" for section in sections for bar in section.bars),
        columns=("treatment", "median_rps", "low_rps", "high_rps", "n_trials", "ceiling_rps", "ceiling_decided_by"),
        rows=[_csv_row(campaign, row) for load in loads for row in rows_of(campaign, work, load)],
        draw=BarChart(sections=sections, unit="rps", format_tick=lambda v: f"{v:,g}").draw,
    )


def _finding(rows: list[Measured]) -> str:
    found = extremes(rows)
    if found is None:
        return f"{phrase(rows[0])} answers {words.number(rows[0].value.median)} requests a second"
    low, high = found.lowest, found.highest
    if found.are_same:
        return f"every variant answers about {_between(low, high)} requests a second"
    return (
        f"{phrase(low)} answers {words.number(low.value.median)} requests a second, "
        f"{phrase(high)} {words.number(high.value.median)}"
    )


def _between(low: Measured, high: Measured) -> str:
    first, last = words.number(low.value.median), words.number(high.value.median)
    return first if first == last else f"{first} to {last}"


def _sections(campaign: Campaign, work: Work, loads: list[str]) -> list[Section]:
    """Return the loads that fit on a slide, the main one first; the report's table has them all."""
    sections: list[Section] = []
    for load in loads:
        bars = [_bar(campaign, row) for row in rows_of(campaign, work, load)]
        used = sum(len(section.bars) for section in sections)
        if not sections or used + len(bars) <= MOST_ROWS:
            sections.append(Section(heading=words.load(campaign.loads[load]), bars=bars))
    return sections


def _bar(campaign: Campaign, row: Row) -> Bar:
    value = summarise(campaign, row.treatment.id, GOODPUT)
    limit = row_ceiling(campaign, row)
    return Bar(
        label=treatment_label(row.treatment),
        style=row.name.style,
        value=value,
        text=words.number(value.median) if value else why_missing(campaign, row.treatment, GOODPUT),
        ceiling=limit.goodput_rps if limit and value else None,
        is_hatched=row.name.is_copy,
    )


def _csv_row(campaign: Campaign, row: Row) -> tuple[str | float | int | None, ...]:
    value, limit = summarise(campaign, row.treatment.id, GOODPUT), row_ceiling(campaign, row)
    numbers = (value.median, value.low, value.high, value.n) if value else (None, None, None, 0)
    return (row.treatment.id, *numbers, limit and limit.goodput_rps, limit and limit.decided_by)

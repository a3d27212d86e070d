"""Goodput by style, one chart a work, with what theory allows beside it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from analysis.charts.parts import bar, finding, summary_cells
from analysis.charts.registry import chart
from analysis.drawing.bars import MOST_ROWS, Bar, draw_bars
from analysis.drawing.canvas import Picture
from analysis.reading.facts import Measured, measured_rows, over_trials, phrase, task
from analysis.reading.summary import Row, closed_loads, row_ceiling, rows_of, summarise, why_missing, works
from analysis.wording import words
from analysis.wording.names import treatment_label
from experiment.design.metrics import GOODPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.reading.campaign import Campaign
    from bench_app.works import Work


@chart(place=40)
def goodput(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work that has any goodput under a closed load."""
    for work in works(campaign):
        if loads := closed_loads(campaign, work):
            yield _picture(campaign, work, loads)


def _picture(campaign: Campaign, work: Work, loads: list[str]) -> Picture:
    sections = _sections(campaign, work, loads)
    bars = [bar for section in sections.values() for bar in section]
    shown = words.loads([campaign.loads[load] for load in loads][: len(sections)])
    rows = measured_rows(campaign, work, loads[0], GOODPUT)
    found = finding(
        rows,
        lambda value: words.number(value.median),
        alone=f"{phrase(rows[0])} answers {words.number(rows[0].value.median)} requests a second",
        same="every variant answers about {span} requests a second",
        other="{least} answers {low} requests a second, {most} {high}",
    )
    return Picture(
        name=f"goodput-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: {found}",
        facts=("Goodput in right answers a second", shown, over_trials([bar.value for bar in bars if bar.value])),
        what="Bar chart of goodput by handler style",
        values=[f"{bar.label}: {bar.text}" for bar in bars],
        rows=[_csv_row(campaign, row) for load in loads for row in rows_of(campaign, work, load)],
        draw=partial(draw_bars, sections=sections, unit="rps", written=lambda rps: f"{rps:,g}"),
    )


def _sections(campaign: Campaign, work: Work, loads: list[str]) -> dict[str, list[Bar]]:
    """Return the loads that fit on a slide, the main one first; the report's table has them all."""
    sections: dict[str, list[Bar]] = {}
    for load in loads:
        bars = [_bar(campaign, row) for row in rows_of(campaign, work, load)]
        if not sections or sum(map(len, sections.values())) + len(bars) <= MOST_ROWS:
            sections[words.load(campaign.loads[load])] = bars
    return sections


def _bar(campaign: Campaign, row: Row) -> Bar:
    value, limit = summarise(campaign, row.treatment.id, GOODPUT), row_ceiling(campaign, row)
    if value is None:
        reason = why_missing(campaign, row.treatment, GOODPUT)
        return Bar(label=treatment_label(row.treatment), style=row.name.style, value=None, text=reason)
    return bar(Measured(row=row, value=value), words.number(value.median), ceiling=limit.goodput_rps if limit else None)


def _csv_row(campaign: Campaign, row: Row) -> dict[str, Any]:
    value, limit = summarise(campaign, row.treatment.id, GOODPUT), row_ceiling(campaign, row)
    return {
        "treatment": row.treatment.id,
        **summary_cells(value, "rps"),
        "ceiling_rps": limit and limit.goodput_rps,
        "ceiling_decided_by": limit and limit.decided_by,
    }

"""Bars: goodput by style with what theory allows beside it, the two-second demo, and what a request costs in CPU.

The CPU time of a request is the number that a noisy machine moves least.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from analysis.charts.parts import finding, main_loads
from analysis.charts.registry import chart
from analysis.drawing.bars import MOST_ROWS, Bar, draw_bars
from analysis.drawing.canvas import Picture
from analysis.reading.campaign import Campaign
from analysis.reading.facts import RowValue, measured_rows, over_trials, phrase, task
from analysis.reading.summary import Row, Summary, closed_loads, row_ceiling, rows_of, summarise, why_missing, works
from analysis.wording import words
from analysis.wording.names import treatment_label, work_task
from bench_app.works import ARTICLE, Work
from experiment.design.metrics import CPU_PER_REQUEST, GOODPUT, MAKESPAN, Metric
from experiment.design.model import LoadKind

_MILLISECOND_US = 1000.0
_WRITTEN = {GOODPUT: words.number, MAKESPAN: words.duration, CPU_PER_REQUEST: words.duration_us}
"""How values are written on the bars, whose axis has the unit."""


def _bars(campaign: Campaign, work: Work, load: str, metric: Metric) -> list[Bar]:
    return [_bar(campaign, row, metric) for row in rows_of(campaign, work, load)]


def _bar(campaign: Campaign, row: Row, metric: Metric) -> Bar:
    value, label = summarise(campaign, row.treatment.id, metric), treatment_label(row.treatment)
    if value is None:
        return Bar(label=label, style=row.name.style, value=None, text=why_missing(campaign, row.treatment, metric))
    return Bar(
        label=f"{label}  ({row.name.style.name})" if row.name.work is ARTICLE else label,
        style=row.name.style,
        value=value,
        text=_WRITTEN[metric](value.median),
        ceiling=_limit(campaign, row, metric),
        is_hatched=row.name.is_copy,
        range_text=_range(value, _WRITTEN[metric]),
    )


def _range(value: Summary, write: Callable[[float], str]) -> str:
    return f"{write(value.low)} to {write(value.high)} in {words.trials([value.n])}" if value.n > 1 else ""


def _limit(campaign: Campaign, row: Row, metric: Metric) -> float | None:
    """Return the best that theory allows: the highest goodput, which is the shortest time for a burst."""
    limit = row_ceiling(campaign, row)
    if limit is None or metric is CPU_PER_REQUEST:
        return None
    return row.load.users / limit.goodput_rps if metric is MAKESPAN else limit.goodput_rps


def _cells(row: Row, value: Summary | None, unit: str) -> dict[str, Any]:
    """Return a treatment, its median and range in that unit, and how many trials they are of."""
    numbers = (value.median, value.low, value.high, value.n) if value else (None, None, None, 0)
    names = ("treatment", f"median_{unit}", f"low_{unit}", f"high_{unit}", "n_trials")
    return dict(zip(names, (row.treatment.id, *numbers), strict=True))


@chart(place=40)
def goodput(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work that has any goodput under a closed load."""
    for work in works(campaign):
        if loads := closed_loads(campaign, work):
            yield _goodput_picture(campaign, work, loads)


def _goodput_picture(campaign: Campaign, work: Work, loads: list[str]) -> Picture:
    sections = _sections(campaign, work, loads)
    bars = [bar for section in sections.values() for bar in section]
    shown = words.loads([campaign.loads[load] for load in loads][: len(sections)])
    rows = measured_rows(campaign, work, loads[0], GOODPUT)
    found = finding(
        rows,
        lambda measured: words.number(measured.value.median),
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
        rows=[_goodput_cells(campaign, row) for load in loads for row in rows_of(campaign, work, load)],
        draw=partial(draw_bars, sections=sections, unit="rps", written="{:,g}".format),
    )


def _sections(campaign: Campaign, work: Work, loads: list[str]) -> dict[str, list[Bar]]:
    """Return the loads that fit on a slide, the main one first; the report's table has them all."""
    sections: dict[str, list[Bar]] = {}
    for load in loads:
        bars = _bars(campaign, work, load, GOODPUT)
        if not sections or sum(map(len, sections.values())) + len(bars) <= MOST_ROWS:
            heading = words.load(campaign.loads[load])
            sections[f"{heading} ({load})" if heading in sections else heading] = bars
    return sections


def _goodput_cells(campaign: Campaign, row: Row) -> dict[str, Any]:
    limit = row_ceiling(campaign, row)
    return {
        **_cells(row, summarise(campaign, row.treatment.id, GOODPUT), "rps"),
        "ceiling_rps": limit and limit.goodput_rps,
        "ceiling_decided_by": limit and limit.decided_by,
    }


@chart(place=30)
def demo(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a burst load under which the article's routes were measured."""
    loads = dict.fromkeys(row.load.id for row in rows_of(campaign, ARTICLE) if row.load.kind is LoadKind.BURST)
    for load in loads:
        if rows := measured_rows(campaign, ARTICLE, load, MAKESPAN):
            yield _demo_picture(campaign, load, rows)


def _demo_picture(campaign: Campaign, load: str, rows: list[RowValue]) -> Picture:
    users = campaign.loads[load].users
    needs = [f"{treatment_label(m.row.treatment)} needs {words.duration(m.value.median)}" for m in rows]
    sections = {"": _measured_first(_bars(campaign, ARTICLE, load, MAKESPAN))}
    return Picture(
        name=f"demo-{load}",
        work=ARTICLE.name,
        title=f"{users} requests at once: {words.listing(needs)}",
        facts=(
            f"Seconds until all {users} were answered",
            f"each route does {work_task(ARTICLE, campaign.manifest.settings)}",
            over_trials([m.value for m in rows]),
        ),
        what="Bar chart of the time until all requests were answered",
        rows=[_cells(m.row, m.value, "s") for m in rows],
        draw=partial(
            draw_bars, sections=sections, unit="s", written="{:g}".format, ceiling_label="what theory predicts"
        ),
    )


def _measured_first(bars: list[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda bar: bar.value is None)


@chart(place=80)
def cost(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work with at least two variants whose cost was measured."""
    for work, load in main_loads(campaign):
        rows = measured_rows(campaign, work, load, CPU_PER_REQUEST)
        if len(rows) > 1:
            yield _cost_picture(campaign, work, load, rows)


def _cost_picture(campaign: Campaign, work: Work, load: str, rows: list[RowValue]) -> Picture:
    bars = _measured_first(_bars(campaign, work, load, CPU_PER_REQUEST))
    found = finding(
        rows,
        lambda measured: words.duration_us(measured.value.median),
        alone="one variant, and its copy",
        same="every variant costs about as much CPU, {low} a request",
        other="{most} costs {times} times the CPU of {least}, {high} against {low} a request",
    )
    return Picture(
        name=f"cost-{work.name}",
        work=work.name,
        title=f"{task(campaign, work)}: {found}",
        facts=(
            "SUT CPU time an answered request, all its processes",
            words.load(campaign.loads[load]),
            over_trials([m.value for m in rows]),
        ),
        what="Bar chart of CPU time a request by variant",
        values=[f"{bar.label}: {bar.text}" for bar in bars],
        rows=[_cells(m.row, m.value, "us") for m in rows],
        draw=partial(draw_bars, sections={"": bars}, unit="", written=_tick),
    )


def _tick(microseconds: float) -> str:
    if microseconds >= _MILLISECOND_US:
        return f"{microseconds / _MILLISECOND_US:g} ms"
    return f"{microseconds:g} µs" if microseconds else "0"

"""What a request costs the SUT in CPU time, one chart a work: the number that a noisy machine moves least."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.charts.parts import bar, finding, main_loads, missing_bars, summary_rows
from analysis.charts.registry import chart
from analysis.drawing.bars import draw_bars
from analysis.drawing.canvas import Picture
from analysis.reading.facts import Measured, measured_rows, over_trials, task
from analysis.wording import words
from experiment.design.metrics import CPU_PER_REQUEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.reading.campaign import Campaign
    from bench_app.works import Work

_MILLISECOND_US = 1000.0


@chart(place=80)
def cost(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a work with at least two variants whose cost was measured."""
    for work, load in main_loads(campaign):
        rows = measured_rows(campaign, work, load, CPU_PER_REQUEST)
        if len(rows) > 1:
            yield _picture(campaign, work, load, rows)


def _picture(campaign: Campaign, work: Work, load: str, rows: Sequence[Measured]) -> Picture:
    bars = [bar(m, words.duration_us(m.value.median)) for m in rows]
    bars += missing_bars(campaign, work, load, CPU_PER_REQUEST)
    found = finding(
        rows,
        lambda value: words.duration_us(value.median),
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
        rows=summary_rows(rows, "us"),
        draw=partial(draw_bars, sections={"": bars}, unit="", written=_tick),
    )


def _tick(microseconds: float) -> str:
    if microseconds >= _MILLISECOND_US:
        return f"{microseconds / _MILLISECOND_US:g} ms"
    return f"{microseconds:g} µs" if microseconds else "0"

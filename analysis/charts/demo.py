"""The two-second demo: every route that was hit by a burst, and the time until all were answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.charts.parts import bar, missing_bars, summary_rows
from analysis.charts.registry import chart
from analysis.drawing.bars import Bar, draw_bars
from analysis.drawing.canvas import Picture
from analysis.reading.facts import Measured, measured_rows, over_trials
from analysis.reading.summary import row_ceiling, rows_of
from analysis.wording import words
from analysis.wording.names import treatment_label, work_task
from bench_app.works import ARTICLE
from experiment.design.metrics import MAKESPAN
from experiment.design.model import LoadKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.reading.campaign import Campaign


@chart(place=30)
def demo(campaign: Campaign) -> Iterator[Picture]:
    """Yield one picture a burst load under which the article's routes were measured."""
    loads = dict.fromkeys(row.load.id for row in rows_of(campaign, ARTICLE) if row.load.kind is LoadKind.BURST)
    for load in loads:
        if rows := measured_rows(campaign, ARTICLE, load, MAKESPAN):
            yield _picture(campaign, load, rows)


def _picture(campaign: Campaign, load: str, rows: Sequence[Measured]) -> Picture:
    users = campaign.loads[load].users
    needs = [f"{treatment_label(m.row.treatment)} needs {words.duration(m.value.median)}" for m in rows]
    bars = [*(_bar(campaign, m) for m in rows), *missing_bars(campaign, ARTICLE, load, MAKESPAN)]
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
        rows=summary_rows(rows, "s"),
        draw=partial(
            draw_bars, sections={"": bars}, unit="s", written="{:g}".format, ceiling_label="what theory predicts"
        ),
    )


def _bar(campaign: Campaign, measured: Measured) -> Bar:
    row, limit = measured.row, row_ceiling(campaign, measured.row)
    # the highest goodput theory allows is the shortest time for the burst
    shortest = row.load.users / limit.goodput_rps if limit else None
    return bar(measured, words.duration(measured.value.median), ceiling=shortest, note=f"  ({row.name.style.name})")

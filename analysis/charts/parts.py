"""What the charts have in common: the works they compare, bars, rows of summaries, and findings in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.drawing.bars import Bar
from analysis.reading.facts import Measured, extremes, missing_rows, phrase
from analysis.reading.summary import Summary, main_load, works
from analysis.wording import words
from analysis.wording.names import treatment_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from analysis.reading.campaign import Campaign
    from bench_app.works import Work
    from experiment.design.metrics import Metric


def main_loads(campaign: Campaign) -> Iterator[tuple[Work, str]]:
    """Yield each work with the closed load under which its styles are compared."""
    for work in works(campaign):
        if load := main_load(campaign, work):
            yield work, load


def bar(measured: Measured, text: str, *, ceiling: float | None = None, note: str = "") -> Bar:
    """Return the bar of a measured row; `note` follows its label."""
    name = measured.row.name
    return Bar(
        label=treatment_label(measured.row.treatment) + note,
        style=name.style,
        value=measured.value,
        text=text,
        ceiling=ceiling,
        is_hatched=name.is_copy,
    )


def missing_bars(campaign: Campaign, work: Work, load: str, metric: Metric) -> list[Bar]:
    """Return a bar without a value for each planned row that has none."""
    return [
        Bar(label=treatment_label(row.treatment), style=row.name.style, value=None, text=reason)
        for row, reason in missing_rows(campaign, work, load, metric)
    ]


def summary_cells(value: Summary | None, unit: str) -> dict[str, float | None]:
    """Return median, range and number of trials by column, the columns named by unit; no trials where there is none."""
    if value is None:
        return dict.fromkeys((f"median_{unit}", f"low_{unit}", f"high_{unit}")) | {"n_trials": 0}
    return {f"median_{unit}": value.median, f"low_{unit}": value.low, f"high_{unit}": value.high, "n_trials": value.n}


def summary_rows(rows: Sequence[Measured], unit: str) -> list[dict[str, Any]]:
    """Return one row a treatment, its summary by column."""
    return [{"treatment": m.row.treatment.id, **summary_cells(m.value, unit)} for m in rows]


def finding(
    rows: Sequence[Measured], write: Callable[[Summary], str], *, same: str, other: str, alone: str = ""
) -> str:
    """Return what a title says of the extremes: `same`, `other`, or `alone` without two rows to compare.

    Both are templates: {low} and {high} are the values as `write` writes them, {least} and {most} their treatments,
    {span} both values or the one they share, {times} their ratio.
    """
    found = extremes(rows)
    if found is None:
        return alone
    lowest, highest = found.lowest.value, found.highest.value
    low, high = write(lowest), write(highest)
    return (same if found.are_same else other).format(
        low=low,
        high=high,
        least=phrase(found.lowest),
        most=phrase(found.highest),
        span=low if low == high else f"{low} to {high}",
        times=words.ratio(highest.median / lowest.median) if lowest.median else "",
    )

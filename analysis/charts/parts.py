"""What the charts have in common: the works they compare, and what their titles say was found."""

from collections.abc import Callable, Iterator, Sequence
from math import isfinite

from analysis.reading.campaign import Campaign
from analysis.reading.facts import RowValue, extremes, phrase
from analysis.reading.summary import main_load, works
from analysis.wording import words
from bench_app.works import Work


def main_loads(campaign: Campaign) -> Iterator[tuple[Work, str]]:
    """Yield each work with the closed load under which its styles are compared."""
    for work in works(campaign):
        if load := main_load(campaign, work):
            yield work, load


def finding(
    rows: Sequence[RowValue], write: Callable[[RowValue], str], *, same: str, other: str, alone: str = ""
) -> str:
    """Return what a title says of the extremes: `same`, `other`, or `alone` without two rows to compare.

    Both are templates: {low} and {high} are the values as `write` writes them, {least} and {most} their treatments,
    {span} both values or the one they share, {times} their ratio (empty where the lowest is 0).
    """
    found = extremes(rows)
    if found is None:
        return alone
    low, high = write(found.lowest), write(found.highest)
    return (same if found.are_same else other).format(
        low=low,
        high=high,
        least=phrase(found.lowest),
        most=phrase(found.highest),
        span=low if low == high else f"{low} to {high}",
        times=words.ratio(found.distance) if isfinite(found.distance) else "",
    )

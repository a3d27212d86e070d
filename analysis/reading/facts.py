"""What the subtitles of charts have in common: load, rounds and machine, and how extremes are put into a title."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from analysis.reading.campaign import Campaign
from analysis.reading.summary import Row, Summary, rows_of, summarise, why_missing
from analysis.wording import words
from analysis.wording.names import parse_variant, treatment_phrase, work_task
from bench_app.works import Work
from experiment.design.factors import CORES
from experiment.design.metrics import Metric
from experiment.records.manifest import HostFacts
from experiment.theory.ceilings import waits

SAME_WITHIN = 1.2  # medians closer than this are called about the same: no title makes a story of noise


@dataclass(frozen=True, slots=True, kw_only=True)
class RowValue:
    """A row with the summary of the one metric a chart shows."""

    row: Row
    value: Summary


def measured_rows(campaign: Campaign, work: Work, load: str, metric: Metric) -> list[RowValue]:
    """Return the rows of a work under a load that have a value, in the fixed order."""
    pairs = ((row, summarise(campaign, row.treatment.id, metric)) for row in rows_of(campaign, work, load))
    return [RowValue(row=row, value=value) for row, value in pairs if value is not None]


def missing_rows(campaign: Campaign, work: Work, load: str, metric: Metric) -> list[tuple[Row, str]]:
    """Return the planned rows that have no value, with the reason."""
    return [
        (row, why_missing(campaign, row.treatment, metric))
        for row in rows_of(campaign, work, load)
        if summarise(campaign, row.treatment.id, metric) is None
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """The rows with the lowest and the highest value among those on equally many cores, the A/A copy left out."""

    lowest: RowValue
    highest: RowValue

    @property
    def distance(self) -> float:
        """How many times the lowest the highest is."""
        low, high = self.lowest.value.median, self.highest.value.median
        return high / low if low else inf

    @property
    def are_same(self) -> bool:
        """Whether they are too close, or their rounds too mixed, to tell a story of."""
        low, high = self.lowest.value, self.highest.value
        return high.median < SAME_WITHIN * low.median or high.low <= low.high


def extremes(rows: Sequence[RowValue]) -> Extremes | None:
    """Return the extremes of at least two rows, or None where there is nothing to compare.

    Like is compared with like: rows on equally many cores, and lookups that wait apart from those that do not. Of
    several such groups the one whose extremes lie farthest apart is told of.
    """
    groups: dict[object, list[RowValue]] = {}
    for measured in sorted(rows, key=lambda m: m.value.median):
        if not measured.row.name.is_copy:
            kind = (measured.row.treatment.server[CORES], waits(measured.row.name))
            groups.setdefault(kind, []).append(measured)
    found = [Extremes(lowest=some[0], highest=some[-1]) for some in groups.values() if len(some) > 1]
    return max(found, key=lambda each: each.distance, default=None)


def task(campaign: Campaign, work: Work) -> str:
    """Return the beginning of a title: what the handlers had to get done, without its time where that differs."""
    settings = campaign.manifest.settings
    mine = [t for t in campaign.treatments.values() if parse_variant(t.variant).work is work]
    times = {t.server.settings(settings).get(work.setting or "") for t in mine}
    own = {work.setting or "": times.pop() if len(times) == 1 else None}
    return words.upper_first(work_task(work, {**settings, **own}))


def phrase(measured: RowValue) -> str:
    """Return a row's treatment in the middle of a sentence."""
    return treatment_phrase(measured.row.treatment)


def machine(campaign: Campaign) -> str:
    return host_text(campaign.manifest.host)


def host_text(host: HostFacts) -> str:
    """Return a machine in short: its processor without its makers' signs, and how many cores it has."""
    cpu = re.sub(r"\s*(\((R|TM|r|tm)\)|CPU|@.*|\d+-Core Processor)", "", host.cpu or "unknown CPU").strip()
    return f"{cpu}, {words.plural(host.cores, 'core')}" if host.cores else cpu


def over_trials(values: Sequence[Summary]) -> str:
    """Say what the numbers and the whiskers are."""
    counts = [v.n for v in values]
    if max(counts) == 1:
        return words.trials(counts)
    return f"median of {words.trials(counts)}, whisker = range"

"""What one treatment measured over its valid trials, and which treatments belong on one chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analysis.reading.campaign import COSTS, Campaign, valid_trials
from analysis.wording.names import VariantName, parse_variant
from bench_app.styles import STYLES, Style
from bench_app.works import WORKS, Work
from experiment.design.factor import Value
from experiment.design.factors import CORES
from experiment.design.metrics import GOODPUT, METRICS, Metric
from experiment.design.model import Load, LoadKind, Treatment
from experiment.records.trial import LEAST_ANSWERS
from experiment.theory.ceilings import Ceiling, ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A metric over the valid trials of a treatment: the median of the rounds, and their range.

    `is_floor`: in at least one round the true value is only known to be at least the one given.
    """

    median: float
    low: float
    high: float
    n: int
    is_floor: bool = False


def summarise(campaign: Campaign, treatment: str, metric: Metric) -> Summary | None:
    """Return a metric's summary, or None where no valid trial measured it."""
    return _summaries(campaign).get((treatment, metric.name))


@lru_cache(maxsize=2)
def _summaries(campaign: Campaign) -> Mapping[tuple[str, str], Summary]:
    """Return the summary of every treatment and metric that was measured."""
    trials = valid_trials(campaign).astype({metric.name: "float64" for metric in METRICS.values()})
    by_treatment = trials.groupby("treatment")
    found: dict[tuple[str, str], Summary] = {}
    for metric in METRICS.values():
        rows = by_treatment[metric.name].agg(median="median", low="min", high="max", n="count")
        rows["is_floor"] = by_treatment[metric.floor].any() if metric.floor else False
        measured = rows[rows["n"] > 0].to_dict("index")
        found |= {(str(name), metric.name): Summary(**row) for name, row in measured.items()}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A treatment as a row of a chart."""

    treatment: Treatment
    name: VariantName
    load: Load

    @property
    def order(self) -> tuple[int, str, str]:
        """The fixed order: styles as in the catalogue, then tools, then servers."""
        return (STYLES.place(self.name.style), self.name.tool or "", self.treatment.server.suffix)


def rows_of(campaign: Campaign, work: Work, load: str | None = None) -> list[Row]:
    """Return the treatments of a work, under one load if given, in the fixed order of styles."""
    rows = [
        Row(treatment=t, name=parse_variant(t.variant), load=campaign.loads[t.load])
        for t in campaign.treatments.values()
        if t.load in campaign.loads and load in (None, t.load)
    ]
    return sorted((r for r in rows if r.name.work is work), key=lambda r: r.order)


def all_rows(campaign: Campaign) -> list[Row]:
    """Return every planned treatment, work by work."""
    return [row for work in works(campaign) for row in rows_of(campaign, work)]


def closed_loads(campaign: Campaign, work: Work, cores: Value | None = None) -> list[str]:
    """Return the closed loads a work was measured under, that with the most styles first, then the heaviest.

    `cores`: only what ran on so many counts. The steps of a sweep do not: it has charts of its own.
    """
    steps = {entry.id for entry in campaign.manifest.sweep}
    styles: dict[str, set[tuple[Style, str]]] = {}
    for row in rows_of(campaign, work):
        is_here = cores in (None, row.treatment.server[CORES])
        measured = summarise(campaign, row.treatment.id, GOODPUT) is not None
        if row.load.kind is LoadKind.CLOSED and is_here and measured and row.treatment.id not in steps:
            styles.setdefault(row.load.id, set()).add((row.name.style, row.name.tool or ""))
    return sorted(styles, key=lambda name: (-len(styles[name]), -campaign.loads[name].users, name))


def main_load(campaign: Campaign, work: Work) -> str | None:
    """Return the closed load under which a work's styles are compared, or None without a measured one."""
    return next(iter(closed_loads(campaign, work)), None)


def row_ceiling(campaign: Campaign, row: Row) -> Ceiling | None:
    return treatment_ceiling(campaign, row.treatment)


def treatment_ceiling(campaign: Campaign, treatment: Treatment) -> Ceiling | None:
    """Return the highest goodput theory allows a treatment."""
    load = campaign.loads.get(treatment.load)
    if load is None:
        return None
    return ceiling(parse_variant(treatment.variant), load, treatment.server, campaign.costs)


def works(campaign: Campaign) -> Sequence[Work]:
    """Return the works this campaign planned, in the catalogue's order."""
    planned = {parse_variant(t.variant).work for t in campaign.treatments.values()}
    return [work for work in WORKS.values() if work in planned]


def why_missing(campaign: Campaign, treatment: Treatment, metric: Metric) -> str:
    """Say why a treatment has no value: skipped, never run, without a valid trial, or not measured."""
    reason = treatment.skip_reason(campaign.skipped)
    if reason is not None:
        return f"skipped: {reason}"
    mine = [t for t in campaign.trials if t.treatment == treatment.id]
    if not mine:
        return "no trial"
    if not any(t.is_valid for t in mine):
        return "no valid trial: " + ", ".join(sorted({rule for t in mine for rule in t.rules}))
    if metric in COSTS and not any((t.metrics.answers or 0) >= LEAST_ANSWERS for t in mine if t.is_valid):
        return f"fewer than {LEAST_ANSWERS} answers in a trial: too few for the CPU time of one"
    return f"{metric.label} was not measured"

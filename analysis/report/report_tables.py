"""Tables of the report: theory against measurement, what treatments take, what went wrong; and what claims rest on."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from analysis.reading.summary import rows_of, summarise, treatment_ceiling, works
from analysis.wording import words
from analysis.wording.names import parse_variant
from experiment.design.metrics import CPU_PER_REQUEST, GOODPUT, MAKESPAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Row
    from bench_app.works import Work
    from experiment.design.model import Claim
    from experiment.records.trial import TrialMetrics, TrialRecord
    from experiment.theory.ceilings import Ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class TheoryView:
    """What theory allows a treatment, what it reached, and what a request cost."""

    id: str
    work: str
    claims: str
    ceiling: str
    decided_by: str
    measured: str
    share: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UseView:
    """What a treatment takes from the machine: medians of its valid trials, peaks as the highest of them."""

    id: str
    work: str
    claims: str
    cost: str
    even_cost: str
    share: str
    memory: str
    threads: str
    switches: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """Requests of a treatment that got no right answer, over all its trials, invalid ones included."""

    id: str
    work: str
    claims: str
    trials: str
    wrong: str
    errors: str
    dropped: str
    first_failure: str


def works_of_claim(claim: Claim) -> tuple[str, ...]:
    """Return the works a claim is about, each once."""
    return tuple(dict.fromkeys(parse_variant(t.variant).work.name for t in claim.treatments))


def claims_on_treatment(campaign: Campaign, treatment: str) -> str:
    """Return the ids of the claims that rest on a treatment, parted by spaces."""
    return " ".join(c.id for c in campaign.claims if any(t.id == treatment for t in c.treatments))


def claims_on_work(campaign: Campaign, work: Work) -> str:
    """Return the ids of the claims that rest on a work, parted by spaces."""
    return " ".join(c.id for c in campaign.claims if work.name in works_of_claim(c))


def theory_rows(campaign: Campaign) -> tuple[TheoryView, ...]:
    """Return a row for every treatment that theory has a ceiling for."""
    rows = (row for work in works(campaign) for row in rows_of(campaign, work))
    pairs = ((row, treatment_ceiling(campaign, row.treatment)) for row in rows)
    return tuple(_theory(campaign, row, limit) for row, limit in pairs if limit is not None)


def _theory(campaign: Campaign, row: Row, limit: Ceiling) -> TheoryView:
    treatment = row.treatment.id
    reached = _reached(campaign, row)
    cost = summarise(campaign, treatment, CPU_PER_REQUEST)
    return TheoryView(
        id=treatment,
        work=row.name.work.name,
        claims=claims_on_treatment(campaign, treatment),
        ceiling=words.rate(limit.goodput_rps),
        decided_by=limit.decided_by,
        measured=words.NOT_MEASURED if reached is None else words.rate(reached),
        # no `percent` here: a measured rate may well be above what theory computes from medians
        share=words.NOT_MEASURED if reached is None else f"{reached / limit.goodput_rps * 100:.0f} %",
        cost=words.NOT_MEASURED if cost is None else words.metric_value(CPU_PER_REQUEST, cost.median),
    )


def _reached(campaign: Campaign, row: Row) -> float | None:
    """Return the goodput a treatment reached; of a burst, its size over the time it took."""
    goodput = summarise(campaign, row.treatment.id, GOODPUT)
    if goodput is not None:
        return goodput.median
    makespan = summarise(campaign, row.treatment.id, MAKESPAN)
    return row.load.users / makespan.median if makespan is not None else None


def use_rows(campaign: Campaign) -> tuple[UseView, ...]:
    """Return a row for every treatment that has a valid trial."""
    rows = (row for work in works(campaign) for row in rows_of(campaign, work))
    pairs = (
        (row, [t.metrics for t in campaign.trials if t.treatment == row.treatment.id and t.is_valid]) for row in rows
    )
    return tuple(_use(campaign, row, seen) for row, seen in pairs if seen)


def _use(campaign: Campaign, row: Row, seen: list[TrialMetrics]) -> UseView:
    return UseView(
        id=row.treatment.id,
        work=row.name.work.name,
        claims=claims_on_treatment(campaign, row.treatment.id),
        cost=_each(median, (m.sut_cpu_us_per_request for m in seen), "{:,.0f} µs"),
        even_cost=_each(median, (m.sut_cpu_normalized_us_per_request for m in seen), "{:,.0f} µs"),
        share=_each(median, (m.sut_cpu_share for m in seen), "{:.2f}"),
        memory=_each(max, (m.sut_rss_peak_mib for m in seen), "{:,.0f} MiB"),
        threads=_each(max, (m.sut_threads_peak for m in seen), "{:,}"),
        switches=_each(median, (m.sut_context_switches_per_request for m in seen), "{:,.1f}"),
    )


def _each(pick: Callable[[list[float]], float], values: Iterable[float | None], shown: str) -> str:
    known = [value for value in values if value is not None]
    return shown.format(pick(known)) if known else words.NOT_MEASURED


def error_rows(campaign: Campaign) -> tuple[ErrorView, ...]:
    """Return a row for every treatment with requests that got no right answer."""
    of: dict[str, list[TrialRecord]] = {}
    for trial in campaign.trials:
        if _failed(trial):
            of.setdefault(trial.treatment, []).append(trial)
    return tuple(_error(campaign, name, trials) for name, trials in of.items())


def _failed(trial: TrialRecord) -> bool:
    metrics = trial.metrics
    return bool(metrics.wrong or metrics.errors or metrics.dropped or metrics.first_failure)


def _error(campaign: Campaign, treatment: str, trials: list[TrialRecord]) -> ErrorView:
    everyone = sum(t.treatment == treatment for t in campaign.trials)
    return ErrorView(
        id=treatment,
        work=parse_variant(trials[0].variant).work.name,
        claims=claims_on_treatment(campaign, treatment),
        trials=f"{len(trials)} of {everyone}",
        wrong=_sum(t.metrics.wrong for t in trials),
        errors=_sum(t.metrics.errors for t in trials),
        dropped=_sum(t.metrics.dropped for t in trials),
        first_failure=next((t.metrics.first_failure for t in trials if t.metrics.first_failure), ""),
    )


def _sum(counts: Iterable[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return f"{sum(known):,}" if known else words.NOT_MEASURED

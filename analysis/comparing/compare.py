"""Two campaigns, before (A) and after (B) a change: for each treatment B / A with an interval, and what to think of it.

What the words mean stands in analysis/stats/direction.py. Between unlike machines nothing is better or worse: a figure
may differ there because of the machines alone.

Each of the m treatments gets its interval at level 1 - alpha/m (Bonferroni), so that with probability 1 - alpha all of
them hold at once: a gate that watches 25 treatments would else fail every fourth build for nothing. The figures listed
beside a treatment's own metric have the same level, and are a family of their own for each metric.

Only ratios are compared. What makes two machines unlike, and what forbids a comparison at all, stands in
analysis/reading/environment.py.
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from statistics import median

from analysis.comparing.reproduction import Reproduction, compare_verdicts
from analysis.reading.campaign import Campaign
from analysis.reading.environment import Difference, obstacles, unlike_machines
from analysis.reading.summary import why_missing
from analysis.stats.direction import Direction, direction_of, is_surely_worse
from analysis.stats.independent import MetricRatio, metric_ratio, sample
from analysis.stats.judge import ALPHA
from experiment.design.metrics import (
    BYSTANDER_P50,
    CPU_PER_REQUEST,
    GOODPUT,
    MAKESPAN,
    METRICS,
    RESPONSE_P99,
    Better,
    Metric,
)
from experiment.design.model import LoadKind, Treatment
from experiment.errors import UsageError

MARGIN = 0.05  # share of one
ENOUGH_TRIALS = 10
"""On a side. With so many, trials that scatter by 3 % show a change of 5 %; with four, one of 10 % (docs/ci.md)."""
BESIDE: tuple[Metric, ...] = (RESPONSE_P99, BYSTANDER_P50, CPU_PER_REQUEST)
_OWN_METRIC = {
    LoadKind.CLOSED: GOODPUT,
    LoadKind.BURST: MAKESPAN,
    LoadKind.OPEN: RESPONSE_P99,  # its goodput is the rate it was sent at
}
_SHOWN = (Direction.WORSE, Direction.BETTER, Direction.DIFFERS, Direction.UNDECIDED, Direction.SAME)
"""The order in which a reader wants them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentChange:
    """One treatment that both campaigns measured."""

    treatment: str
    primary: MetricRatio
    beside: tuple[MetricRatio, ...]
    change: Direction

    def is_surely_worse_than(self, share: float) -> bool:
        """Whether the whole interval is more than `share` of one on the worse side."""
        return is_surely_worse(self.primary.metric, self.primary.interval, share)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingTreatment:
    """A treatment that could not be compared, and why; `is_lost` if A measured it and B did not."""

    treatment: str
    reason: str
    is_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignComparison:
    """Two campaigns beside each other."""

    a: str
    b: str
    margin: float  # share of one
    alpha: float  # of all treatments together
    rows: tuple[TreatmentChange, ...]
    missing: tuple[MissingTreatment, ...]
    verdicts: Reproduction  # the claims of A beside those of B
    remarks: tuple[str, ...]
    all_rounds: bool = False  # whether both measured every claim in every round, decided or not
    is_forced: bool = False
    again: str = ""  # the command that runs A again on another machine

    @property
    def short_of_trials(self) -> tuple[str, ...]:
        """The treatments that are undecided and have too few trials to be anything else."""
        return tuple(
            row.treatment
            for row in self.rows
            if row.change is Direction.UNDECIDED and min(row.primary.n_before, row.primary.n_after) < ENOUGH_TRIALS
        )

    @property
    def differences(self) -> tuple[Difference, ...]:
        return self.verdicts.differences

    @property
    def obstacles(self) -> tuple[Difference, ...]:
        """What keeps figures of the two from being compared."""
        return obstacles(self.differences)

    @property
    def unlike_machines(self) -> tuple[Difference, ...]:
        return unlike_machines(self.differences)

    @property
    def mark(self) -> str:
        """What every page of it is marked with, in two words at most; empty for campaigns that are comparable."""
        if not self.obstacles:
            return ""
        return "FORCED" if self.is_forced else "UNLIKE MACHINES"

    @property
    def warning(self) -> str:
        """What every page of it says, behind its mark; empty for campaigns that are comparable."""
        if not self.mark:
            return ""
        text = obstacle_text(self.obstacles)
        if self.is_forced:
            return f"{self.mark}: these two campaigns are not comparable. {text}"
        return (
            f"{self.mark}: {text} What differs may be the machines' doing alone, so nothing is called better or worse. "
            f"Whether A's claims come out the same on B's machine, `{self.again}` says there."
        )

    def count(self, change: Direction) -> int:
        return sum(row.change is change for row in self.rows)

    @property
    def typical(self) -> float | None:
        """By what factor the median treatment did better (above 1) or worse; None without any."""
        logs = [oriented(row.primary) for row in self.rows]
        return exp(median(logs)) if logs else None


def compare(
    a: Campaign, b: Campaign, *, metric: Metric | None = None, margin: float = MARGIN, force: bool = False
) -> CampaignComparison:
    """Compare campaign B with campaign A; `metric` replaces each load's own, `margin` is a share of one.

    Raises UsageError when both are one campaign, when something else than their machines keeps them from being compared
    and that is not forced, and when the metric has no better direction.
    """
    if a.folder.path.resolve() == b.folder.path.resolve():
        raise UsageError("a campaign has nothing to differ from itself by; name two of them.")
    if metric is not None and metric.better is Better.NEITHER:
        raise UsageError(f"{metric.label} has no better direction; compare {', '.join(comparable())}.")
    verdicts = compare_verdicts(a, b)
    if not force:
        _refuse(verdicts.differences)
    rows, missing = _rows(a, b, metric, margin)
    if unlike_machines(verdicts.differences):
        rows = tuple(_without_direction(row) for row in rows)
    return CampaignComparison(
        a=a.name,
        b=b.name,
        margin=margin,
        alpha=ALPHA,
        rows=rows,
        missing=missing,
        verdicts=verdicts,
        remarks=tuple(_remarks(a, b)),
        all_rounds=all(c.manifest.profile is not None and c.manifest.profile.all_rounds for c in (a, b)),
        is_forced=force,
        again=f"bench reproduce {shlex.quote(a.short_path)}",
    )


def comparable() -> dict[str, Metric]:
    return {name: metric for name, metric in METRICS.items() if metric.better is not Better.NEITHER}


def is_higher_better(metric: Metric) -> bool:
    return metric.better is Better.HIGHER


def oriented(found: MetricRatio) -> float:
    """Return ln(ratio), turned so that more is always better."""
    return log(found.ratio) if is_higher_better(found.metric) else -log(found.ratio)


def obstacle_text(found: Sequence[Difference]) -> str:
    """Say what keeps two campaigns from being compared, and why."""
    return "; ".join(f"{d.text} ({d.obstacle})" for d in found) + "."


def _refuse(found: Sequence[Difference]) -> None:
    in_the_way = obstacles(found)
    if set(in_the_way) - set(unlike_machines(found)):
        raise UsageError(
            f"these two campaigns are not comparable (A / B): {obstacle_text(in_the_way)} "
            "Measure both in the same way with one Python, or add --force, and every page will say so."
        )


def _without_direction(row: TreatmentChange) -> TreatmentChange:
    is_moved = row.change in (Direction.BETTER, Direction.WORSE)
    return replace(row, change=Direction.DIFFERS) if is_moved else row


def _rows(
    a: Campaign, b: Campaign, metric: Metric | None, margin: float
) -> tuple[tuple[TreatmentChange, ...], tuple[MissingTreatment, ...]]:
    """Compare every treatment that both measured; m is known only once it is clear which those are."""
    treatments = {**a.treatments, **b.treatments}
    own = {name: metric or _own_metric(a, b, t) for name, t in treatments.items()}
    missing = {name: lack for name, t in treatments.items() if (lack := _missing(a, b, t, own[name])) is not None}
    measured = [name for name in treatments if name not in missing]
    alpha = ALPHA / max(1, len(measured))
    rows = [_change(name, _ratios(a, b, name, own[name], alpha), margin) for name in measured]
    return tuple(sorted(rows, key=lambda r: _SHOWN.index(r.change))), tuple(missing.values())


def _own_metric(a: Campaign, b: Campaign, treatment: Treatment) -> Metric:
    load = a.loads.get(treatment.load) or b.loads.get(treatment.load)
    return GOODPUT if load is None else _OWN_METRIC[load.kind]


def _missing(a: Campaign, b: Campaign, treatment: Treatment, metric: Metric) -> MissingTreatment | None:
    """Return why a treatment cannot be compared, or None if it can."""
    measured = [sample(c.trials, treatment.id, metric).has_ratio for c in (a, b)]
    if all(measured):
        return None
    reasons = [
        f"{side}: {_why(campaign, treatment, metric)}"
        for side, campaign, is_measured in zip("AB", (a, b), measured, strict=True)
        if not is_measured
    ]
    return MissingTreatment(treatment=treatment.id, reason="; ".join(reasons), is_lost=measured == [True, False])


def _why(campaign: Campaign, treatment: Treatment, metric: Metric) -> str:
    if treatment.id not in campaign.treatments:
        return "not planned"
    if sample(campaign.trials, treatment.id, metric).values:
        return f"{metric.label} was 0 in a valid trial, and nothing has a ratio to 0"
    return why_missing(campaign, treatment, metric)


def _ratios(a: Campaign, b: Campaign, treatment: str, own: Metric, alpha: float) -> list[MetricRatio]:
    """Return the ratio of a treatment's own metric, then those of the metrics beside it, where there are any."""
    metrics = dict.fromkeys((own, *BESIDE))
    ratios = (metric_ratio(m, sample(a.trials, treatment, m), sample(b.trials, treatment, m), alpha) for m in metrics)
    return [ratio for ratio in ratios if ratio is not None]


def _change(treatment: str, ratios: Sequence[MetricRatio], margin: float) -> TreatmentChange:
    primary, *beside = ratios
    change = direction_of(primary.metric, primary.interval, margin)
    return TreatmentChange(treatment=treatment, primary=primary, beside=tuple(beside), change=change)


def _remarks(a: Campaign, b: Campaign) -> Iterator[str]:
    for side, campaign in (("A", a), ("B", b)):
        if campaign.manifest.finished_at is None:
            yield f"{side} is not finished; what it says may still change."
        if campaign.is_smoke:
            yield f"{side} is a smoke run: its windows are too short for evidence."

"""What is expected of an app before it is measured: theory's predictions, and how its figures scatter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from experiment.design.factors import VERSION
from experiment.design.metrics import BYSTANDER_P99, GOODPUT, LOOP_BLOCKED, RESPONSE_P50, RESPONSE_P99, Metric
from experiment.design.model import Claim, Load, Treatment
from experiment.records.app_record import Prediction
from experiment.theory.app_capacity import RouteCosts, capacity
from experiment.theory.ceilings import Ceiling

_SCATTER: Mapping[Metric, float] = {
    LOOP_BLOCKED: 0.2,
    BYSTANDER_P99: 0.3,
    GOODPUT: 0.03,
    RESPONSE_P50: 0.05,
    RESPONSE_P99: 0.17,
}
"""What is known before of the standard deviation of a pair, in natural logs: the widest of our claims about waits."""
_SCATTER_OF_CPU: Mapping[Metric, float] = {**_SCATTER, GOODPUT: 0.15, RESPONSE_P50: 0.15, RESPONSE_P99: 0.2}
"""The same where the core's speed, which changes from second to second, decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theory:
    """What predictions are computed from: each request's costs by version, and the machine."""

    costs: Mapping[tuple[str, str], RouteCosts]  # by request and version; "" is the app as its file has it
    loads: Mapping[str, Load]
    cores: int

    def of(self, treatment: Treatment) -> Ceiling | None:
        costs = self.costs_of(treatment)
        return (
            None if costs is None else capacity(costs, self.loads[treatment.load], treatment.server, cores=self.cores)
        )

    def costs_of(self, treatment: Treatment) -> RouteCosts | None:
        return self.costs.get((treatment.variant, str(treatment.server[VERSION] or "")))

    def scatter(self, treatment: Treatment, metric: Metric) -> float:
        """Return what to register of a metric's scatter; 0 where nothing is known of it."""
        costs = self.costs_of(treatment)
        table = _SCATTER_OF_CPU if costs is None or costs.may_need_the_core else _SCATTER
        return 0.0 if metric.is_structural else table.get(metric, 0.0)


def predictions(claims: Iterable[Claim], theory: Theory) -> tuple[Prediction, ...]:
    """Return what theory says of every treatment that claims name, with the ratio to the baseline it stands against."""
    claims = tuple(claims)
    against = {c.treatment: c.baseline for claim in claims for c in claim.comparisons if c.is_ratio}
    named = dict.fromkeys(t for claim in claims for t in claim.treatments)
    found = (_prediction(t, against.get(t), theory) for t in named)
    return tuple(p for p in found if p is not None)


def _prediction(treatment: Treatment, baseline: Treatment | None, theory: Theory) -> Prediction | None:
    own, theirs = theory.of(treatment), None if baseline is None else theory.of(baseline)
    if own is None:
        return None
    return Prediction(
        treatment=treatment.id,
        baseline=None if theirs is None or baseline is None else baseline.id,
        metric=GOODPUT.name,
        value=own.goodput_rps,
        ratio=None if theirs is None else own.goodput_rps / theirs.goodput_rps,
        decided_by=own.decided_by,
    )

"""What was concluded: estimates, verdicts, and the results of comparisons and claims. Values only."""

from dataclasses import dataclass
from enum import StrEnum

from experiment.design.model import Claim, Comparison, Interval


class Verdict(StrEnum):
    """What a campaign says of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    SKIPPED = "skipped"  # something it needs is missing on this machine
    NOT_MEASURABLE = "not-measurable"

    @property
    def is_decided(self) -> bool:
        """Whether further trials cannot change it."""
        return self in (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.NOT_MEASURABLE, Verdict.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A ratio, a mean value or a structural value with its interval.

    For a ratio: effect = exp(mean of paired log ratios), [low, high] a confidence sequence at the two-sided level
    alpha, valid however often it is looked at: each end errs at most alpha / 2 of the time. For a mean value: the same
    of single trials, in the metric's unit. For a structural value: effect is the median, [low, high] the whole range.
    """

    n: int
    effect: float | None
    low: float
    high: float
    alpha: float
    is_floor: bool = False

    @property
    def interval(self) -> Interval:
        return Interval(self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonResult:
    """One comparison judged; `alpha` is the rate at which such a verdict errs, None for structural values."""

    comparison: Comparison
    estimate: Estimate
    verdict: Verdict
    alpha: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonEstimate:
    """A comparison that is shown beside a claim and not judged; its interval is two-sided at the campaign's alpha."""

    comparison: Comparison
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """One claim judged, with every number it rests on."""

    claim: Claim
    verdict: Verdict
    reason: str
    comparisons: tuple[ComparisonResult, ...] = ()
    beside: tuple[ComparisonEstimate, ...] = ()

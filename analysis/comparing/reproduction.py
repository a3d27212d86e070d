"""Whether a campaign came out again: the verdicts of two campaigns on the same claims, side by side.

    reproduced        both supported it, or both refuted it
    not reproduced    one supported it, the other refuted it
    undecided         anything else: one of the two decided nothing, or they were not asked the same

Said beside it, and not part of it, is whether the intervals overlap: two machines may agree on the verdict while the
effect is twice as large on one of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Any

from analysis.reading.campaign import Campaign
from analysis.reading.environment import Difference, Topic, differences
from analysis.stats.results import ClaimResult, Estimate, Verdict
from experiment.design.model import Claim, Comparison

DECIDED = (Verdict.SUPPORTED, Verdict.REFUTED)


class Outcome(StrEnum):
    """Whether a claim came out again."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPair:
    """One number of a claim, measured twice; None where it was not judged."""

    comparison: Comparison
    original: Estimate | None
    again: Estimate | None

    @property
    def overlaps(self) -> bool | None:
        """Whether the two intervals share a point; None while one of them is missing."""
        if self.original is None or self.again is None:
            return None
        if not (has_interval(self.original) and has_interval(self.again)):
            return None
        return not self.original.interval.disjoint(self.again.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPair:
    """One claim, judged twice; a verdict is None where the campaign does not have the claim."""

    claim: Claim
    original: Verdict | None
    again: Verdict | None
    outcome: Outcome
    reason: str  # why it is undecided; empty otherwise
    comparisons: tuple[ComparisonPair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """A campaign beside the one it reproduces."""

    original: str
    again: str
    claims: tuple[ClaimPair, ...]
    differences: tuple[Difference, ...]
    is_smoke: bool = False

    def count(self, outcome: Outcome) -> int:
        return sum(pair.outcome is outcome for pair in self.claims)


def has_interval(estimate: Estimate) -> bool:
    """Whether an estimate says anything: before the second pair of trials its interval is everything."""
    return estimate.n > 0 and not (estimate.low <= 0 and estimate.high == inf)


def compare_verdicts(original: Campaign, again: Campaign) -> Reproduction:
    """Return what came out again: every claim of either campaign, the original's first."""
    second = {r.claim.id: r for r in again.results}
    first = {r.claim.id for r in original.results}
    pairs = [_pair(r.claim, r, second.get(r.claim.id)) for r in original.results]
    pairs += [_pair(r.claim, None, r) for r in again.results if r.claim.id not in first]
    found = differences(original.manifest, again.manifest)
    loads = {d.load for d in found if d.topic is Topic.LOADS}
    return Reproduction(
        original=original.name,
        again=again.name,
        claims=tuple(_unless_load_differs(pair, loads) for pair in pairs),
        differences=found,
        is_smoke=original.is_smoke or again.is_smoke,
    )


def beside(results: Sequence[ClaimResult], original: Sequence[ClaimResult]) -> tuple[ClaimPair, ...]:
    """Return the pairs of those claims that both sides have judged, in the order of `results`."""
    known = {r.claim.id: r for r in original}
    return tuple(_pair(r.claim, known[r.claim.id], r) for r in results if r.claim.id in known)


def as_json(found: Reproduction) -> dict[str, Any]:
    """Return a reproduction as JSON; an open end of an interval is null."""
    return {
        "original": found.original,
        "again": found.again,
        "is_smoke": found.is_smoke,
        "counts": {outcome.value: found.count(outcome) for outcome in Outcome},
        "claims": [claim_json(pair) for pair in found.claims],
        "differences": [difference_json(d) for d in found.differences],
    }


def claim_json(pair: ClaimPair) -> dict[str, Any]:
    return {
        "id": pair.claim.id,
        "slug": pair.claim.slug,
        "statement": pair.claim.statement,
        "original": pair.original,
        "again": pair.again,
        "outcome": pair.outcome,
        "reason": pair.reason,
        "comparisons": [_comparison_json(c) for c in pair.comparisons],
    }


def _comparison_json(pair: ComparisonPair) -> dict[str, Any]:
    asked = pair.comparison
    return {
        "treatment": asked.treatment.id,
        "baseline": asked.baseline.id if asked.baseline else None,
        "metric": asked.metric.name,
        "original": _estimate_json(pair.original),
        "again": _estimate_json(pair.again),
        "overlap": pair.overlaps,
    }


def difference_json(difference: Difference) -> dict[str, str]:
    return {name: getattr(difference, name) for name in ("topic", "name", "a", "b", "obstacle")}


def _estimate_json(estimate: Estimate | None) -> dict[str, float | int | None] | None:
    if estimate is None:
        return None
    high = None if estimate.high == inf else estimate.high
    return {"n": estimate.n, "effect": estimate.effect, "low": estimate.low, "high": high, "alpha": estimate.alpha}


def _pair(claim: Claim, original: ClaimResult | None, again: ClaimResult | None) -> ClaimPair:
    outcome, reason = _outcome(original, again)
    first, second = _estimates(original), _estimates(again)
    return ClaimPair(
        claim=claim,
        original=None if original is None else original.verdict,
        again=None if again is None else again.verdict,
        outcome=outcome,
        reason=reason,
        comparisons=tuple(
            ComparisonPair(comparison=c, original=first.get(_key(c)), again=second.get(_key(c)))
            for c in claim.comparisons
        ),
    )


def _outcome(original: ClaimResult | None, again: ClaimResult | None) -> tuple[Outcome, str]:
    if original is None or again is None:
        return Outcome.UNDECIDED, f"only the {'original' if again is None else 'second'} campaign has this claim"
    if original.claim.comparisons != again.claim.comparisons:
        return Outcome.UNDECIDED, "the two campaigns registered it with other numbers"
    open_sides = [_why_open(n, r) for n, r in (("original", original), ("second", again)) if r.verdict not in DECIDED]
    if open_sides:
        return Outcome.UNDECIDED, "; ".join(open_sides)
    return (Outcome.REPRODUCED if original.verdict is again.verdict else Outcome.NOT_REPRODUCED), ""


def _why_open(name: str, result: ClaimResult) -> str:
    why = f": {result.reason}" if result.reason else ""
    return f"{result.verdict.value} in the {name} campaign{why}"


def _estimates(result: ClaimResult | None) -> Mapping[tuple[str, str, str], Estimate]:
    return {} if result is None else {_key(c.comparison): c.estimate for c in result.comparisons}


def _key(comparison: Comparison) -> tuple[str, str, str]:
    """Return what a comparison measures, whatever it expects: intervals of a moved expectation still stand together."""
    return comparison.treatment.id, comparison.baseline.id if comparison.baseline else "", comparison.metric.name


def _unless_load_differs(pair: ClaimPair, loads: Iterable[str]) -> ClaimPair:
    """Turn an outcome into undecided where the two campaigns mean another load by the same name."""
    changed = sorted({t.load for t in pair.claim.treatments} & set(loads))
    if not changed or pair.outcome is Outcome.UNDECIDED:
        return pair
    reason = f"the two campaigns mean something else by the load {', '.join(changed)}"
    return replace(pair, outcome=Outcome.UNDECIDED, reason=reason)

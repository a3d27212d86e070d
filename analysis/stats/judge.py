"""The judge: estimates become verdicts, by one rule fixed before anything was measured.

With `expected` the claim's interval:

    interval inside expected            SUPPORTED
    interval and expected disjoint      REFUTED
    neither, and budget spent           INCONCLUSIVE
    no valid trials                     INVALID

A claim of several comparisons holds when each does and falls when one does. A false SUPPORTED needs one comparison to
err, so each may use the whole alpha; a false REFUTED has as many chances as there are comparisons, so for that side
alpha is divided among them.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from analysis.stats.estimate import estimate
from analysis.stats.results import ClaimResult, ComparisonResult, Estimate, Verdict
from experiment.design.model import Claim, Comparison, Interval
from experiment.records.trial import TrialRecord

ALPHA = 0.05


def verdict_of(interval: Interval, expected: Interval) -> Verdict:
    if expected.contains(interval):
        return Verdict.SUPPORTED
    if expected.disjoint(interval):
        return Verdict.REFUTED
    return Verdict.INCONCLUSIVE


def judge_comparison(
    comparison: Comparison, trials: Sequence[TrialRecord], *, alpha: float, parts: int
) -> ComparisonResult:
    """Judge one comparison of a claim that has `parts` of them."""
    found = estimate(comparison, trials, alpha)
    verdict, level = _verdict(comparison, trials, found, alpha / parts)
    if verdict is Verdict.INCONCLUSIVE and found.n == 0 and _all_invalid(comparison, trials):
        verdict = Verdict.INVALID
    return ComparisonResult(comparison=comparison, estimate=found, verdict=verdict, alpha=level)


def judge_claim(
    claim: Claim, trials: Sequence[TrialRecord], *, skipped: Mapping[str, str], alpha: float = ALPHA
) -> ClaimResult:
    """Judge a claim. `skipped` names the variants this machine cannot run, with the reason."""
    if not claim.is_measurable:
        return ClaimResult(claim=claim, verdict=Verdict.NOT_MEASURABLE, reason=claim.note)
    missing = next(filter(None, (t.skip_reason(skipped) for t in claim.treatments)), None)
    if missing is not None:
        return ClaimResult(claim=claim, verdict=Verdict.SKIPPED, reason=missing)
    results = tuple(judge_comparison(c, trials, alpha=alpha, parts=len(claim.comparisons)) for c in claim.comparisons)
    verdict = _combine([r.verdict for r in results])
    return ClaimResult(claim=claim, verdict=verdict, reason=_reason(verdict, results), comparisons=results)


def judge_all(
    claims: Iterable[Claim], trials: Sequence[TrialRecord], *, skipped: Mapping[str, str], alpha: float = ALPHA
) -> tuple[ClaimResult, ...]:
    return tuple(judge_claim(claim, trials, skipped=skipped, alpha=alpha) for claim in claims)


def _verdict(
    comparison: Comparison, trials: Sequence[TrialRecord], found: Estimate, refuting_alpha: float
) -> tuple[Verdict, float | None]:
    """Return the verdict, and at which level it was reached."""
    if not comparison.is_ratio:
        return _structural_verdict(comparison, found), None
    if comparison.expected.contains(found.interval):
        return Verdict.SUPPORTED, found.alpha
    if comparison.expected.disjoint(estimate(comparison, trials, refuting_alpha).interval):
        return Verdict.REFUTED, refuting_alpha
    return Verdict.INCONCLUSIVE, found.alpha


def _structural_verdict(comparison: Comparison, found: Estimate) -> Verdict:
    """Judge a statement that must hold in every trial: one trial against it refutes it."""
    verdict = verdict_of(found.interval, comparison.expected)
    if verdict is Verdict.INCONCLUSIVE and found.high != inf:
        return Verdict.REFUTED
    return verdict


def _all_invalid(comparison: Comparison, trials: Sequence[TrialRecord]) -> bool:
    for treatment in comparison.treatments:
        mine = [t for t in trials if t.treatment == treatment.id]
        if mine and not any(t.is_valid for t in mine):
            return True
    return False


def _combine(verdicts: Sequence[Verdict]) -> Verdict:
    for decisive in (Verdict.REFUTED, Verdict.INVALID, Verdict.INCONCLUSIVE):
        if decisive in verdicts:
            return decisive
    return Verdict.SUPPORTED


def _reason(verdict: Verdict, results: Sequence[ComparisonResult]) -> str:
    if verdict is Verdict.INVALID:
        return "no valid trial of " + ", ".join(
            c.comparison.treatment.id for c in results if c.verdict is Verdict.INVALID
        )
    if verdict is Verdict.INCONCLUSIVE:
        fewest = min(r.estimate.n for r in results)
        return f"the interval still reaches across the limit after {fewest} round(s)"
    return ""

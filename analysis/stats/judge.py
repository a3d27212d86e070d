"""The judge: estimates become verdicts, by one rule fixed before anything was measured.

With `expected` the claim's interval:

    interval inside expected            SUPPORTED
    interval and expected disjoint      REFUTED
    neither, and budget spent           INCONCLUSIVE
    no valid trials                     INVALID

How often a verdict is wrong, over all looks of a campaign, under rule 2:

- A comparison is supported by the interval at the two-sided level 2 alpha, so each of its ends errs at most alpha of
  the time. Where one end is the limit (`at least`, `at most`), only that end matters. Where both are (equivalence),
  both must lie inside: two one-sided tests (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). If
  the truth lies outside, it lies beyond one end, and that test alone errs at most alpha of the time.
- It is refuted where one end is excluded. With one limit that is the other end of the same interval: at most alpha.
  With two limits it can happen on either side, so each side gets alpha / 2: the interval at the two-sided level alpha.
- A claim of several comparisons holds when each does and falls when one does. A false SUPPORTED needs one comparison
  to err, so each may use the whole alpha. A false REFUTED has as many chances as there are comparisons, so for that
  side alpha is divided among them.

So both rates are at most alpha for a claim. The interval shown is the one that decides, and its estimate's `alpha` is
its two-sided level: that of supporting, or that of refuting once the claim was refuted or only the wider interval
still reaches the limit. The `alpha` of a comparison's result is the rate at which such a verdict errs.

Rule 1 (campaigns without a rule in their manifest) uses the two-sided interval at alpha for everything, divided for
refuting, without floors, and always shows the undivided one.

A structural metric must lie in `expected` in every trial. No level belongs to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

from analysis.stats.estimate import estimate, log_sample
from analysis.stats.reasons import no_valid_trial, not_decided
from analysis.stats.results import ClaimResult, ComparisonEstimate, ComparisonResult, Estimate, Verdict
from analysis.stats.rule import LATEST, DecisionRule
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
    comparison: Comparison, trials: Sequence[TrialRecord], *, alpha: float, parts: int, rule: DecisionRule = LATEST
) -> ComparisonResult:
    """Judge one comparison of a claim that has `parts` of them."""
    if comparison.is_structural:
        found = estimate(comparison, trials, alpha)
        verdict, rate = _structural_verdict(comparison, found), None
    else:
        sample, prior = log_sample(comparison, trials), rule.prior(comparison.scatter)
        verdict, found = decide(lambda level: sample.estimate(level, prior), comparison.expected, alpha, parts, rule)
        rate = alpha / parts if verdict is Verdict.REFUTED else alpha
    if verdict is Verdict.INCONCLUSIVE and found.n == 0 and _all_invalid(comparison, trials):
        verdict = Verdict.INVALID
    return ComparisonResult(comparison=comparison, estimate=found, verdict=verdict, alpha=rate)


def decide(
    at: Callable[[float], Estimate], expected: Interval, alpha: float, parts: int, rule: DecisionRule
) -> tuple[Verdict, Estimate]:
    """Return the verdict and the estimate to show; `at` gives the estimate at a two-sided level."""
    supporting = at(rule.supporting_level(alpha))
    if expected.contains(supporting.interval):
        return Verdict.SUPPORTED, supporting
    if not expected.disjoint(supporting.interval):  # the refuting interval is at least as wide
        return Verdict.INCONCLUSIVE, supporting
    refuting = at(rule.refuting_level(alpha, parts, expected))
    verdict = Verdict.REFUTED if expected.disjoint(refuting.interval) else Verdict.INCONCLUSIVE
    return verdict, refuting if rule.shows_what_decides else supporting


def judge_claim(
    claim: Claim,
    trials: Sequence[TrialRecord],
    *,
    skipped: Mapping[str, str],
    alpha: float = ALPHA,
    rule: DecisionRule = LATEST,
) -> ClaimResult:
    """Judge a claim. `skipped` names the variants this machine cannot run, with the reason."""
    if not claim.is_measurable:
        return ClaimResult(claim=claim, verdict=Verdict.NOT_MEASURABLE, reason=claim.note)
    missing = next(filter(None, (t.skip_reason(skipped) for t in claim.treatments)), None)
    if missing is not None:
        return ClaimResult(claim=claim, verdict=Verdict.SKIPPED, reason=missing)
    parts = len(claim.comparisons)
    results = tuple(judge_comparison(c, trials, alpha=alpha, parts=parts, rule=rule) for c in claim.comparisons)
    verdict = _combine([r.verdict for r in results])
    beside = tuple(
        ComparisonEstimate(comparison=c, estimate=estimate(c, trials, alpha, rule.prior(c.scatter)))
        for c in claim.beside
    )
    reason = _reason(verdict, results, trials)
    return ClaimResult(claim=claim, verdict=verdict, reason=reason, comparisons=results, beside=beside)


def judge_all(
    claims: Iterable[Claim],
    trials: Sequence[TrialRecord],
    *,
    skipped: Mapping[str, str],
    alpha: float = ALPHA,
    rule: DecisionRule = LATEST,
) -> tuple[ClaimResult, ...]:
    return tuple(judge_claim(claim, trials, skipped=skipped, alpha=alpha, rule=rule) for claim in claims)


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


def _reason(verdict: Verdict, results: Sequence[ComparisonResult], trials: Sequence[TrialRecord]) -> str:
    if verdict not in (Verdict.INVALID, Verdict.INCONCLUSIVE):
        return ""
    say = no_valid_trial if verdict is Verdict.INVALID else not_decided
    open_ones = [(r.comparison, say(r.comparison, r.estimate, trials)) for r in results if r.verdict is verdict]
    named = [f"{c.treatment.id}: {reason}" if len(results) > 1 else reason for c, reason in open_ones]
    return "; ".join(dict.fromkeys(named))

"""Verdicts as sentences, in plain words, with their numbers."""

from dataclasses import dataclass
from math import isinf

from analysis.reading.campaign import Campaign
from analysis.stats.results import ClaimResult, ComparisonEstimate, ComparisonResult, Verdict
from analysis.wording import words
from experiment.design.model import Comparison, Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSentence:
    """One comparison: what was found, and what the claim had registered.

    `subject` is the variant that a structural statement is about; a ratio's statement names both sides itself.
    """

    subject: str
    statement: str
    expected: str
    verdict: Verdict

    @property
    def found(self) -> str:
        return f"{self.subject}: {self.statement}" if self.subject else self.statement


VERDICT_WORDS = {
    Verdict.SUPPORTED: "Supported",
    Verdict.REFUTED: "Refuted",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.INVALID: "Invalid",
    Verdict.SKIPPED: "Skipped",
    Verdict.NOT_MEASURABLE: "Not measurable",
}
VERDICT_SIGNS = {
    Verdict.SUPPORTED: "✓",
    Verdict.REFUTED: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INVALID: "!",
    Verdict.SKIPPED: "–",
    Verdict.NOT_MEASURABLE: "–",
}


def finding(result: ClaimResult) -> str:
    """Return a claim's answer without its verdict: what was found, or why nothing was."""
    if not result.comparisons:
        return result.reason
    found = "; ".join(comparison(c).found for c in result.comparisons)
    reason = f". Why not decided: {result.reason}" if result.reason else ""
    return f"{found}{reason}."


def comparison(result: ComparisonResult) -> ComparisonSentence:
    asked = result.comparison
    return ComparisonSentence(
        subject="" if asked.is_ratio else asked.treatment.variant,
        statement=_ratio(result) if asked.is_ratio else f"{asked.metric.label} {_alone(result)}",
        expected=words.expected(asked.metric, asked.expected, is_ratio=asked.is_ratio),
        verdict=result.verdict,
    )


def asked(comparison: Comparison) -> str:
    """Return what a comparison asks, in full: the metric of a treatment, and of what it is set against."""
    baseline = f" / {comparison.baseline.id}" if comparison.baseline else ""
    return f"{comparison.metric.label} of {comparison.treatment.id}{baseline}"


def expectation(comparison: Comparison) -> str:
    """Return what was registered of a comparison, in words."""
    return words.expected(comparison.metric, comparison.expected, is_ratio=comparison.is_ratio)


def beside(shown: ComparisonEstimate) -> str:
    """Say what a comparison found that stands beside a claim; nobody judged it, so no verdict is said."""
    # the words of a comparison do not depend on its verdict
    unjudged = ComparisonResult(comparison=shown.comparison, estimate=shown.estimate, verdict=Verdict.INCONCLUSIVE)
    return comparison(unjudged).found


def short(result: ComparisonResult) -> str:
    """Say what a comparison found in few words: `0.025x (0.025 to 0.026)`, `100 % in each of 3 trials`."""
    found = result.estimate
    if not result.comparison.is_ratio:
        return _alone(result)
    if found.effect is None:
        return _ratio(result)
    return f"{'≥ ' if found.is_floor else ''}{words.times(found.effect)} ({words.span(found.interval)})"


def _ratio(result: ComparisonResult) -> str:
    asked, found = result.comparison, result.estimate
    pair = " / ".join(_names(asked.treatment, asked.baseline))
    if found.effect is None:
        return f"no round has a figure of both sides of {pair}"
    effect = f"{'at least ' if found.is_floor else ''}{words.ratio(found.effect)}"
    said = asked.metric.said or "{t} has {e} times the " + asked.metric.label + " of {b}"
    treatment, baseline = _names(asked.treatment, asked.baseline)
    compared = said.format(t=treatment, e=effect, b=baseline)
    return f"{compared} ({words.span(found.interval)}; n = {words.plural(found.n, 'round')})"


def _names(treatment: Treatment, baseline: Treatment | None) -> tuple[str, str]:
    """Name both sides by their variants, or in full where the variant is the same."""
    if baseline is None:
        return treatment.variant, ""
    if treatment.variant == baseline.variant:
        return treatment.id, baseline.id
    return treatment.variant, baseline.variant


def _alone(result: ComparisonResult) -> str:
    metric, found = result.comparison.metric, result.estimate
    if found.effect is None:
        return "has no valid trial"
    trials = words.plural(found.n, "trial")
    if not result.comparison.is_structural:
        return f"{words.metric_value(metric, found.effect)} ({words.span(found.interval, metric)}; n = {trials})"
    if isinf(found.high):
        return f"{words.metric_value(metric, found.effect)} so far (n = {trials}, too few to judge)"
    low, high = words.metric_value(metric, found.low), words.metric_value(metric, found.high)
    return f"{low} in each of {trials}" if low == high else f"{low} to {high} in {trials}"


def tally(campaign: Campaign) -> str:
    """Return how many claims came out how: `Of 30 claims, 25 are supported, 4 refuted and 1 inconclusive`.

    A claim that load cannot decide is none of them: it is counted nowhere.
    """
    asked = [r for r in campaign.results if r.claim.is_measurable]
    if not asked:
        return "No claim could be judged"
    counts = {v: sum(r.verdict is v for r in asked) for v in VERDICT_WORDS}
    (first, n), *others = [(VERDICT_WORDS[v].lower(), n) for v, n in counts.items() if n]
    outcomes = [f"{n} {'is' if n == 1 else 'are'} {first}", *(f"{n} {word}" for word, n in others)]
    return f"Of {words.plural(len(asked), 'claim')}, {words.listing(outcomes)}"


def noise(campaign: Campaign) -> str:
    """Return what two byte-identical routes differ by here: the noise floor."""
    found = campaign.aa.estimate
    if found.effect is None:
        return "Two identical routes were not compared in this campaign, so its noise floor is unknown."
    return (
        f"Two byte-identical routes differ by a factor of {words.ratio(found.effect)} in "
        f"{campaign.aa.comparison.metric.label} ({words.span(found.interval)}; n = {words.plural(found.n, 'pair')}): "
        "what machine and method make of no difference at all."
    )


def multiplicity(campaign: Campaign) -> str:
    """Say how many claims were judged at which level, and what that allows for."""
    decidable = [r for r in campaign.results if r.claim.is_measurable and r.verdict is not Verdict.SKIPPED]
    n, alpha = len(decidable), campaign.alpha
    return (
        f"{words.plural(n, 'claim')} judged, each at alpha = {alpha:g}, with intervals that stay valid however often "
        f"one looks. No correction for multiplicity: expected number of false verdicts at most {n * alpha:g}."
    )

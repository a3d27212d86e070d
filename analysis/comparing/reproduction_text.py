"""A reproduction in words: lines for a terminal, a page of Markdown for the campaign's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.comparing.reproduction import Outcome, beside, has_interval, read_reference
from analysis.reading.environment import differences
from analysis.wording import markdown, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.comparing.reproduction import ClaimPair, ComparisonPair, Reproduction
    from analysis.reading.environment import Difference
    from analysis.stats.results import ClaimResult, Estimate, Verdict
    from experiment.design.model import Comparison
    from experiment.records.manifest import Manifest

NOT_JUDGED = "not judged"
_SMOKE = "At least one of the two is a smoke run: its windows are too short for evidence."
_DEFINITION = (
    "Reproduced: both campaigns supported the claim, or both refuted it. Not reproduced: one supported it and the "
    "other refuted it. Undecided: anything else. Whether the two intervals overlap is said beside that; it is no part "
    "of it."
)


def headline(found: Reproduction) -> str:
    """Return the result in one sentence: `Of 21 claims, 17 are reproduced, 0 not reproduced and 4 undecided`."""
    counts = words.listing([f"{found.count(outcome)} {outcome.value}" for outcome in Outcome])
    return f"Of {words.plural(len(found.claims), 'claim')} in {found.original}: {counts} in {found.again}"


def lines(found: Reproduction) -> list[str]:
    """Return a reproduction as lines for a terminal: each claim with its numbers, then what differs."""
    out = [headline(found)]
    if found.is_smoke:
        out.append(_SMOKE)
    for pair in found.claims:
        out += claim_lines(pair, names=("original", "here"))
    return [*out, *difference_lines(found.differences, ("original", "here"))]


def claim_lines(pair: ClaimPair, *, names: tuple[str, str]) -> list[str]:
    """Return one claim: its outcome, and under it both intervals of each comparison."""
    reason = f" ({pair.reason})" if pair.reason else ""
    verdicts = f"{names[0]} {verdict_text(pair.original)}, {names[1]} {verdict_text(pair.again)}"
    out = [f"{pair.claim.id} {pair.outcome.value}: {verdicts}{reason}"]
    for numbers in pair.comparisons:
        both = f"{names[0]} {_found(numbers, again=False)}; {names[1]} {_found(numbers, again=True)}"
        overlap = overlap_text(numbers)
        out.append(f"    {comparison_name(numbers.comparison)}: {both}{f'; {overlap}' if overlap else ''}")
    return out


def difference_lines(found: Sequence[Difference], names: tuple[str, str]) -> list[str]:
    """Return what differs between the environments, one line a topic under a heading; one line if nothing does."""
    if not found:
        return ["Nothing that the manifests record differs between the two environments."]
    topics = dict.fromkeys(d.topic for d in found)
    said = {topic: [f"{d.name} {d.a} / {d.b}" for d in found if d.topic is topic] for topic in topics}
    return [
        f"What differs between the environments ({names[0]} / {names[1]}):",
        *(f"    {topic}: {', '.join(texts)}" for topic, texts in said.items()),
    ]


def beside_reference(
    results: Sequence[ClaimResult], reference_dir: Path, *, manifest: Manifest | None = None
) -> list[str]:
    """Return lines that set these results beside those of a reference campaign; none where there is none to read.

    With the `manifest` of the campaign that gave the results, the lines also say what differs between the two machines.
    """
    reference = read_reference(reference_dir)
    pairs = () if reference is None else beside(results, reference.results)
    if reference is None or not pairs:
        return []
    names = ("reference", "here")
    out = [f"Beside the reference campaign {reference.name}:"]
    for pair in pairs:
        out += claim_lines(pair, names=names)
    return out if manifest is None else [*out, *difference_lines(differences(reference.manifest, manifest), names)]


def as_markdown(found: Reproduction) -> str:
    """Return reproduction.md: the outcome of each claim, both intervals side by side, and what differs."""
    parts = [f"# {markdown.cell(headline(found))}\n"]
    if found.is_smoke:
        parts.append(f"**{_SMOKE}**\n")
    parts += [_DEFINITION + "\n", "## Claims\n", _claims_table(found), "## Numbers\n", _numbers_table(found)]
    return "\n".join([*parts, "## What differs between the environments\n", difference_table(found.differences)])


def difference_table(found: Sequence[Difference], names: tuple[str, str] = ("original", "again")) -> str:
    """Return what differs as a Markdown table, or a sentence if nothing does."""
    if not found:
        return "Nothing that the manifests record.\n"
    rows = [(d.topic.value, d.name, d.a, d.b, d.obstacle) for d in found]
    return markdown.table(("what", "", *names, "why it keeps figures from being compared"), rows)


def verdict_text(verdict: Verdict | None) -> str:
    """Return a verdict as one word; a campaign without the claim has none."""
    return NOT_JUDGED if verdict is None else verdict.value


def overlap_text(pair: ComparisonPair) -> str:
    """Say whether two intervals overlap; nothing while one is missing."""
    if pair.overlaps is None:
        return ""
    return "the intervals overlap" if pair.overlaps else "the intervals do not overlap"


def comparison_name(comparison: Comparison) -> str:
    """Return what a comparison measures: `sleep.def / sleep.async-native @ closed-80, goodput`."""
    base = f" / {comparison.baseline.variant}" if comparison.baseline else ""
    place = comparison.treatment.id.removeprefix(comparison.treatment.variant)
    return f"{comparison.treatment.variant}{base} {place}, {comparison.metric.short_label}"


def estimate_text(comparison: Comparison, found: Estimate | None) -> str:
    """Return an estimate with its interval and n, or that there is none."""
    if found is None:
        return NOT_JUDGED
    if found.effect is None:
        return "no valid trial"
    if comparison.is_ratio:
        floor = "at least " if found.is_floor else ""
        return f"{floor}{words.times(found.effect)} ({words.span(found.interval)}; n = {found.n})"
    middle = words.metric_value(comparison.metric, found.effect)
    if not has_interval(found):
        return f"{middle} (n = {found.n}, too few)"
    low, high = (words.metric_value(comparison.metric, value) for value in (found.low, found.high))
    return f"{middle} ({low} to {high}; n = {found.n})"


def _found(pair: ComparisonPair, *, again: bool) -> str:
    return estimate_text(pair.comparison, pair.again if again else pair.original)


def _claims_table(found: Reproduction) -> str:
    head = ("claim", "statement", "original", "again", "outcome")
    return markdown.table(head, [_claim_row(pair) for pair in found.claims])


def _claim_row(pair: ClaimPair) -> tuple[str, ...]:
    reason = f" ({pair.reason})" if pair.reason else ""
    verdicts = (verdict_text(pair.original), verdict_text(pair.again))
    return (f"{pair.claim.id} {pair.claim.slug}", pair.claim.statement, *verdicts, pair.outcome.value + reason)


def _numbers_table(found: Reproduction) -> str:
    head = ("claim", "measured", "original", "again", "intervals")
    rows = [
        (
            pair.claim.id,
            comparison_name(numbers.comparison),
            _found(numbers, again=False),
            _found(numbers, again=True),
            overlap_text(numbers).removeprefix("the intervals ") or words.NOT_MEASURED,
        )
        for pair in found.claims
        for numbers in pair.comparisons
    ]
    return markdown.table(head, rows)

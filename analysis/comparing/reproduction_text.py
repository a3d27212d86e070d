"""A reproduction in words: lines for a terminal, a page of Markdown for the campaign's folder."""

from collections.abc import Sequence

from analysis.comparing.reproduction import ClaimPair, ComparisonPair, Outcome, Reproduction, beside, has_interval
from analysis.reading.campaign import Campaign
from analysis.reading.environment import Difference, differences
from analysis.stats.results import Estimate, Verdict
from analysis.wording import markdown, words
from experiment.design.model import Comparison

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
    verdicts = f"{names[0]} {verdict_text(pair.original)}, {names[1]} {verdict_text(pair.again)}"
    out = [f"{pair.claim.id} {pair.outcome}: {verdicts}{_in_brackets(pair.reason)}"]
    for numbers in pair.comparisons:
        original, again = estimate_texts(numbers)
        overlap = _OVERLAP[numbers.overlaps]
        said = f"; the intervals {overlap}" if overlap else ""
        out.append(f"    {comparison_name(numbers.comparison)}: {names[0]} {original}; {names[1]} {again}{said}")
    return out


_OVERLAP = {True: "overlap", False: "do not overlap", None: ""}


def _in_brackets(reason: str) -> str:
    return f" ({reason})" if reason else ""


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


def beside_reference(campaign: Campaign, reference: Campaign) -> list[str]:
    """Return lines that set a campaign beside a reference, and say how the machines differ.

    None where the two have no claim in common.
    """
    pairs, names = beside(campaign.results, reference.results), ("reference", "here")
    if not pairs:
        return []
    return [
        f"Beside the reference campaign {reference.name}:",
        *(line for pair in pairs for line in claim_lines(pair, names=names)),
        *difference_lines(differences(reference.manifest, campaign.manifest), names),
    ]


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


def comparison_name(comparison: Comparison) -> str:
    """Return what a comparison measures: `sleep.def / sleep.async-native @closed-80, goodput`."""
    treatment = comparison.treatment
    base = f" / {comparison.baseline.variant}" if comparison.baseline else ""
    place = f"@{treatment.load}{treatment.server.suffix}"
    return f"{treatment.variant}{base} {place}, {comparison.metric.short_label}"


def estimate_texts(pair: ComparisonPair) -> tuple[str, str]:
    return _estimate_text(pair.comparison, pair.original), _estimate_text(pair.comparison, pair.again)


def _estimate_text(comparison: Comparison, found: Estimate | None) -> str:
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


def _claims_table(found: Reproduction) -> str:
    rows = [
        (
            f"{pair.claim.id} {pair.claim.slug}",
            pair.claim.statement,
            verdict_text(pair.original),
            verdict_text(pair.again),
            pair.outcome + _in_brackets(pair.reason),
        )
        for pair in found.claims
    ]
    return markdown.table(("claim", "statement", "original", "again", "outcome"), rows)


def _numbers_table(found: Reproduction) -> str:
    rows = [
        (
            pair.claim.id,
            comparison_name(numbers.comparison),
            *estimate_texts(numbers),
            _OVERLAP[numbers.overlaps] or words.NOT_MEASURED,
        )
        for pair in found.claims
        for numbers in pair.comparisons
    ]
    return markdown.table(("claim", "measured", "original", "again", "intervals"), rows)

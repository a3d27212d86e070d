"""A trend in words: lines for a terminal, and its table."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from analysis.comparing.reproduction import has_interval
from analysis.comparing.reproduction_text import comparison_name
from analysis.comparing.trend import JudgedCampaign, Point, Ratio, Trend
from analysis.stats.results import Estimate
from analysis.wording import words

COLUMNS = (
    *("claim", "slug", "treatment", "baseline", "metric", "campaign", "started_at", "series"),
    *("n", "ratio", "low", "high", "level", "expected_low", "expected_high", "verdict"),
    *("cpu", "cores", "python", "claims_version", "format_version", "version", "commit"),
)


def headline(found: Trend) -> str:
    """Return the result in one sentence, as a chart's title has it."""
    moved = words.listing(list(dict.fromkeys(ratio.claim for ratio in found.moved)))
    if moved:
        return f"Moved between campaigns: {moved}"
    if any(len(ratio.of_series(p.series)) > 1 for ratio in found.ratios for p in ratio.points):
        return "No ratio moved: each interval overlaps the one before it, and the newest the oldest"
    return "No two of these campaigns can be joined: each is of another kind"


def lines(found: Trend) -> Iterator[str]:
    """Yield the campaigns by number, each ratio through all of them, and what is not joined."""
    yield f"{headline(found)}."
    for number, campaign in enumerate(found.campaigns, start=1):
        yield f"{number:>3}  {campaign.when}  {campaign.name}  (series {campaign.series + 1}: {campaign.place})"
    for ratio in found.ratios:
        yield f"{ratio.claim}  {comparison_name(ratio.comparison)}{', moved' if ratio.is_moved else ''}"
        yield from (f"     {point.place + 1}: {ratio_text(point.result.estimate)}" for point in ratio.points)
    yield from not_joined(found)


def not_joined(found: Trend) -> list[str]:
    """Say which campaigns no line joins, and why."""
    return [f"Not joined by a line: {reason}" for reason in found.parted]


def ratio_text(found: Estimate) -> str:
    effect = found.effect if found.effect is not None else 1.0
    between = words.span(found.interval) if has_interval(found) else words.TOO_FEW
    return f"{words.times(effect)} ({between}; n = {found.n})"


def rows(found: Trend) -> Iterator[Sequence[Any]]:
    """Yield a row below COLUMNS for each ratio of each campaign; an open end of an interval is empty."""
    for ratio in found.ratios:
        for point in ratio.points:
            yield _row(ratio, point, found.campaigns[point.place])


def _row(ratio: Ratio, point: Point, campaign: JudgedCampaign) -> Sequence[Any]:
    asked, estimate, manifest = point.result.comparison, point.result.estimate, campaign.manifest
    return (
        ratio.claim,
        ratio.slug,
        asked.treatment.id,
        asked.baseline.id if asked.baseline else None,
        asked.metric.name,
        campaign.name,
        manifest.started_at,
        campaign.series + 1,
        estimate.n,
        estimate.effect,
        estimate.low if has_interval(estimate) else None,
        _closed(estimate.high),
        1 - estimate.alpha,
        asked.expected.low,
        _closed(asked.expected.high),
        point.result.verdict.value,
        manifest.host.cpu,
        manifest.host.cores,
        manifest.host.python,
        manifest.claims_version,
        campaign.format,
        manifest.version,
        manifest.git.commit,
    )


def _closed(end: float) -> float | None:
    return None if end == inf else end

"""Static findings of the page: each once, with all its places and the claim of ours that measured what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.own_app import finding_words
from analysis.own_app.finding_groups import grouped
from experiment.design.claims import CLAIMS
from experiment.records.app_record import FindingEntry
from experiment.theory.app_findings import FINDINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """A static finding at its places; `cost` is the claim of ours that measured what it costs."""

    title: str
    why: str
    places: tuple[tuple[str, str], ...]  # file:line, and what stands there
    advice: str
    cost: str


def finding_views(findings: Iterable[FindingEntry]) -> tuple[FindingView, ...]:
    """Prepare static findings, each once with all its places, and the claim that measured what it costs."""
    by_id: dict[str, list[FindingEntry]] = {}
    for finding in findings:
        by_id.setdefault(finding.id, []).append(finding)
    return tuple(_finding(some) for some in by_id.values())


def _finding(some: list[FindingEntry]) -> FindingView:
    row, claim = FINDINGS.get(some[0].id), CLAIMS.get(some[0].claim or "")
    return FindingView(
        title=finding_words.finding_title(some[0]),
        why=finding_words.finding_why(some[0]),
        places=tuple((group.where, group.detail) for group in grouped(some)),
        advice="" if row is None else f"{row.advice.rstrip('.')}.",
        cost=f"{claim.id}: {claim.statement}" if claim else "",
    )

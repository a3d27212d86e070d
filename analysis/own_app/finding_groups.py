"""Static findings for a list: one line a place, however many routes share it."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.own_app import finding_words
from analysis.wording import words
from experiment.records.app_record import FindingEntry

MOST_ROUTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """A finding at one place; `detail` says of what, and on which routes."""

    where: str
    title: str
    detail: str
    why: str


def grouped(findings: Iterable[FindingEntry]) -> tuple[FindingGroup, ...]:
    """Return the findings without repetition, in their order."""
    found: dict[tuple[str, str, str], list[FindingEntry]] = {}
    for finding in findings:
        found.setdefault((finding.id, finding_words.finding_at(finding), finding.detail), []).append(finding)
    return tuple(_group(where, some) for (_, where, _), some in found.items())


def _group(where: str, some: list[FindingEntry]) -> FindingGroup:
    routes = list(dict.fromkeys(finding.route for finding in some if finding.route))
    shown = routes[:MOST_ROUTES] if len(routes) > MOST_ROUTES + 1 else routes
    more = [f"{len(routes) - len(shown)} more"] if len(routes) > len(shown) else []
    on = f"on {words.listing([*shown, *more])}" if routes else ""
    return FindingGroup(
        where=where or "somewhere in the app",
        title=finding_words.finding_title(some[0]),
        detail=", ".join(filter(None, (some[0].detail, on))),
        why=finding_words.finding_why(some[0]),
    )

"""The findings about an app as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analysis.own_app import sentences
from analysis.own_app.gate import stopped
from analysis.own_app.results import AppResults, Standing
from analysis.stats.results import Verdict
from analysis.wording import junit as xml

_UNDECIDED = {Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.SKIPPED}


def junit(results: AppResults, gates: Sequence[str] = ()) -> str:
    """Return a test for each request and each claim of the user's, failed where a gate stopped it.

    Without a gate nothing fails: the file agrees with the exit code.
    """
    reasons: dict[str, list[str]] = {}
    for each in (found for gate in gates for found in stopped(results, gate)):
        reasons.setdefault(each.name, []).append(each.reason)
    return xml.junit(f"bench app {results.target}", [*_requests(results, reasons), *_claims(results, reasons)])


def _requests(results: AppResults, reasons: Mapping[str, Sequence[str]]) -> Iterator[xml.Case]:
    for route in results.routes:
        file, said = route.request.file, sentences.verdict(route)
        yield xml.Case(
            kind="request",
            name=route.request.id,
            said=said,
            failures=reasons.get(route.request.id, ()),
            skipped=said if route.standing is Standing.FAILED else None,
            file=results.file_prefix + file if file else "",
        )


def _claims(results: AppResults, reasons: Mapping[str, Sequence[str]]) -> Iterator[xml.Case]:
    for claim in results.own:
        yield xml.Case(
            kind="claim",
            name=claim.note.id,
            said=f"{claim.result.claim.statement}\n{sentences.claim_line(claim)}",
            failures=reasons.get(claim.note.id, ()),
            skipped=claim.result.reason if claim.result.verdict in _UNDECIDED else None,
        )

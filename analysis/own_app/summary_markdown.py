"""The findings about an app as Markdown, for a pull request or a job's summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.own_app import headline, sentences
from analysis.own_app.finding_groups import grouped
from analysis.own_app.ranking import advice, ranking
from analysis.own_app.results import AppResults, RouteResult
from analysis.reading.sentences import VERDICT_WORDS
from analysis.wording import words
from analysis.wording.markdown import line, table
from experiment.design.metrics import GOODPUT


def markdown(results: AppResults) -> str:
    """Return the ranking, a row for each request, and whatever else was found."""
    parts = [
        f"# {line(results.target)}: {line(headline.tally(results))}\n",
        f"{line(headline.validity(results))}. Campaign {line(results.manifest.campaign)}.\n",
        "## What to change first\n",
        _ranking(results),
        "## Every request\n",
        _requests(results.routes),
        *_rest(results),
    ]
    return "\n".join(parts)


def _rest(results: AppResults) -> Iterator[str]:
    changes = [
        (route.name, sentences.change_line(change))
        for route in results.routes
        for change in route.changes
        if change.is_measured
    ]
    if changes:
        yield "## Changes tried\n"
        yield table(("request", "what it brings"), changes)
    if results.own:
        yield "## Your claims\n"
        yield table(("claim", "statement", "verdict", "found"), _own(results))
    if results.shown_findings:
        yield "## Seen in the code, without load\n"
        yield table(("where", "what", "of", "why"), _findings(results))
    if results.record.troubles:
        yield "## What went wrong\n"
        yield "\n".join(_troubles(results)) + "\n"
    if results.record.notes:
        yield "## To be known\n"
        yield "\n".join(f"- {line(note)}" for note in results.record.notes) + "\n"


def _ranking(results: AppResults) -> str:
    ranked = ranking(results)
    if not ranked:
        return headline.nothing_ranked(results) + "\n"
    lines = []
    for each in ranked:
        about = [sentences.verdict(each.route), *(f"{_upper(sentences.refusal(r))}." for r in each.route.refusals)]
        if said := advice(each.route):
            about.append(f"What to do: {said.rstrip('.')}.")
        lines.append(f"{each.place}. {line(' '.join(about))}")
    return "\n".join(lines) + "\n"


def _upper(text: str) -> str:
    return words.upper_first(text)


def _requests(routes: Sequence[RouteResult]) -> str:
    head = ("request", "loop", "blocked a request", "p50 alone", "under load: p99", "answers", "theory", "limited by")
    return table(head, [_row(route) for route in routes])


def _row(route: RouteResult) -> Sequence[str]:
    busy = route.busy or route.alone
    goodput = busy.figure(GOODPUT) if busy else None
    theory = busy.prediction if busy else None
    return (
        route.name,
        sentences.STANDING_WORDS[route.standing],
        sentences.held_up(route),
        sentences.p50_alone(route),
        sentences.p99_busy(route),
        words.NOT_MEASURED if goodput is None else words.rate(goodput.median),
        words.NOT_MEASURED if theory is None else words.rate(theory.value),
        "" if theory is None else sentences.limit(theory),
    )


def _own(results: AppResults) -> Iterator[Sequence[str]]:
    for claim in results.own:
        stated = claim.result.claim
        yield claim.note.id, stated.statement, VERDICT_WORDS[claim.result.verdict].lower(), sentences.found(claim)


def _findings(results: AppResults) -> Iterator[Sequence[str]]:
    for each in grouped(results.shown_findings):
        yield each.where, each.title, each.detail, each.why


def _troubles(results: AppResults) -> Iterator[str]:
    for trouble, more in sentences.first_troubles(results.record.troubles):
        yield f"- {line(trouble.request)}: {line(trouble.reason)}{more}"
        if trouble.log:
            yield ""
            yield from (f"      {said}" for said in trouble.log)  # indented code: nothing in it is markup
            yield ""

"""The findings about an app as plain text for a terminal: what to change first, then every request, then the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.own_app import headline, sentences
from analysis.own_app.finding_groups import grouped
from analysis.own_app.ranking import Ranked, advice, ranking
from analysis.own_app.results import AppResults, JudgedClaim, RouteResult, Standing
from analysis.reading.sentences import VERDICT_WORDS
from analysis.wording import words
from analysis.wording.columns import padded, table, width_of, wrapped
from experiment.design.metrics import GOODPUT
from experiment.records.app_record import FindingEntry

LEAST_WIDTH = 60
_INDENT = "    "


def terminal(results: AppResults, width: int = 80) -> str:
    """Return the findings in lines of at most `width` columns, which are 60 at least."""
    width = max(width, LEAST_WIDTH)
    parts = [_head(results, width), *_sections(results, width)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _sections(results: AppResults, width: int) -> Iterator[list[str]]:
    yield ["What to change first", *_ranking(results, width)]
    yield ["Every request", *_table(results, width)]
    for title, lines in (
        ("Changes tried", _changes(results, width)),
        ("Your claims", _own(results.own, width)),
        ("What went wrong", _troubles(results, width)),
        ("Seen in the code, without load", _findings(results.shown_findings, width)),
        ("To be known", _notes(results, width)),
    ):
        if lines:
            yield [title, *lines]


def _head(results: AppResults, width: int) -> list[str]:
    return [
        *wrapped(f"{results.target}: {headline.tally(results)}.", width),
        *wrapped(f"{headline.validity(results)}. Campaign {results.manifest.campaign}.", width),
    ]


def _ranking(results: AppResults, width: int) -> list[str]:
    ranked = ranking(results)
    if not ranked:
        return wrapped(headline.nothing_ranked(results), width, indent="  ")
    return [line for each in ranked for line in _ranked(each, width)]


def _ranked(ranked: Ranked, width: int) -> Iterator[str]:
    gain = _gain(ranked)
    name = wrapped(ranked.route.name, width - width_of(gain) - 2, indent=_INDENT, first=f"{ranked.place:>2}. ")
    yield padded(name[0], width - width_of(gain)) + gain
    yield from name[1:]
    for text in _about(ranked):
        yield from wrapped(text, width, indent=_INDENT)


def _gain(ranked: Ranked) -> str:
    gain = ranked.gain
    if gain is None:
        return "gain not known"
    return f"{sentences.gain_figure(gain)} {gain.source.value}"


def _about(ranked: Ranked) -> Iterator[str]:
    route = ranked.route
    if route.standing is Standing.BLOCKS:
        yield words.upper_first(sentences.blocks(route))
    if ranked.line and ranked.line.library_call:
        yield f"there in {ranked.line.library_call}"
    if ranked.gain is not None:
        yield words.upper_first(sentences.gain_sentence(ranked.gain))
    if others := sentences.others(ranked):
        yield words.upper_first(others)
    for refusal in route.refusals:
        yield words.upper_first(sentences.refusal(refusal))
    if said := advice(route):
        yield f"What to do: {said}"


def _table(results: AppResults, width: int) -> list[str]:
    head = ("request", "loop", "blocked", "p50 alone", "p99 busy", "answers/s", "theory")
    return table(head, (_row(route) for route in results.routes), width)


_SHORT = {"blocks": "BLOCKS", "clear": "free", "undecided": "?", "failed": "FAILED", "unjudged": "–"}


def _row(route: RouteResult) -> Sequence[str]:
    busy = route.busy or route.alone
    goodput = busy.figure(GOODPUT) if busy else None
    return (
        route.request.id,
        _SHORT[route.standing],
        sentences.held_up(route),
        sentences.p50_alone(route),
        sentences.p99_busy(route),
        words.NOT_MEASURED if goodput is None else words.number(goodput.median),
        words.NOT_MEASURED if not busy or not busy.prediction else words.number(busy.prediction.value),
    )


def _changes(results: AppResults, width: int) -> list[str]:
    texts = [
        f"{route.request.id} {sentences.change_line(change)}"
        for route in results.routes
        for change in route.changes
        if change.is_measured
    ]
    return [line for text in texts for line in wrapped(text, width, indent=_INDENT, first="  ")]


def _own(claims: Sequence[JudgedClaim], width: int) -> list[str]:
    lines: list[str] = []
    for claim in claims:
        word = VERDICT_WORDS[claim.result.verdict]
        lines += wrapped(f"{claim.note.id}: {claim.result.claim.statement}", width, indent=_INDENT, first="  ")
        lines += wrapped(f"{word}: {sentences.found(claim)}", width, indent=_INDENT)
    return lines


def _troubles(results: AppResults, width: int) -> list[str]:
    lines: list[str] = []
    for trouble, more in sentences.first_troubles(results.record.troubles):
        lines += wrapped(f"{trouble.request}: {trouble.reason}{more}", width, indent=_INDENT, first="  ")
        for logged in trouble.log:
            lines += wrapped(logged, width, indent=_INDENT + "| ")
    return lines


def _findings(findings: Sequence[FindingEntry], width: int) -> list[str]:
    texts = [f"{each.where}: {each.title} ({each.detail})" for each in grouped(findings)]
    return [line for text in texts for line in wrapped(text, width, indent=_INDENT, first="  ")]


def _notes(results: AppResults, width: int) -> list[str]:
    return [line for note in results.record.notes for line in wrapped(note, width, indent=_INDENT, first="  ")]

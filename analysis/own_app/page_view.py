"""What the page of an app says, prepared: every sentence, cell and bar, so that the template only places them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.own_app import headline, sentences
from analysis.own_app.card_view import CardView, card_view
from analysis.own_app.finding_view import FindingView, finding_views
from analysis.own_app.ranking import Ranked, Source, advice, ranking
from analysis.own_app.results import AppResults, JudgedClaim, RouteResult
from analysis.own_app.scales import Bar, Scale, ratio_scale, time_scale
from analysis.reading.provenance import provenance
from analysis.reading.sentences import VERDICT_SIGNS, VERDICT_WORDS, expectation
from analysis.wording import words
from experiment.design.metrics import GOODPUT
from experiment.records.app_record import TroubleEntry

SMOKE_TEXT = "Smoke run: not evidence. Warm-ups and windows were cut short to show that the pipeline works."


@dataclass(frozen=True, slots=True, kw_only=True)
class RankView:
    """One place of the ranking. `gain` is the figure, `source` says where it is known from."""

    place: int
    anchor: str
    name: str
    sentence: str
    more: tuple[str, ...]
    gain: str
    source: str
    bar: Bar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A request as a row of the table."""

    anchor: str
    name: str
    id: str
    standing: str
    word: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """A claim with its verdict."""

    id: str
    statement: str
    source: str
    verdict: str
    word: str
    sign: str
    found: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The whole page."""

    target: str
    campaign: str
    headline: str
    smoke: str
    validity: str
    is_clean: bool
    ranked: tuple[RankView, ...]
    nothing: str
    gains: Scale
    rows: tuple[RowView, ...]
    cards: tuple[CardView, ...]
    own: tuple[ClaimView, ...]
    findings: tuple[FindingView, ...]
    troubles: tuple[TroubleEntry, ...]
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    packages: tuple[tuple[str, str], ...]


def page_view(results: AppResults) -> PageView:
    """Prepare the page."""
    ranked = ranking(results)
    gains, times = ratio_scale(ranked), time_scale(results.routes)
    return PageView(
        target=results.target,
        campaign=results.manifest.campaign,
        headline=headline.tally(results),
        smoke=SMOKE_TEXT if results.manifest.profile and results.manifest.profile.is_smoke else "",
        validity=headline.validity(results),
        is_clean=results.valid == results.trials > 0,
        ranked=tuple(_rank(each, gains) for each in ranked),
        nothing=headline.nothing_ranked(results),
        gains=gains,
        rows=tuple(_row(route) for route in results.routes),
        cards=tuple(card_view(route, times) for route in _ordered(results.routes, ranked)),
        own=tuple(_claim(claim) for claim in results.own),
        findings=_elsewhere(results),
        troubles=_other_troubles(results),
        notes=results.record.notes,
        facts=tuple(_facts(results)),
        packages=tuple(_packages(results)),
    )


def _ordered(routes: Sequence[RouteResult], ranked: Sequence[Ranked]) -> Iterator[RouteResult]:
    """Yield the routes of the ranking first, in its order, then the others in that of the file."""
    first = [each.route for each in ranked]
    yield from first
    known = {route.request.id for route in first}
    yield from (route for route in routes if route.request.id not in known)


def _rank(ranked: Ranked, gains: Scale) -> RankView:
    route, gain = ranked.route, ranked.gain
    known = "not known" if gain is None else gain.source.value
    return RankView(
        place=ranked.place,
        anchor=anchor(route),
        name=route.name,
        sentence=words.upper_first(sentences.predicate(route)),
        more=tuple(_more(ranked)),
        gain="" if gain is None else sentences.gain_figure(gain),
        source=known,
        bar=None
        if gain is None
        else gains.bar(gain.low, gain.high, gain.ratio, is_solid=gain.source is Source.MEASURED),
    )


def _more(ranked: Ranked) -> Iterator[str]:
    if others := sentences.others(ranked):
        yield words.upper_first(others) + "."
    for entry in ranked.route.refusals:
        yield words.upper_first(sentences.refusal(entry)) + "."
    if said := advice(ranked.route):
        yield f"What to do: {said.rstrip('.')}."


def anchor(route: RouteResult) -> str:
    return f"request-{route.request.id}"


def _row(route: RouteResult) -> RowView:
    busy = route.busy or route.alone
    goodput = busy.figure(GOODPUT) if busy else None
    return RowView(
        anchor=anchor(route),
        name=route.name,
        id=route.request.id,
        standing=route.standing.value,
        word=sentences.STANDING_WORDS[route.standing],
        cells=(
            sentences.held_up(route),
            sentences.p50_alone(route),
            sentences.p99_busy(route),
            words.NOT_MEASURED if goodput is None else words.number(goodput.median),
            words.NOT_MEASURED if not busy or not busy.prediction else words.number(busy.prediction.value),
        ),
    )


def _claim(claim: JudgedClaim) -> ClaimView:
    stated, verdict = claim.result.claim, claim.result.verdict
    return ClaimView(
        id=stated.id,
        statement=stated.statement,
        source=stated.source,
        verdict=verdict.value,
        word=VERDICT_WORDS[verdict],
        sign=VERDICT_SIGNS[verdict],
        found=sentences.found(claim),
        expected=tuple(expectation(part.comparison) for part in claim.result.comparisons),
    )


def _other_troubles(results: AppResults) -> tuple[TroubleEntry, ...]:
    """Return the troubles that belong to none of the requests; the others stand on their cards."""
    known = {route.request.id for route in results.routes}
    return tuple(trouble for trouble in results.record.troubles if trouble.request not in known)


def _elsewhere(results: AppResults) -> tuple[FindingView, ...]:
    """Return the static findings that stand on no card: of the middleware, and of routes that were not asked."""
    shown = {finding for route in results.routes for finding in route.findings}
    return finding_views(finding for finding in results.shown_findings if finding not in shown)


def _facts(results: AppResults) -> Iterator[tuple[str, str]]:
    for version in results.record.versions:
        dirty = " with uncommitted changes" if version.dirty else ""
        at = f", commit {version.commit[:12]}{dirty}" if version.commit else ""
        yield f"version {version.name}" if version.name else "app", f"{version.target}{at}"
    yield from provenance(results.manifest)
    yield "command", results.manifest.command or "not recorded"


def _packages(results: AppResults) -> Iterator[tuple[str, str]]:
    for version in results.record.versions:
        label = f"its packages in version {version.name}" if version.name else "the app's packages"
        if version.packages:
            yield label, ", ".join(f"{name} {number}" for name, number in version.packages.items())

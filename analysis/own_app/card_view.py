"""A card of the page: one request with everything that was found about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.own_app import sentences
from analysis.own_app.finding_view import FindingView, finding_views
from analysis.own_app.results import BlockingPlace, Change, JudgedClaim, LoadResult, Percentiles, RouteResult, Standing
from analysis.own_app.scales import Bar, Scale, quantiles
from analysis.wording import words
from experiment.design.metrics import (
    BYSTANDER_P99,
    CPU_PER_REQUEST,
    GOODPUT,
    LOOP_BLOCKED,
    LOOP_LAG_P99,
    TOKENS_PEAK,
    Metric,
)
from experiment.records.app_record import TroubleEntry

FIGURES: Mapping[str, Metric] = {
    "answers a second": GOODPUT,
    "loop blocked, an answer": LOOP_BLOCKED,
    "loop lag p99": LOOP_LAG_P99,
    "others' p99 beside it": BYSTANDER_P99,
    "CPU a request": CPU_PER_REQUEST,
    "thread tokens at most": TOKENS_PEAK,
}
LEAST_SHARE, MOST_PLACES, MOST_CALLS = 0.01, 5, 3
"""What is shown of the places: those with at least a hundredth of the time lost, and so many of them."""

STYLES = {"async": "async def", "def": "def", "class": "class", "asgi": "ASGI app"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripView:
    """Durations of one kind: a bar from the p50 to the p99, and the figures in words."""

    label: str
    bar: Bar | None
    p50: str
    p90: str
    p99: str
    is_bystander: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A line that held up the loop."""

    at: str
    function: str
    calls: tuple[str, ...]
    share: str
    percent: float
    ms: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityView:
    """The goodput under a load beside what theory expects; shares are of the larger of the two, in per cent."""

    label: str
    measured: str
    theory: str
    limit: str
    measured_percent: float
    theory_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One request."""

    anchor: str
    name: str
    style: str
    standing: str
    word: str
    sentence: str
    capacities: tuple[CapacityView, ...]
    strips: tuple[StripView, ...]
    times: Scale
    places: tuple[PlaceView, ...]
    changes: tuple[str, ...]
    findings: tuple[FindingView, ...]
    troubles: tuple[TroubleEntry, ...]
    errors: tuple[str, ...]
    is_folded: bool
    claims: tuple[tuple[str, ...], ...]
    figures: tuple[tuple[str, ...], ...]
    loads: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def card_view(route: RouteResult, times: Scale) -> CardView:
    """Prepare the card of a request."""
    return CardView(
        anchor=f"request-{route.request.id}",
        name=route.name,
        style=STYLES.get(route.request.style or "", ""),
        standing=route.standing.value,
        word=sentences.STANDING_WORDS[route.standing],
        sentence=sentences.verdict(route),
        capacities=tuple(view for load in _capacity_loads(route) if (view := _capacity(load)) is not None),
        strips=tuple(_strips(route, times)),
        times=times,
        places=tuple(_place(place) for place in route.places[:MOST_PLACES] if place.share >= LEAST_SHARE),
        changes=tuple(_changes(route)),
        findings=finding_views(finding.model_copy(update={"route": None}) for finding in route.findings),
        troubles=route.troubles,
        errors=tuple(_errors(route)),
        is_folded=route.standing is Standing.CLEAR and not route.troubles,
        claims=tuple(row for claim in route.claims if claim.note.kind != "own" for row in _claim_rows(claim)),
        figures=tuple(_figures(route)),
        loads=tuple(_users(load) for load in route.loads),
        facts=tuple(_facts(route)),
    )


def _users(load: LoadResult) -> str:
    return words.load(load.load).removesuffix(", closed loop")


def _capacity_loads(route: RouteResult) -> Iterator[LoadResult]:
    if busy := route.busy or route.alone:
        yield busy


def _capacity(load: LoadResult) -> CapacityView | None:
    goodput, theory = load.figure(GOODPUT), load.prediction
    if goodput is None:
        return None
    most = max(goodput.median, theory.value if theory else 0.0) or 1.0
    return CapacityView(
        label=_users(load),
        measured=words.rate(goodput.median),
        theory=words.rate(theory.value) if theory else "",
        limit=sentences.limit(theory) if theory else "",
        measured_percent=round(100 * goodput.median / most, 1),
        theory_percent=round(100 * theory.value / most, 1) if theory else 0.0,
    )


def _strips(route: RouteResult, times: Scale) -> Iterator[StripView]:
    for load in route.loads:
        if load.response is not None:
            yield _strip("alone" if load.load.users == 1 else _users(load), load.response, times)
    busy = route.busy or route.alone
    if busy is not None and busy.bystander is not None:
        yield _strip(f"others, beside {_users(busy)}", busy.bystander, times, is_bystander=True)


def _strip(label: str, found: Percentiles, times: Scale, *, is_bystander: bool = False) -> StripView:
    known = [value.value_us for value in quantiles(found)]
    return StripView(
        label=label,
        bar=times.bar(known[0], known[-1], known[0]) if known else None,
        p50=sentences.quantile(found.p50),
        p90=sentences.quantile(found.p90),
        p99=sentences.quantile(found.p99),
        is_bystander=is_bystander,
    )


def _place(place: BlockingPlace) -> PlaceView:
    return PlaceView(
        at=place.at,
        function=place.function,
        calls=tuple(f"{call.name} ({words.percent(call.share)})" for call in place.calls[:MOST_CALLS]),
        share=words.percent(place.share),
        percent=round(100 * place.share, 1),
        ms=words.NOT_MEASURED if place.ms is None else words.duration(place.ms / 1e3),
        is_own=place.is_own,
    )


def _changes(route: RouteResult) -> Iterator[str]:
    for change in route.changes:
        if change.is_measured:
            yield words.upper_first(sentences.change_line(change))
        else:
            yield from _unmeasured(change)


def _unmeasured(change: Change) -> Iterator[str]:
    if change.refusal:
        yield words.upper_first(sentences.refusal(change.refusal)) + "."
    if change.prediction and change.prediction.ratio:
        said = f"{sentences.about(change.prediction.ratio)}, {words.rate(change.prediction.value)}"
        limit = sentences.limit(change.prediction)
        named, why = words.upper_first(sentences.change_words(change.key)), sentences.unmeasured(change)
        yield f"{named} (predicted by theory, {why}): {said}; limit: {limit}."


def _errors(route: RouteResult) -> Iterator[str]:
    for load in route.loads:
        counts = {"wrong answer": load.wrong, "request without an answer": load.errors}
        said = [_several(count, noun) for noun, count in counts.items() if count]
        if said:
            first = f"; the first: {load.first_failure}" if load.first_failure else ""
            yield f"{words.upper_first(_users(load))}: {words.listing(said)}{first}."


def _several(count: int, noun: str) -> str:
    head, _, rest = noun.partition(" without")
    return words.plural(count, head) + (f" without{rest}" if rest else "")


def _claim_rows(claim: JudgedClaim) -> Iterator[tuple[str, ...]]:
    stated = claim.result.claim
    yield stated.statement, sentences.expected(claim), sentences.verdict_word(claim), sentences.found(claim)


def _figures(route: RouteResult) -> Iterator[tuple[str, ...]]:
    for name, metric in FIGURES.items():
        cells = [_figure(load, metric) for load in route.loads]
        if any(cell != words.NOT_MEASURED for cell in cells):
            yield name, *cells
    yield "valid trials", *(f"{load.valid} of {load.trials}" for load in route.loads)


def _figure(load: LoadResult, metric: Metric) -> str:
    found = load.figure(metric)
    if found is None:
        return words.NOT_MEASURED
    return sentences.floor(found.is_floor) + words.metric_value(metric, found.median)


def _facts(route: RouteResult) -> Iterator[tuple[str, str]]:
    request = route.request
    if request.endpoint:
        at = f", {request.file}:{request.line}" if request.file and request.line else ""
        yield "answered by", f"{request.endpoint}{at}"
    if request.header_names:
        yield "headers sent", f"{', '.join(request.header_names)} (values are not recorded)"
    yield "right answer", _right_answer(route)
    if request.answer_bytes is not None:
        kind = f", {request.content_type}" if request.content_type else ""
        yield "its answer", f"{words.plural(request.answer_bytes, 'byte')}{kind}"
    yield from _pilot(route)


def _right_answer(route: RouteResult) -> str:
    request = route.request
    body = "the same body as before the first trial" if request.expect_body == "same" else "any body"
    why = ", since two answers differed" if request.is_varying else ""
    inside = f", with {request.expect_contains!r} in it" if request.expect_contains else ""
    return f"status {request.expect_status}, {body}{why}{inside}"


def _pilot(route: RouteResult) -> Iterator[tuple[str, str]]:
    pilot = route.pilot
    if pilot is None:
        return
    if pilot.failure:
        yield "pilot", pilot.failure
        return
    said = [
        f"{words.duration_us(value)} {noun}"
        for value, noun in ((pilot.service_us, "a request"), (pilot.cpu_us, "of CPU"))
        if value is not None
    ]
    if said:
        yield "pilot, one user", ", ".join(said)

"""A made-up campaign over somebody's own app, written through the public writers. Its figures measure nothing."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from math import exp
from typing import TYPE_CHECKING, Any

from experiment.design.factors import server
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT, LOOP_BLOCKED, RESPONSE_P99, Metric
from experiment.design.model import Claim, Comparison, Interval, Treatment, at_least, at_most
from experiment.records.app_record import (
    AppRecord,
    BlockingLine,
    ClaimNote,
    FindingEntry,
    PilotEntry,
    Prediction,
    RefusalEntry,
    RequestEntry,
    TroubleEntry,
    VersionEntry,
    append_blocking,
    create_blocking,
    write_app_record,
)
from experiment.records.histogram import Histogram
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.registered import ClaimEntry, TreatmentEntry
from experiment.records.store import CampaignFolder
from experiment.records.trial import Series, TrialMetrics, TrialRecord
from fake_campaigns import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ALONE, BUSY = "closed-1", "closed-20"
ROUNDS = 5
MARGIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a treatment does in the made-up world: times in ms, `rps` answers a second."""

    ms: float
    rps: float
    blocked_ms: float = 0.4
    bystander_ms: float = 2.0
    lines: tuple[tuple[str, str | None, float], ...] = ()  # place, library call, ms an answer
    rules: tuple[str, ...] = ()
    failure: str | None = None


SEARCH_LINES = (
    ("shop/search.py:41 in rank", "time.sleep", 44.0),
    ("shop/search.py:57 in words_of", None, 6.5),
    ("~asyncio/base_events.py:1950 in _run_once", None, 1.5),
)
QUOTE_LINES = (("shop/shipping.py:12 in quote", "ssl.SSLContext.load_verify_locations", 21.0),)
WORLD: Mapping[str, Truth] = {
    f"search@{ALONE}": Truth(ms=53, rps=18.8, blocked_ms=52, bystander_ms=52, lines=SEARCH_LINES),
    f"search@{BUSY}": Truth(ms=1060, rps=18.9, blocked_ms=52.4, bystander_ms=120, lines=SEARCH_LINES),
    f"search@{BUSY}+style-def": Truth(ms=143, rps=140, bystander_ms=4),
    f"quote@{ALONE}": Truth(ms=33, rps=30, blocked_ms=21, bystander_ms=21, lines=QUOTE_LINES),
    f"quote@{BUSY}": Truth(ms=430, rps=46, blocked_ms=21, bystander_ms=80, lines=QUOTE_LINES),
    f"items@{ALONE}": Truth(ms=2.1, rps=470),
    f"items@{BUSY}": Truth(ms=24, rps=830, bystander_ms=25),
    f"broken@{ALONE}": Truth(ms=3, rps=0, rules=("wrong-answers",), failure="status 500, expected 200"),
    f"broken@{BUSY}": Truth(ms=3, rps=0, rules=("wrong-answers",), failure="status 500, expected 200"),
}
REQUESTS = (
    RequestEntry(
        id="search",
        method="GET",
        path="/search?q=tea",
        route="/search",
        endpoint="shop.search:search",
        style="async",
        file="shop/search.py",
        line=30,
        answer_bytes=912,
        content_type="application/json",
    ),
    RequestEntry(
        id="quote",
        method="GET",
        path="/shipping/quote",
        route="/shipping/quote",
        endpoint="shop.shipping:quote",
        style="async",
        file="shop/shipping.py",
        line=10,
        is_varying=True,
        expect_body="any",
    ),
    RequestEntry(
        id="items",
        method="GET",
        path="/items",
        route="/items",
        endpoint="shop.items:items",
        style="def",
        file="shop/items.py",
        line=7,
    ),
    RequestEntry(id="broken", method="POST", path="/broken", has_body=True, header_names=("X-Api-Key",)),
)
FINDINGS = (
    FindingEntry(
        id="client-per-request",
        title="An HTTP client is built for every request",
        why="Each client builds a TLS context, and its connections are not used again.",
        claim="A12",
        route="GET /shipping/quote",
        file="shop/shipping.py",
        line=12,
        detail="httpx.AsyncClient in quote",
    ),
)
REFUSALS = (
    RefusalEntry(
        request="quote",
        change="style-def",
        why="the handler really awaits",
        file="shop/shipping.py",
        line=13,
        function="quote",
    ),
)
TROUBLES = (
    TroubleEntry(
        trial_id="t0001",
        request="broken",
        reason="Every answer was 500 Internal Server Error.",
        log=("ERROR: Exception in ASGI application", "KeyError: 'price'"),
    ),
)


def treatment(request: str, load: str = BUSY, **factors: Any) -> Treatment:
    return Treatment(variant=request, load=load, server=server(factors))


def one(subject: Treatment, metric: Metric, expected: Interval, baseline: Treatment | None = None) -> Comparison:
    return Comparison(treatment=subject, baseline=baseline, metric=metric, expected=expected)


def claim(name: str, statement: str, *comparisons: Comparison, source: str = "handlerbench") -> Claim:
    return Claim(id=name, slug=name, statement=statement, source=source, comparisons=comparisons)


def usual_claims() -> list[tuple[Claim, ClaimNote]]:
    """Return the claims that a run registers for the made-up app, and one of its people."""
    found = []
    for request in REQUESTS:
        blocks = claim(
            f"{request.id}-blocks",
            f"{request.method} {request.path} does not hold up the loop",
            one(treatment(request.id, ALONE), LOOP_BLOCKED, at_most(5)),
        )
        found.append((blocks, ClaimNote(id=blocks.id, kind="blocks", request=request.id, load=ALONE)))
    today, changed = treatment("search"), treatment("search", style="def")
    change = claim(
        "search-style-def",
        "GET /search serves more as def",
        one(changed, GOODPUT, at_least(1 + MARGIN), today),
        one(changed, RESPONSE_P99, at_most(1 + MARGIN), today),
    )
    note = ClaimNote(id=change.id, kind="change", request="search", load=BUSY, change="style-def", margin=MARGIN)
    own = claim(
        "fast", "Items are served 500 times a second", one(treatment("items"), GOODPUT, at_least(500)), source="our SLO"
    )
    return [*found, (change, note), (own, ClaimNote(id=own.id, kind="own", request="items", load=BUSY))]


def version_claims(other: str) -> list[tuple[Claim, ClaimNote]]:
    """Return a claim that sets each request beside another version, as `--against` registers them."""
    found = []
    for request in ("search", "items"):
        now, then = treatment(request), treatment(request, version=other)
        stated = claim(
            f"{request}-against",
            f"{request} is no worse than at {other}",
            one(now, GOODPUT, at_least(1 - MARGIN), then),
        )
        note = ClaimNote(
            id=stated.id, kind="change", request=request, load=BUSY, change=f"version-{other}", margin=MARGIN
        )
        found.append((stated, note))
    return found


def write_app_campaign(
    path: Path,
    *,
    world: Mapping[str, Truth] = WORLD,
    claims: Sequence[tuple[Claim, ClaimNote]] | None = None,
    rounds: int = ROUNDS,
    seed: int = 3,
    **record: Any,
) -> Path:
    """Write a whole campaign and return its folder; `record` replaces parts of app.json."""
    asked = usual_claims() if claims is None else claims
    folder = CampaignFolder.create(path, _manifest(path.name, [stated for stated, _ in asked], world))
    write_app_record(path, _record([note for _, note in asked], record))
    create_blocking(path)
    noise, number = random.Random(seed), 0
    for place in range(1, rounds + 1):
        for position, name in enumerate(world):
            number += 1
            trial, drawn = _measured(name, world[name], f"t{number:04d}", (place, position), noise)
            folder.append(trial, drawn, [])
            append_blocking(path, _lost(trial, world[name]))
    return path


def _manifest(name: str, claims: Sequence[Claim], world: Mapping[str, Truth]) -> Manifest:
    compared = {t.id: t for stated in claims for t in stated.treatments}
    planned = {**{name: _treatment_of(name) for name in world}, **compared}
    data = {
        "format_version": 2,
        "campaign": name,
        "command": "bench app run",
        "started_at": "2026-01-01T10:00:00+00:00",
        "finished_at": "2026-01-01T10:10:12+00:00",
        "host": HOST,
        "loads": {name: asdict(LOADS[name]) for name in (ALONE, BUSY)},
        "claims": [ClaimEntry.of(stated).model_dump(mode="json") for stated in claims],
        "treatments": [TreatmentEntry.of(each).model_dump(mode="json") for each in planned.values()],
    }
    return read_manifest(data, name)


def _treatment_of(name: str) -> Treatment:
    request, _, rest = name.partition("@")
    load, _, change = rest.partition("+")
    factor, _, value = change.partition("-")
    return treatment(request, load, **({factor: value} if change else {}))


def _record(notes: Sequence[ClaimNote], changes: Mapping[str, Any]) -> AppRecord:
    given: dict[str, Any] = {
        "versions": (
            VersionEntry(
                name="",
                target="shop.main:app",
                directory="shop",
                prefix="examples/",
                commit="0123456789abcdef",
                packages={"python": "3.11.7", "fastapi": "0.128.8", "uvicorn": "0.40.0"},
            ),
        ),
        "requests": REQUESTS,
        "pilots": tuple(PilotEntry(request=r.id, answers=40, service_us=2100.0, cpu_us=900.0) for r in REQUESTS),
        "claims": tuple(notes),
        "predictions": (
            Prediction(treatment=f"search@{BUSY}", metric=GOODPUT.name, value=19, decided_by="1/(S+c)"),
            Prediction(treatment=f"quote@{BUSY}", metric=GOODPUT.name, value=47, decided_by="1/(S+c)"),
            Prediction(treatment=f"items@{BUSY}", metric=GOODPUT.name, value=850, decided_by="1/c"),
            Prediction(
                treatment=f"search@{BUSY}+style-def",
                baseline=f"search@{BUSY}",
                metric=GOODPUT.name,
                value=145,
                ratio=7.6,
                decided_by="N/S",
            ),
            Prediction(
                treatment=f"quote@{BUSY}+style-def",
                baseline=f"quote@{BUSY}",
                metric=GOODPUT.name,
                value=420,
                ratio=8.9,
                decided_by="N/S",
            ),
        ),
        "refusals": REFUSALS,
        "findings": FINDINGS,
        "troubles": TROUBLES,
        "notes": ("Answers to GET /shipping/quote vary, so any body counts as right.",),
    }
    return AppRecord(**{**given, **changes})


def _measured(
    name: str, truth: Truth, trial: str, place: tuple[int, int], noise: random.Random
) -> tuple[TrialRecord, dict[Series, Histogram]]:
    load = LOADS[name.partition("@")[2].partition("+")[0]]
    factor = exp(noise.gauss(0, 0.02))
    answers = round(truth.rps * factor * load.window_s)
    drawn = {
        series: Histogram.of_us([ms * 1e3 * exp(noise.gauss(0, 0.1)) for _ in range(count)])
        for series, ms, count in (
            (Series.RESPONSE, truth.ms, max(answers, 2)),
            (Series.BYSTANDER, truth.bystander_ms, 120),
        )
    }
    return _trial(name, truth, trial, place, _metrics(truth, factor, answers, drawn, load.window_s)), drawn


def _lost(trial: TrialRecord, truth: Truth) -> list[BlockingLine]:
    answers = trial.metrics.answers or 0
    return [
        BlockingLine(trial_id=trial.trial_id, place=place, library_call=call, lost_s=ms * answers / 1e3)
        for place, call, ms in truth.lines
    ]


def _trial(name: str, truth: Truth, trial: str, place: tuple[int, int], metrics: TrialMetrics) -> TrialRecord:
    return TrialRecord(
        trial_id=trial,
        round=place[0],
        position=place[1],
        attempt=1,
        treatment=name,
        variant=name.partition("@")[0],
        load=name.partition("@")[2].partition("+")[0],
        started_at="2026-01-01T10:00:00+00:00",
        duration_s=5.0,
        rules=truth.rules,
        reasons="every answer was wrong" if truth.rules else "",
        metrics=metrics,
    )


def _metrics(
    truth: Truth, factor: float, answers: int, drawn: Mapping[Series, Histogram], window_s: float
) -> TrialMetrics:
    quantiles: dict[str, Any] = {
        f"{series.value}_p{percent}_us": found.value_us
        for series, durations in drawn.items()
        for percent in (50, 99)
        if (found := durations.quantile(percent / 100)) is not None
    }
    return TrialMetrics(
        window_s=window_s,
        answers=answers,
        wrong=40 if truth.failure else 0,
        errors=0,
        goodput_rps=truth.rps * factor,
        loop_blocked_ms_per_answer=truth.blocked_ms * factor if answers else None,
        sut_cpu_us_per_request=900.0,
        tokens_total=40,
        tokens_peak=20,
        first_failure=truth.failure,
        **quantiles,
    )

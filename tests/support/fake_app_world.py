"""A made-up app of somebody's: its requests, what each does under load, and the claims that a run registers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiment.design.factors import server
from experiment.design.metrics import GOODPUT, LOOP_BLOCKED, RESPONSE_P99, Metric
from experiment.design.model import Claim, Comparison, Interval, Treatment, at_least, at_most
from experiment.records.app_record import ClaimNote, FindingEntry, RefusalEntry, RequestEntry, TroubleEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

ALONE, BUSY = "closed-1", "closed-20"
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

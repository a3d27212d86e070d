"""The claims, each restated so that it can come out false. To add one, add an entry to CLAIMS.

The interval of a claim is fixed here, and copied into a campaign's manifest before its first trial: registered, then
measured. Never move an interval after looking at a result; if a claim comes out refuted, that is a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiment.design.model import (
    Claim,
    Comparison,
    Cores,
    Interval,
    Measurability,
    Metric,
    ServerConfig,
    Treatment,
    at_least,
    at_most,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL_CORES = ServerConfig(cores=Cores.ALL)
POOL_TOKENS = 40  # anyio's default limiter

SLEEP_ASYNC = "sleep.async-native"
SLEEP_BLOCKING = "sleep.async-blocking"
SLEEP_DEF = "sleep.def"
SLEEP_OFFLOAD = "sleep.async-offload"
HTTP_SESSION_DEF = "http.def.session"

A_A = Comparison(
    treatment=Treatment(variant="noop.async-native.copy", load="closed-20"),
    baseline=Treatment(variant="noop.async-native", load="closed-20"),
    metric=Metric.EVEN_GOODPUT,
    expected=Interval(0.9, 1.1),
)
"""Two byte-identical routes: whatever they differ by is noise. Measured in every round, several times in a long one."""


def _ratio(
    treatment: str,
    baseline: str,
    *,
    load: str,
    expected: Interval,
    metric: Metric = Metric.GOODPUT,
    server: ServerConfig | None = None,
) -> Comparison:
    config = server or ServerConfig()
    return Comparison(
        treatment=Treatment(variant=treatment, load=load, server=config),
        baseline=Treatment(variant=baseline, load=load, server=config),
        metric=metric,
        expected=expected,
    )


def _structure(variant: str, *, load: str, metric: Metric, expected: Interval) -> Comparison:
    return Comparison(treatment=Treatment(variant=variant, load=load), baseline=None, metric=metric, expected=expected)


def _article(section: str) -> str:
    return f"the article, «{section}»"


_PART_A: tuple[Claim, ...] = (
    Claim(
        id="A1",
        slug="wrong-style-tanks-throughput",
        statement="A blocking call in async def loses most of the throughput a plain def has",
        source=_article("introduction"),
        comparisons=(_ratio(SLEEP_BLOCKING, SLEEP_DEF, load="closed-80", expected=at_most(0.10)),),
    ),
    Claim(
        id="A2",
        slug="blocking-freezes-everyone",
        statement="A blocking call in async def stalls every other request",
        source=_article("The killer pitfall"),
        comparisons=(
            _ratio(
                SLEEP_BLOCKING,
                SLEEP_ASYNC,
                load="closed-80",
                metric=Metric.BYSTANDER_P50,
                expected=at_least(20),
            ),
        ),
        note="Bystanders left unanswered while the loop is blocked count at the age they had: the ratio is a floor.",
    ),
    Claim(
        id="A3",
        slug="loop-lag-is-the-blocking-time",
        statement="The event loop stands still for as long as the blocking call takes",
        source=_article("The killer pitfall"),
        comparisons=(
            _ratio(
                SLEEP_BLOCKING,
                SLEEP_DEF,
                load="closed-80",
                metric=Metric.LOOP_LAG_P99,
                expected=at_least(5),
            ),
        ),
    ),
    Claim(
        id="A4",
        slug="def-keeps-the-loop-free",
        statement="A plain def runs on threads, so the loop stays responsive to others",
        source=_article("introduction"),
        comparisons=(
            _ratio(SLEEP_DEF, SLEEP_ASYNC, load="closed-80", metric=Metric.BYSTANDER_P50, expected=at_most(3)),
        ),
    ),
    Claim(
        id="A5",
        slug="one-thread-many-requests",
        statement="async def serves many requests at once on one thread",
        source=_article("introduction"),
        comparisons=(
            _structure(SLEEP_ASYNC, load="closed-80", metric=Metric.SHARE_ON_LOOP, expected=Interval(1.0, 1.0)),
            _structure(
                SLEEP_ASYNC,
                load="closed-80",
                metric=Metric.IN_FLIGHT_PEAK,
                expected=at_least(POOL_TOKENS + 1),
            ),
        ),
    ),
    Claim(
        id="A6",
        slug="def-runs-in-the-pool",
        statement="A plain def runs on the worker threads, at most 40 at once",
        source=_article("introduction"),
        comparisons=(
            _structure(SLEEP_DEF, load="closed-80", metric=Metric.SHARE_OFF_LOOP, expected=Interval(1.0, 1.0)),
            _structure(
                SLEEP_DEF,
                load="closed-80",
                metric=Metric.TOKENS_PEAK,
                expected=Interval(POOL_TOKENS, POOL_TOKENS),
            ),
        ),
    ),
    Claim(
        id="A7",
        slug="good-and-sync-ok-both-work",
        statement="Below the pool's size, async def with awaits and plain def do the same",
        source=_article("The killer pitfall"),
        comparisons=(_ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-20", expected=Interval(0.9, 1.1)),),
    ),
    Claim(
        id="A8",
        slug="sync-just-less-scalable",
        statement="Beyond the pool's size async def goes on, plain def stops",
        source=_article("Real example"),
        comparisons=(_ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-80", expected=at_least(1.5)),),
    ),
    Claim(
        id="A9",
        slug="two-second-demo",
        statement="Ten requests at once: /bad takes at least 5 times as long as /good, /sync-ok as long",
        source=_article("The killer pitfall"),
        comparisons=(
            _ratio(
                "article.async-blocking.bad",
                "article.async-native.good",
                load="burst-10",
                metric=Metric.MAKESPAN,
                expected=at_least(5),
            ),
            _ratio(
                "article.def.sync-ok",
                "article.async-native.good",
                load="burst-10",
                metric=Metric.MAKESPAN,
                expected=Interval(0.8, 1.25),
            ),
        ),
    ),
    Claim(
        id="A10",
        slug="weather-as-written",
        statement="The async weather route as written serves at least what the sync one does",
        source=_article("Real example"),
        comparisons=(
            _ratio("http.async-native.weather", "http.def.weather-sync", load="closed-80-long", expected=at_least(1.0)),
        ),
        note="As written it builds an httpx client for every request, an SSL context included, on the loop: 80 users "
        "are answered in volleys seconds apart. A pilot campaign, not used otherwise, had windows of 3 s without a "
        "single answer; so the window was lengthened to 11 s, the interval left alone.",
    ),
    Claim(
        id="A11",
        slug="weather-shared-client",
        statement="With one shared httpx client the async route serves at least what the sync one does",
        source=_article("Real example"),
        comparisons=(_ratio("http.async-native.httpx", HTTP_SESSION_DEF, load="closed-80", expected=at_least(1.0)),),
        note="httpx 0.28 with keep-alive limits raised, so that it does not close connections it will need.",
    ),
    Claim(
        id="A11b",
        slug="weather-other-clients",
        statement="With httpx2, and with aiohttp, the async route serves at least what the sync one does",
        source=_article("Real example"),
        comparisons=(
            _ratio("http.async-native.httpx2", HTTP_SESSION_DEF, load="closed-80", expected=at_least(1.0)),
            _ratio("http.async-native.aiohttp", HTTP_SESSION_DEF, load="closed-80", expected=at_least(1.0)),
        ),
    ),
    Claim(
        id="A12",
        slug="client-per-request-cost",
        statement="A client built for every request serves at most 0.3 of what a shared one does",
        source=_article("Real example"),
        comparisons=(
            _ratio(
                "http.async-native.httpx-per-request",
                "http.async-native.httpx",
                load="closed-20",
                expected=at_most(0.3),
            ),
        ),
    ),
    Claim(
        id="A13",
        slug="requests-in-async",
        statement="A sync HTTP client in async def is worse than in plain def",
        source=_article("The rule"),
        comparisons=(_ratio("http.async-blocking.session", HTTP_SESSION_DEF, load="closed-80", expected=at_most(0.2)),),
    ),
    Claim(
        id="A14",
        slug="offload-frees-the-loop",
        statement="run_in_threadpool keeps CPU work from stopping the others",
        source=_article("Offloading CPU work"),
        comparisons=(
            _ratio(
                "upload.async-offload",
                "upload.async-blocking",
                load="closed-8",
                metric=Metric.BYSTANDER_P99,
                expected=at_most(0.7),
            ),
        ),
    ),
    Claim(
        id="A15",
        slug="gil-still-bites",
        statement="Threads give CPU work no more throughput",
        source=_article("Offloading CPU work"),
        comparisons=(
            _ratio(
                "upload.async-offload",
                "upload.async-blocking",
                load="closed-8",
                metric=Metric.EVEN_GOODPUT,
                expected=Interval(0.75, 1.25),
            ),
        ),
        note="At equal core speed: both keep the core busy, and it is not equally fast from one trial to the next.",
    ),
    Claim(
        id="A16",
        slug="process-pool-is-parallel",
        statement="A process pool gives CPU work the other cores",
        source=_article("Offloading CPU work"),
        comparisons=(
            _ratio(
                "upload.async-process",
                "upload.async-offload",
                load="closed-8",
                expected=at_least(1.3),
                server=ALL_CORES,
            ),
        ),
        note="1.3 is for two cores; the SUT has all cores here, and shares them with the driver.",
    ),
    Claim(
        id="A17",
        slug="sync-db-in-async-route",
        statement="A sync database call in an async route is worse than a fully sync route",
        source=_article("Interview cheat sheet"),
        comparisons=(_ratio("db.async-blocking.psycopg2", "db.def.psycopg2", load="closed-80", expected=at_most(0.2)),),
    ),
    Claim(
        id="A18",
        slug="async-db-driver-in-async-def",
        statement="An async driver in async def is no worse than the sync route, with equal pools",
        source=_article("The rule"),
        comparisons=(
            _ratio("db.async-native.asyncpg", "db.def.psycopg2", load="closed-80", expected=at_least(0.9)),
            _ratio("db.async-native.psycopg", "db.def.psycopg2", load="closed-80", expected=at_least(0.9)),
        ),
    ),
    Claim(
        id="A19",
        slug="offload-rescues-async",
        statement="Offloading a blocking call restores the sync route's throughput",
        source=_article("The rule"),
        comparisons=(
            _ratio(SLEEP_OFFLOAD, SLEEP_DEF, load="closed-80", expected=Interval(0.9, 1.1)),
            _ratio("db.async-offload.psycopg2", "db.def.psycopg2", load="closed-80", expected=Interval(0.9, 1.1)),
        ),
    ),
    Claim(
        id="A20",
        slug="everything-async",
        statement="With nothing to wait for, async def costs less CPU a request than plain def",
        source=_article("Interview cheat sheet"),
        comparisons=(
            _ratio(
                "noop.async-native",
                "noop.def",
                load="closed-20",
                metric=Metric.EVEN_CPU_PER_REQUEST,
                expected=at_most(0.85),
            ),
        ),
        note="At equal core speed: a core that neighbours slow down needs more CPU time for the same request.",
    ),
    Claim(
        id="A21",
        slug="most-common-bug",
        statement="Blocking inside async def is the most common FastAPI performance bug",
        source=_article("The killer pitfall"),
        measurability=Measurability.NOT_MEASURABLE,
        note="How common a bug is cannot be measured by load; that takes a survey of code.",
    ),
)

_STALL = "stall.async-blocking"

_PART_B: tuple[Claim, ...] = (
    Claim(
        id="B27",
        slug="closed-loop-hides-stalls",
        statement="A closed load hides a stall that arrivals on a schedule all meet",
        source="performance engineering: coordinated omission",
        comparisons=(
            Comparison(
                treatment=Treatment(variant=_STALL, load="open-100"),
                baseline=Treatment(variant=_STALL, load="closed-4"),
                metric=Metric.RESPONSE_P99,
                expected=at_least(10),
            ),
        ),
        note="The loop stands still for 0.4 s in every 2 s. Four users send four requests into each stall and wait; "
        "arrivals keep coming, so a fifth of them meet it.",
    ),
)

ARTICLE_CLAIMS: tuple[str, ...] = tuple(claim.id for claim in _PART_A)
CLAIMS: Mapping[str, Claim] = {claim.id: claim for claim in (*_PART_A, *_PART_B)}

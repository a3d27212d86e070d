"""The claims, each written so that it can turn out false. To add one, call `claim` anywhere in this module.

The interval of a claim is fixed here. It is copied into a campaign's manifest before the first trial, so a claim is
registered before it is measured. Never change an interval after you have seen a result: a refuted claim is a finding.
"""

from bench_app.table import Table
from experiment.design.factors import ServerConfig, server
from experiment.design.metrics import (
    BYSTANDER_P50,
    BYSTANDER_P99,
    GOODPUT,
    IN_FLIGHT_PEAK,
    LOOP_LAG_P99,
    MAKESPAN,
    NORMALIZED_CPU_PER_REQUEST,
    NORMALIZED_GOODPUT,
    RESPONSE_P99,
    SHARE_OFF_LOOP,
    SHARE_ON_LOOP,
    TOKENS_PEAK,
    Metric,
)
from experiment.design.model import Claim, Comparison, Interval, Treatment, at_least, at_most

CLAIMS: Table[Claim] = Table("claim", key="id")
ARTICLE = "the article"

DEFAULT = ServerConfig()
ALL_CORES = server(cores="all")
POOL_TOKENS = 40  # anyio's default limiter

SLEEP_ASYNC = "sleep.async-native"
SLEEP_BLOCKING = "sleep.async-blocking"
SLEEP_DEF = "sleep.def"
SLEEP_OFFLOAD = "sleep.async-offload"
HTTP_SESSION_DEF = "http.def.session"
ARTICLE_GOOD = "article.async-native.good"
UPLOAD_BLOCKING = "upload.async-blocking"
UPLOAD_OFFLOAD = "upload.async-offload"

A_A = Comparison(
    treatment=Treatment(variant="noop.async-native.copy", load="closed-20"),
    baseline=Treatment(variant="noop.async-native", load="closed-20"),
    metric=NORMALIZED_GOODPUT,
    expected=Interval(0.9, 1.1),
)
"""Two byte-identical routes: any difference between them is noise. Every round has them, a long one several times."""


def _ratio(
    treatment: str,
    baseline: str,
    *,
    load: str,
    expected: Interval,
    metric: Metric = GOODPUT,
    server: ServerConfig = DEFAULT,
    baseline_server: ServerConfig | None = None,
) -> Comparison:
    return Comparison(
        treatment=Treatment(variant=treatment, load=load, server=server),
        baseline=Treatment(variant=baseline, load=load, server=baseline_server or server),
        metric=metric,
        expected=expected,
    )


def _structure(variant: str, *, load: str, metric: Metric, expected: Interval) -> Comparison:
    return Comparison(treatment=Treatment(variant=variant, load=load), baseline=None, metric=metric, expected=expected)


def _article(section: str) -> str:
    return f"{ARTICLE}, «{section}»"


def claim(
    id: str,  # noqa: A002 - the field's own name
    slug: str,
    statement: str,
    source: str,
    *comparisons: Comparison,
    note: str = "",
) -> Claim:
    """Register a claim. Raises DuplicateNameError if another claim has its id, ValueError if another has its slug."""
    if slug in {known.slug for known in CLAIMS.values()}:
        raise ValueError(f"there are two claims with the slug {slug}")
    if not comparisons and not note:
        raise ValueError(f"claim {id} compares nothing, and no note says why it cannot be measured")
    return CLAIMS.add(Claim(id=id, slug=slug, statement=statement, source=source, comparisons=comparisons, note=note))


claim(
    "A1",
    "wrong-style-tanks-throughput",
    "A blocking call in async def loses most of the throughput a plain def has",
    _article("introduction"),
    _ratio(SLEEP_BLOCKING, SLEEP_DEF, load="closed-80", expected=at_most(0.10)),
)
claim(
    "A2",
    "blocking-freezes-everyone",
    "A blocking call in async def stalls every other request",
    _article("The killer pitfall"),
    _ratio(SLEEP_BLOCKING, SLEEP_ASYNC, load="closed-80", metric=BYSTANDER_P50, expected=at_least(20)),
    note="Bystanders left unanswered while the loop is blocked count at the age they had: the ratio is a floor.",
)
claim(
    "A3",
    "loop-lag-is-the-blocking-time",
    "The event loop stands still for as long as the blocking call takes",
    _article("The killer pitfall"),
    _ratio(SLEEP_BLOCKING, SLEEP_DEF, load="closed-80", metric=LOOP_LAG_P99, expected=at_least(5)),
)
claim(
    "A4",
    "def-keeps-the-loop-free",
    "A plain def runs on threads, so the loop stays responsive to others",
    _article("introduction"),
    _ratio(SLEEP_DEF, SLEEP_ASYNC, load="closed-80", metric=BYSTANDER_P50, expected=at_most(3)),
)
claim(
    "A5",
    "one-thread-many-requests",
    "async def serves many requests at once on one thread",
    _article("introduction"),
    _structure(SLEEP_ASYNC, load="closed-80", metric=SHARE_ON_LOOP, expected=Interval(1.0, 1.0)),
    _structure(SLEEP_ASYNC, load="closed-80", metric=IN_FLIGHT_PEAK, expected=at_least(POOL_TOKENS + 1)),
)
claim(
    "A6",
    "def-runs-in-the-pool",
    "A plain def runs on the worker threads, at most 40 at once",
    _article("introduction"),
    _structure(SLEEP_DEF, load="closed-80", metric=SHARE_OFF_LOOP, expected=Interval(1.0, 1.0)),
    _structure(SLEEP_DEF, load="closed-80", metric=TOKENS_PEAK, expected=Interval(POOL_TOKENS, POOL_TOKENS)),
)
claim(
    "A7",
    "good-and-sync-ok-both-work",
    "Below the pool's size, async def with awaits and plain def do the same",
    _article("The killer pitfall"),
    _ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-20", expected=Interval(0.9, 1.1)),
)
claim(
    "A8",
    "sync-just-less-scalable",
    "Beyond the pool's size async def goes on, plain def stops",
    _article("Real example"),
    _ratio(SLEEP_ASYNC, SLEEP_DEF, load="closed-80", expected=at_least(1.5)),
)
claim(
    "A9",
    "two-second-demo",
    "Ten requests at once: /bad takes at least 5 times as long as /good, /sync-ok as long",
    _article("The killer pitfall"),
    _ratio("article.async-blocking.bad", ARTICLE_GOOD, load="burst-10", metric=MAKESPAN, expected=at_least(5)),
    _ratio("article.def.sync-ok", ARTICLE_GOOD, load="burst-10", metric=MAKESPAN, expected=Interval(0.8, 1.25)),
)
claim(
    "A10",
    "weather-as-written",
    "The async weather route as written serves at least what the sync one does",
    _article("Real example"),
    _ratio("http.async-native.weather", "http.def.weather-sync", load="closed-80-long", expected=at_least(1.0)),
    note="As written it builds an httpx client for every request, an SSL context included, on the loop: 80 users "
    "are answered in volleys seconds apart. A pilot campaign, not used otherwise, had windows of 3 s without a "
    "single answer; so the window was lengthened to 11 s, the interval left alone.",
)
claim(
    "A11",
    "weather-shared-client",
    "With one shared httpx client the async route serves at least what the sync one does",
    _article("Real example"),
    _ratio("http.async-native.httpx", HTTP_SESSION_DEF, load="closed-80", expected=at_least(1.0)),
    note="httpx 0.28 with keep-alive limits raised, so that it does not close connections it will need.",
)
claim(
    "A11b",
    "weather-other-clients",
    "With httpx2, and with aiohttp, the async route serves at least what the sync one does",
    _article("Real example"),
    _ratio("http.async-native.httpx2", HTTP_SESSION_DEF, load="closed-80", expected=at_least(1.0)),
    _ratio("http.async-native.aiohttp", HTTP_SESSION_DEF, load="closed-80", expected=at_least(1.0)),
)
claim(
    "A12",
    "client-per-request-cost",
    "A client built for every request serves at most 0.3 of what a shared one does",
    _article("Real example"),
    _ratio("http.async-native.httpx-per-request", "http.async-native.httpx", load="closed-20", expected=at_most(0.3)),
)
claim(
    "A13",
    "requests-in-async",
    "A sync HTTP client in async def is worse than in plain def",
    _article("The rule"),
    _ratio("http.async-blocking.session", HTTP_SESSION_DEF, load="closed-80", expected=at_most(0.2)),
)
claim(
    "A14",
    "offload-frees-the-loop",
    "run_in_threadpool keeps CPU work from stopping the others",
    _article("Offloading CPU work"),
    _ratio(UPLOAD_OFFLOAD, UPLOAD_BLOCKING, load="closed-8", metric=BYSTANDER_P99, expected=at_most(0.7)),
)
claim(
    "A15",
    "gil-still-bites",
    "Threads give CPU work no more throughput",
    _article("Offloading CPU work"),
    _ratio(UPLOAD_OFFLOAD, UPLOAD_BLOCKING, load="closed-8", metric=NORMALIZED_GOODPUT, expected=Interval(0.75, 1.25)),
    note="At equal core speed: both keep the core busy, and it is not equally fast from one trial to the next.",
)
claim(
    "A16",
    "process-pool-is-parallel",
    "A process pool gives CPU work the other cores",
    _article("Offloading CPU work"),
    _ratio("upload.async-process", UPLOAD_OFFLOAD, load="closed-8", expected=at_least(1.3), server=ALL_CORES),
    note="1.3 is for two cores; the SUT has all cores here, and shares them with the driver.",
)
claim(
    "A17",
    "sync-db-in-async-route",
    "A sync database call in an async route is worse than a fully sync route",
    _article("Interview cheat sheet"),
    _ratio("db.async-blocking.psycopg2", "db.def.psycopg2", load="closed-80", expected=at_most(0.2)),
)
claim(
    "A18",
    "async-db-driver-in-async-def",
    "An async driver in async def is no worse than the sync route, with equal pools",
    _article("The rule"),
    _ratio("db.async-native.asyncpg", "db.def.psycopg2", load="closed-80", expected=at_least(0.9)),
    _ratio("db.async-native.psycopg", "db.def.psycopg2", load="closed-80", expected=at_least(0.9)),
)
claim(
    "A19",
    "offload-rescues-async",
    "Offloading a blocking call restores the sync route's throughput",
    _article("The rule"),
    _ratio(SLEEP_OFFLOAD, SLEEP_DEF, load="closed-80", expected=Interval(0.9, 1.1)),
    _ratio("db.async-offload.psycopg2", "db.def.psycopg2", load="closed-80", expected=Interval(0.9, 1.1)),
)
claim(
    "A20",
    "everything-async",
    "With nothing to wait for, async def costs less CPU a request than plain def",
    _article("Interview cheat sheet"),
    _ratio(
        "noop.async-native", "noop.def", load="closed-20", metric=NORMALIZED_CPU_PER_REQUEST, expected=at_most(0.85)
    ),
    note="At equal core speed: a core that neighbours slow down needs more CPU time for the same request.",
)
claim(
    "A21",
    "most-common-bug",
    "Blocking inside async def is the most common FastAPI performance bug",
    _article("The killer pitfall"),
    note="How common a bug is cannot be measured by load; that takes a survey of code.",
)


claim(
    "B27",
    "closed-loop-hides-stalls",
    "A closed load hides a stall that arrivals on a schedule all meet",
    "performance engineering: coordinated omission",
    Comparison(
        treatment=Treatment(variant="stall.async-blocking", load="open-100"),
        baseline=Treatment(variant="stall.async-blocking", load="closed-4"),
        metric=RESPONSE_P99,
        expected=at_least(10),
    ),
    note="The loop stands still for 0.4 s in every 2 s. Four users send four requests into each stall and wait; "
    "arrivals keep coming, so a fifth of them meet it.",
)

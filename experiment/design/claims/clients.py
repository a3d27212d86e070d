"""Claims about HTTP clients and database drivers: B18, B19, B21."""

from bench_app.items import PLAIN
from experiment.design.claims.database import ASYNCPG, PSYCOPG, PSYCOPG2_DEF
from experiment.design.claims.http import HTTPX
from experiment.design.claims.table import claim, ratio, saturated
from experiment.design.metrics import CPU_PER_REQUEST
from experiment.design.model import Comparison, Interval, at_least, at_most

AIOHTTP, HTTPX2 = "http.async-native.aiohttp", "http.async-native.httpx2"
HTTPX_DEFAULT = "http.async-native.httpx-default-limits"
PSYCOPG_DEF = "db.def.psycopg"
SQLALCHEMY, SQLALCHEMY_DEF = "db.async-native.sqlalchemy", "db.def.sqlalchemy"


def _lookup(treatment: str, baseline: str, expected: Interval) -> Comparison:
    """Return how many lookups that do not wait one driver serves, in relation to another."""
    return saturated(treatment + PLAIN, baseline + PLAIN, expected, load="closed-80")


_SEARCH = (
    "httpx 0.28's pool looks at every connection for every request and every answer, so a request costs more the more "
    "are in flight. aiohttp takes a free connection from a list."
)
claim(
    "B18",
    "httpx-slower-than-aiohttp",
    "With 80 users, a route with one shared httpx client serves at most half of what it does with aiohttp",
    "encode/httpx issue 3215: 5,000 requests, 200 at once, take 40.9 s with httpx and 0.54 s with aiohttp",
    ratio(HTTPX, AIOHTTP, load="closed-80", expected=at_most(0.5), scatter=0.2),
    refuted_by="it serves more than half as much",
    note=f"{_SEARCH} With aiohttp the route may reach its cap, users by the upstream's wait; then the true ratio is "
    "smaller still.",
    differs_in={"tool"},
)
claim(
    "B18b",
    "httpx-dearer-at-20-users",
    "With 20 users, a request through one shared httpx client costs at least 2 times the CPU of one through aiohttp",
    "encode/httpx issue 3215: 200 requests one after the other take 0.72 s with httpx and 0.08 s with aiohttp",
    ratio(HTTPX, AIOHTTP, load="closed-20-long", metric=CPU_PER_REQUEST, expected=at_least(2), scatter=0.3),
    refuted_by="it costs less than 2 times the CPU",
    note=f"{_SEARCH} Goodput is capped by the wait on both sides, so CPU is judged. FastAPI's own part is in both "
    "figures, which is why not 9 times is expected, as the source has it of the clients alone.",
    differs_in={"tool"},
)
claim(
    "B18c",
    "httpx2-cures-the-pool",
    "With 80 users, a route with one shared httpx2 client serves at least 2 times what it does with httpx",
    "pydantic/httpx2 pull request 974: the pool searches once, not once for each waiting request; no figure",
    ratio(HTTPX2, HTTPX, load="closed-80", expected=at_least(2), scatter=0.2),
    refuted_by="httpx2 serves less than 2 times as much",
    note="httpx2 is httpx under a new name, with a pool that counts instead of searching. Handlers stay as they are.",
    differs_in={"tool"},
)
claim(
    "B18d",
    "keep-alive-limits",
    "With 80 users, httpx that may keep 200 idle connections serves at least 1.5 times what its default of 20 serves",
    "portkey-python-sdk pull request 318: 1,000 requests take 6 s instead of 30 with both limits raised",
    ratio(HTTPX, HTTPX_DEFAULT, load="closed-80", expected=at_least(1.5), scatter=0.2),
    refuted_by="it serves less than 1.5 times as much",
    note="Above 20 connections httpx 0.28 closes each that becomes idle, and the next request opens a new one. But of "
    "those that are kept, each idle one's socket is polled whenever a request begins or ends. Both sides may open "
    "200; the source raised that limit as well, so its 5 times are of two changes.",
    differs_in={"tool"},
)

_OWN_PART = (
    "The source times drivers alone, and often queries of many rows. Here one row is fetched by its key, and FastAPI's "
    "own part of a request, which no driver changes, is in both figures."
)
claim(
    "B19",
    "asyncpg-five-times-psycopg",
    "With 80 users, asyncpg serves a lookup at least 5 times as much as psycopg 3, both awaited",
    "asyncpg's README: on average 5 times faster than psycopg 3, by its makers' benchmark of June 2023",
    _lookup(ASYNCPG, PSYCOPG, at_least(5)),
    refuted_by="asyncpg serves less than 5 times as much",
    note=_OWN_PART,
    differs_in={"tool"},
)
claim(
    "B19b",
    "asyncpg-faster-than-psycopg",
    "With 80 users, asyncpg serves a lookup at least 1.2 times as much as psycopg 3, both awaited",
    "theory: of 5 times in the driver, less is left where the driver is a part of the request",
    _lookup(ASYNCPG, PSYCOPG, at_least(1.2)),
    refuted_by="asyncpg serves less than 1.2 times as much",
    note=_OWN_PART,
    differs_in={"tool"},
)
claim(
    "B19c",
    "asyncpg-three-times-psycopg2",
    "With 80 users, asyncpg in async def serves a lookup at least 3 times as much as psycopg2 in def",
    "asyncpg's README until 2023: on average 3 times faster than psycopg2, by its makers' benchmark of November 2020",
    _lookup(ASYNCPG, PSYCOPG2_DEF, at_least(3)),
    refuted_by="asyncpg serves less than 3 times as much",
    note=f"{_OWN_PART} The style differs as the drivers want it, and def pays a hop to a thread.",
    differs_in={"tool", "style"},
)

_BAYER = "Mike Bayer, «Asynchronous Python and Databases» (2015): asyncio will almost certainly hinder CRUD code"
claim(
    "B21",
    "sqlalchemy-async-hinders-crud",
    "With 80 users, SQLAlchemy's async engine serves a lookup at most 0.9 times as much as its sync one in def",
    f"{_BAYER}; it belongs behind a thread pool",
    _lookup(SQLALCHEMY, SQLALCHEMY_DEF, at_most(0.9)),
    refuted_by="the async engine serves more than 0.9 times as much",
    note="The async engine runs the sync one's code in a greenlet, and switches to the loop and back at every await. "
    "A def route pays a thread hop instead. The drivers differ as is usual: asyncpg here, psycopg 3 there. B21b does "
    "without either difference.",
    differs_in={"style"},
)
claim(
    "B21b",
    "async-hinders-crud",
    "With 80 users, psycopg 3 serves a lookup at most 0.9 times as much awaited as in def",
    _BAYER,
    _lookup(PSYCOPG, PSYCOPG_DEF, at_most(0.9)),
    refuted_by="awaited, it is served more than 0.9 times as much",
    note="The same driver and the same pool size on both sides. Awaiting costs turns of the loop. A def route costs a "
    "hop to a thread, and its threads contend for the GIL.",
    differs_in={"style"},
)

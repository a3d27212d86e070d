"""Claims about pools, SQLite and files: B20, B22, B25."""

from experiment.design.claims.table import NO_LESS, claim, ratio, saturated
from experiment.design.model import Comparison, Interval, at_least, at_most

PSYCOPG2, ASYNCPG = "db.def.psycopg2", "db.async-native.asyncpg"
SQLITE3, AIOSQLITE = "sqlite.def.sqlite3", "sqlite.async-native.aiosqlite"
OPEN, OPEN_ON_LOOP, AIOFILES = "file.def.open", "file.async-blocking.open", "file.async-native.aiofiles"


def _served(treatment: str, baseline: str, expected: Interval, load: str = "closed-20") -> Comparison:
    return saturated(treatment, baseline, expected, load=load, scatter=0.165)


claim(
    "B20",
    "pooling-matters",
    "With 20 users, a lookup has at least twice the goodput from a pool that it has with a connection for each "
    "request: psycopg2 in def, and asyncpg in async def",
    "an answer on Stack Overflow about asyncpg's pool: a thousand lookups, one after the other, take 0.234 s with a "
    "pool and 1.568 s with a connection each; so pooling is said to matter more than style",
    ratio(f"{PSYCOPG2}-plain", f"{PSYCOPG2}-per-request-plain", load="closed-20", expected=at_least(2), scatter=0.15),
    ratio(f"{ASYNCPG}-plain", f"{ASYNCPG}-per-request-plain", load="closed-20", expected=at_least(2), scatter=0.15),
    refuted_by="the pool gives less than twice the goodput with one of the two",
    differs_in={"tool"},
    note="A new connection is a TCP connection, a process that PostgreSQL starts, and a password to check: several "
    "round trips and some CPU on both sides. The lookup itself is one round trip.",
)
claim(
    "B20b",
    "style-matters-less-than-pooling",
    "With 20 users and pools of the same size, asyncpg in async def and psycopg2 in def differ by less than 1.5 times "
    "for a lookup",
    "the other half of B20: with a pool, style matters less than the pool does",
    _served(f"{ASYNCPG}-plain", f"{PSYCOPG2}-plain", Interval(1 / 1.5, 1.5)),
    refuted_by="one has more than 1.5 times the goodput of the other",
    differs_in={"style", "tool"},
    note="Both send one statement over an open connection. Style and driver differ together, because there is no "
    "driver for both.",
)
claim(
    "B22",
    "aiosqlite-pays-for-each-call",
    "With 8 users, a hundred lookups a request have at most a tenth of the goodput with aiosqlite that they have with "
    "sqlite3 in def",
    "aiosqlite issue 97: a million inserts in one transaction take 7 s with sqlite3 and about 110 s with aiosqlite",
    _served(f"{AIOSQLITE}-many", f"{SQLITE3}-many", at_most(0.1), load="closed-8-short"),
    refuted_by="aiosqlite keeps more than a tenth of the goodput",
    differs_in={"style", "tool"},
    note="Each await of aiosqlite is a message to the connection's thread and one back; a lookup takes three: execute, "
    "fetchone, close. SQLite itself needs some microseconds for it. The def route makes one hop for all. The limit is "
    "above 7/110, since both sides pay for the request.",
)
claim(
    "B22b",
    "aiosqlite-one-lookup",
    "With 20 users, one lookup a request has at most 0.8 of the goodput with aiosqlite that it has with sqlite3 in def",
    "aiosqlite issue 97, for a route that asks once",
    _served(AIOSQLITE, SQLITE3, at_most(0.8)),
    refuted_by="aiosqlite keeps more than 0.8 of the goodput",
    differs_in={"style", "tool"},
    note="Three messages to a thread against one hop, and the rest of the request is the same for both. The limit "
    "takes a message for as dear as a hop. aiosqlite puts it on a queue for a thread that waits, without the limiter, "
    "the cancel scope and the context that anyio's hop comes with.",
)
claim(
    "B25",
    "aiofiles-pays-for-each-line",
    "With 8 users, a file read line by line has at most a tenth of the goodput with aiofiles that it has with open() "
    "in def",
    "aiofile issue 88: 100,000 iterations take 0.577 s with open() and 107.7 s with aiofiles",
    _served(f"{AIOFILES}-lines", f"{OPEN}-lines", at_most(0.1), load="closed-8-short"),
    refuted_by="aiofiles keeps more than a tenth of the goodput",
    differs_in={"style", "tool"},
    note="aiofiles sends each call to a thread of the loop's executor: 257 hops for 256 lines, besides open and close. "
    "A line itself is a copy within a buffer. The def route makes one hop for all. The limit is far above 0.577/107.7, "
    "since both sides pay for the request.",
)
claim(
    "B25b",
    "aiofiles-whole-file",
    "With 20 users, a file of 64 KiB read whole has at most 0.8 of the goodput with aiofiles that it has with open() "
    "in def",
    "aiofile issue 88, for a route that reads once",
    _served(AIOFILES, OPEN, at_most(0.8)),
    refuted_by="aiofiles keeps more than 0.8 of the goodput",
    differs_in={"style", "tool"},
    note="Three thread hops (open, read, close) against one, and the rest of the request is the same for both.",
)
claim(
    "B25c",
    "aiofiles-against-open-on-the-loop",
    "With 20 users, an async def route that reads a file of 64 KiB with aiofiles serves no less than one that calls "
    "open() on the loop",
    "Sonar's rule S7493: open() in async def blocks the loop and takes away what async is for; it names aiofiles "
    "instead",
    _served(AIOFILES, OPEN_ON_LOOP, NO_LESS),
    refuted_by="aiofiles has less than 0.9 of the goodput",
    differs_in={"style", "tool"},
    note="A file in the page cache is read in some tens of microseconds, less than a thread hop takes. A file that is "
    "not there, or on a network, would block the loop for as long as it takes; this says nothing about such a file.",
)

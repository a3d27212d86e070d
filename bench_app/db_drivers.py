"""The database drivers, each with a pool, made as equal as the drivers allow. To add one, add a row.

Equal for all: settings.db_pool_size connections, opened before the first request and kept (minimum and maximum are the
same). A request that finds none free waits, up to POOL_WAIT_S. Every statement commits by itself, so that one request
is one round trip, and nothing is sent when a connection goes back to its pool. Connections use TCP, as the URL says,
and have the name APPLICATION, by which the harness finds them in pg_stat_activity.

What still differs, because the drivers do:

    psycopg2       puts the parameters into the text itself and sends a simple query: parsed and planned every time.
                   Its pool raises when it is exhausted, so a semaphore in front of it makes requests wait.
    psycopg        server-side parameters; prepared at its first execution on a connection (prepare_threshold=0; by
                   default it would be at the sixth, in the middle of a window).
    asyncpg        prepared at its first execution, binary results. Its pool would send a reset of four statements
                   after every use, a second round trip that no other pool makes: switched off.
    sqlalchemy     Core with textual SQL, on psycopg or on asyncpg set up as above; its own pools.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from bench_app.items import Answer, as_answer
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF
from bench_app.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    import asyncpg
    from psycopg_pool import AsyncConnectionPool, ConnectionPool
    from sqlalchemy import Engine, TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bench_app.settings import Settings
    from bench_app.styles import Style

    Parameters = Mapping[str, float]

APPLICATION = "handlerbench-sut"
# Longer than any load lasts: a slow answer must be slow, not an error, in all alike.
POOL_WAIT_S = 60.0
OPEN_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DbDriver:
    """A row: how the driver's pool is opened, its package, and how it fetches (`fetch` is async where it is awaited).

    `tool` stands in the variants' ids; a driver with two interfaces has two rows of one tool. `key` and `wait_s` are
    how its SQL writes the two parameters. `words` name it in a summary.
    """

    name: str
    tool: str
    package: str
    words: str
    styles: tuple[Style, ...]
    key: str
    wait_s: str
    open: Callable[[Settings], AbstractAsyncContextManager[Any]]
    fetch: Callable[[Any, str, Parameters], Any]


DB_DRIVERS: Table[DbDriver] = Table("database driver")


class PoolExhaustedError(RuntimeError):
    """No connection came free within POOL_WAIT_S seconds."""


class WaitingPool:
    """psycopg2's thread-safe pool, made to wait when it is exhausted instead of raising.

    One call holds one connection from beginning to end. So a blocking handler on the loop cannot deadlock here: it
    never gives up the loop's thread while it holds a connection, and there is always one free.
    """

    def __init__(self, url: str, size: int) -> None:
        """Open `size` connections. Raises psycopg2.OperationalError."""
        from psycopg2.pool import ThreadedConnectionPool

        self._free = threading.BoundedSemaphore(size)
        self._pool = ThreadedConnectionPool(size, size, dsn=url, application_name=APPLICATION)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection in autocommit mode; raises PoolExhaustedError after POOL_WAIT_S seconds."""
        if not self._free.acquire(timeout=POOL_WAIT_S):
            raise PoolExhaustedError(f"no connection came free within {POOL_WAIT_S:g} s")
        try:
            connection = self._pool.getconn()
            try:
                connection.autocommit = True  # a flag on our side, no round trip; the pool has no hook to set it once
                yield connection
            finally:
                self._pool.putconn(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        self._pool.closeall()


def _url(settings: Settings) -> str:
    if settings.database_url is None:  # the app enables no db variant without one
        raise RuntimeError("a pool cannot be opened without BENCH_DATABASE_URL")
    return settings.database_url


def _require_server(url: str) -> None:
    """Connect once. Raises psycopg.OperationalError: psycopg's pools would go on trying until OPEN_LIMIT_S is over."""
    import psycopg

    psycopg.connect(url).close()


def _psycopg_options() -> dict[str, Any]:
    return {"prepare_threshold": 0, "application_name": APPLICATION}


def _psycopg_pool(settings: Settings) -> dict[str, Any]:
    """Return the options of psycopg's pools, which open when they are entered."""
    return {
        "conninfo": _url(settings),
        "min_size": settings.db_pool_size,
        "max_size": settings.db_pool_size,
        "timeout": POOL_WAIT_S,
        "kwargs": _psycopg_options() | {"autocommit": True},
        "open": False,
    }


@asynccontextmanager
async def _open_psycopg2(settings: Settings) -> AsyncIterator[WaitingPool]:
    pool = WaitingPool(_url(settings), settings.db_pool_size)
    try:
        yield pool
    finally:
        pool.close()


@asynccontextmanager
async def _open_psycopg(settings: Settings) -> AsyncIterator[ConnectionPool]:
    from psycopg_pool import ConnectionPool

    _require_server(_url(settings))
    with ConnectionPool(**_psycopg_pool(settings)) as pool:
        pool.wait(OPEN_LIMIT_S)
        yield pool


@asynccontextmanager
async def _open_psycopg_async(settings: Settings) -> AsyncIterator[AsyncConnectionPool]:
    from psycopg_pool import AsyncConnectionPool

    _require_server(_url(settings))
    async with AsyncConnectionPool(**_psycopg_pool(settings)) as pool:
        await pool.wait(OPEN_LIMIT_S)
        yield pool


async def _leave_as_it_is(_: Any) -> None:
    """Replace asyncpg's reset: the statements here leave nothing in a session that would need one."""


@asynccontextmanager
async def _open_asyncpg(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    import asyncpg

    async with asyncpg.create_pool(
        _url(settings),
        min_size=settings.db_pool_size,
        max_size=settings.db_pool_size,
        # by default it would replace connections after 50,000 queries, or when idle; the other pools keep theirs
        max_queries=2**31,
        max_inactive_connection_lifetime=0,
        reset=_leave_as_it_is,
        server_settings={"application_name": APPLICATION},
    ) as pool:
        yield pool


@asynccontextmanager
async def _open_sqlalchemy(settings: Settings) -> AsyncIterator[Engine]:
    # the connections are made by psycopg itself (`creator`), so that every driver reads one and the same URL
    import psycopg
    from sqlalchemy import create_engine

    url = _url(settings)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, **_psycopg_options()),
        pool_size=settings.db_pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        isolation_level="AUTOCOMMIT",
    )
    try:
        with ExitStack() as all_at_once:
            for _ in range(settings.db_pool_size):
                all_at_once.enter_context(engine.connect())
        yield engine
    finally:
        engine.dispose()


@asynccontextmanager
async def _open_sqlalchemy_async(settings: Settings) -> AsyncIterator[AsyncEngine]:
    import asyncpg
    from sqlalchemy.ext.asyncio import create_async_engine

    url = _url(settings)
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(url, server_settings={"application_name": APPLICATION}),
        pool_size=settings.db_pool_size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        isolation_level="AUTOCOMMIT",
    )
    try:
        async with AsyncExitStack() as all_at_once:
            connections = await asyncio.gather(*(engine.connect() for _ in range(settings.db_pool_size)))
            for connection in connections:
                all_at_once.push_async_callback(connection.close)
        yield engine
    finally:
        await engine.dispose()


def _by_psycopg2(pool: WaitingPool, sql: str, parameters: Parameters) -> Answer:
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return as_answer(cursor.fetchone())


def _by_psycopg(pool: ConnectionPool[Any], sql: str, parameters: Parameters) -> Answer:
    with pool.connection() as connection:
        return as_answer(connection.execute(sql, parameters).fetchone())


async def _by_psycopg_async(pool: AsyncConnectionPool[Any], sql: str, parameters: Parameters) -> Answer:
    async with pool.connection() as connection:
        cursor = await connection.execute(sql, parameters)
        return as_answer(await cursor.fetchone())


async def _by_asyncpg(pool: asyncpg.Pool, sql: str, parameters: Parameters) -> Answer:
    async with pool.acquire(timeout=POOL_WAIT_S) as connection:
        return as_answer(await connection.fetchrow(sql, *parameters.values()))


@cache
def _text(sql: str) -> TextClause:
    from sqlalchemy import text

    return text(sql)


def _by_sqlalchemy(engine: Engine, sql: str, parameters: Parameters) -> Answer:
    with engine.connect() as connection:
        return as_answer(connection.execute(_text(sql), parameters).one())


async def _by_sqlalchemy_async(engine: AsyncEngine, sql: str, parameters: Parameters) -> Answer:
    async with engine.connect() as connection:
        return as_answer((await connection.execute(_text(sql), parameters)).one())


_PERCENT, _DOLLAR, _COLON = ("%(key)s", "%(wait_s)s"), ("$1", "$2"), (":key", ":wait_s")
"""How drivers write the two parameters in SQL."""

_AWAITED, _IN_THREADS, _EVERY_SYNC = (ASYNC_NATIVE,), (DEF,), (ASYNC_BLOCKING, DEF, ASYNC_OFFLOAD)


def _driver(  # noqa: PLR0917 - one line a driver
    name: str,
    tool: str,
    package: str,
    words: str,
    styles: tuple[Style, ...],
    parameters: tuple[str, str],
    open_pool: Callable[[Settings], AbstractAsyncContextManager[Any]],
    fetch: Callable[[Any, str, Parameters], Any],
) -> DbDriver:
    key, wait_s = parameters
    row = DbDriver(
        name=name,
        tool=tool,
        package=package,
        words=words,
        styles=styles,
        key=key,
        wait_s=wait_s,
        open=open_pool,
        fetch=fetch,
    )
    return DB_DRIVERS.add(row)


_driver("asyncpg", "asyncpg", "asyncpg", "asyncpg", _AWAITED, _DOLLAR, _open_asyncpg, _by_asyncpg)
_driver("psycopg-async", "psycopg", "psycopg", "psycopg 3", _AWAITED, _PERCENT, _open_psycopg_async, _by_psycopg_async)
_driver(
    "sqlalchemy-async",
    "sqlalchemy",
    "sqlalchemy",
    "SQLAlchemy on asyncpg",
    _AWAITED,
    _COLON,
    _open_sqlalchemy_async,
    _by_sqlalchemy_async,
)
_driver("psycopg2", "psycopg2", "psycopg2-binary", "psycopg2", _EVERY_SYNC, _PERCENT, _open_psycopg2, _by_psycopg2)
_driver("psycopg", "psycopg", "psycopg", "psycopg 3", _IN_THREADS, _PERCENT, _open_psycopg, _by_psycopg)
_driver(
    "sqlalchemy",
    "sqlalchemy",
    "sqlalchemy",
    "SQLAlchemy on psycopg 3",
    _IN_THREADS,
    _COLON,
    _open_sqlalchemy,
    _by_sqlalchemy,
)

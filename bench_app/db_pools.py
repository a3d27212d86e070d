"""The pools of the database drivers, made as equal as the drivers allow.

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

`unpooled` is no pool: what uses it connects for each request.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import asyncpg
    from psycopg_pool import AsyncConnectionPool, ConnectionPool
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bench_app.settings import Settings

APPLICATION = "handlerbench-sut"
# Longer than any load lasts: a slow answer must be slow, not an error, in all alike.
POOL_WAIT_S = 60.0
OPEN_LIMIT_S = 20.0


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
async def open_psycopg2(settings: Settings) -> AsyncIterator[WaitingPool]:
    pool = WaitingPool(_url(settings), settings.db_pool_size)
    try:
        yield pool
    finally:
        pool.close()


@asynccontextmanager
async def open_psycopg(settings: Settings) -> AsyncIterator[ConnectionPool]:
    from psycopg_pool import ConnectionPool

    _require_server(_url(settings))
    with ConnectionPool(**_psycopg_pool(settings)) as pool:
        pool.wait(OPEN_LIMIT_S)
        yield pool


@asynccontextmanager
async def open_psycopg_async(settings: Settings) -> AsyncIterator[AsyncConnectionPool]:
    from psycopg_pool import AsyncConnectionPool

    _require_server(_url(settings))
    async with AsyncConnectionPool(**_psycopg_pool(settings)) as pool:
        await pool.wait(OPEN_LIMIT_S)
        yield pool


async def _leave_as_it_is(_: Any) -> None:
    """Replace asyncpg's reset: the statements here leave nothing in a session that would need one."""


@asynccontextmanager
async def open_asyncpg(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
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
async def open_sqlalchemy(settings: Settings) -> AsyncIterator[Engine]:
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
async def open_sqlalchemy_async(settings: Settings) -> AsyncIterator[AsyncEngine]:
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


def unpooled(package: str) -> Callable[[Settings], AbstractAsyncContextManager[str]]:
    """Return what opens nothing: it loads the package, and lends the URL to connect to."""

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[str]:
        import_module(package)
        yield _url(settings)

    return opened

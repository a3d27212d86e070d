"""SQLite through two libraries: sqlite3 for threads, and aiosqlite, which gives each connection a thread of its own.

Equal for both: the file, settings.db_pool_size connections that stay open, and a request that finds none free waits.
"""

from __future__ import annotations

import asyncio
import queue
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from bench_app.db_pools import POOL_WAIT_S
from bench_app.items import row
from bench_app.resources import Opened
from bench_app.sample_files import temporary_path

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import aiosqlite

    from bench_app.settings import Settings

ROWS = 1_000
_CREATE = """
    CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL, digest TEXT NOT NULL)
"""


def make_database(path: Path) -> None:
    """Write the table with its rows, which follow the same rule as PostgreSQL's. Raises sqlite3.Error."""
    import sqlite3

    connection = sqlite3.connect(path)
    try:
        connection.execute(_CREATE)
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", map(row, range(1, ROWS + 1)))
        connection.commit()
    finally:
        connection.close()


class ThreadPool:
    """Connections of sqlite3 that any thread may use, one thread at a time."""

    def __init__(self, path: Path, size: int) -> None:
        """Open `size` connections. Raises sqlite3.Error."""
        import sqlite3

        self._free: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._all = [sqlite3.connect(path, isolation_level=None, check_same_thread=False) for _ in range(size)]
        for connection in self._all:
            self._free.put(connection)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection. Raises queue.Empty after POOL_WAIT_S seconds."""
        connection = self._free.get(timeout=POOL_WAIT_S)
        try:
            yield connection
        finally:
            self._free.put(connection)

    def close(self) -> None:
        for connection in self._all:
            connection.close()


class LoopPool:
    """Connections of aiosqlite, for the loop that opened them."""

    def __init__(self, connections: list[aiosqlite.Connection]) -> None:
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[aiosqlite.Connection]:
        """Lend a connection. Raises TimeoutError after POOL_WAIT_S seconds."""
        connection = await self._taken()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)

    async def _taken(self) -> aiosqlite.Connection:
        if not self._free.empty():
            return self._free.get_nowait()
        async with asyncio.timeout(POOL_WAIT_S):
            return await self._free.get()


@asynccontextmanager
async def _open_sqlite3(settings: Settings) -> AsyncIterator[ThreadPool]:
    with temporary_path("items.sqlite") as path:
        make_database(path)
        pool = ThreadPool(path, settings.db_pool_size)
        try:
            yield pool
        finally:
            pool.close()


@asynccontextmanager
async def _open_aiosqlite(settings: Settings) -> AsyncIterator[LoopPool]:
    import aiosqlite

    with temporary_path("items.sqlite") as path:
        make_database(path)
        async with AsyncExitStack() as stack:
            opened = [aiosqlite.connect(path, isolation_level=None) for _ in range(settings.db_pool_size)]
            yield LoopPool([await stack.enter_async_context(connection) for connection in opened])


SQLITE3 = Opened(name="sqlite3", open=_open_sqlite3)
AIOSQLITE = Opened(name="aiosqlite", open=_open_aiosqlite)

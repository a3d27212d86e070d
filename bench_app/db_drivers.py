"""The database drivers: how each fetches a row through its pool. To add one, add a row.

db_pools.py opens the pools, and says what is equal for all drivers and what is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from bench_app.db_pools import (
    APPLICATION,
    POOL_WAIT_S,
    WaitingPool,
    open_asyncpg,
    open_psycopg,
    open_psycopg2,
    open_psycopg_async,
    open_sqlalchemy,
    open_sqlalchemy_async,
    unpooled,
)
from bench_app.items import Answer, as_answer
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF
from bench_app.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    import asyncpg
    from psycopg_pool import AsyncConnectionPool, ConnectionPool
    from sqlalchemy import Engine, TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bench_app.settings import Settings
    from bench_app.styles import Style

    Parameters = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DbDriver:
    """A row: how the driver's pool is opened, its package, and how it fetches (`fetch` is async where it is awaited).

    `tool` stands in the variants' ids; a driver with two interfaces has two rows of one tool. `key` and `wait_s` are
    how its SQL writes the two parameters. `words` name it in a summary. Without a pool, `open` lends the URL.
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
    is_pooled: bool = True


DB_DRIVERS: Table[DbDriver] = Table("database driver")


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


def _by_psycopg2_connecting(url: str, sql: str, parameters: Parameters) -> Answer:
    import psycopg2

    connection = psycopg2.connect(url, application_name=APPLICATION)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return as_answer(cursor.fetchone() or ())
    finally:
        connection.close()


async def _by_asyncpg_connecting(url: str, sql: str, parameters: Parameters) -> Answer:
    import asyncpg

    connection = await asyncpg.connect(url, server_settings={"application_name": APPLICATION})
    try:
        return as_answer(await connection.fetchrow(sql, *parameters.values()))
    finally:
        await connection.close()


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
    *,
    is_pooled: bool = True,
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
        is_pooled=is_pooled,
    )
    return DB_DRIVERS.add(row)


_driver("asyncpg", "asyncpg", "asyncpg", "asyncpg", _AWAITED, _DOLLAR, open_asyncpg, _by_asyncpg)
_driver("psycopg-async", "psycopg", "psycopg", "psycopg 3", _AWAITED, _PERCENT, open_psycopg_async, _by_psycopg_async)
_driver(
    "sqlalchemy-async",
    "sqlalchemy",
    "sqlalchemy",
    "SQLAlchemy on asyncpg",
    _AWAITED,
    _COLON,
    open_sqlalchemy_async,
    _by_sqlalchemy_async,
)
_driver("psycopg2", "psycopg2", "psycopg2-binary", "psycopg2", _EVERY_SYNC, _PERCENT, open_psycopg2, _by_psycopg2)
_driver("psycopg", "psycopg", "psycopg", "psycopg 3", _IN_THREADS, _PERCENT, open_psycopg, _by_psycopg)
_driver(
    "sqlalchemy",
    "sqlalchemy",
    "sqlalchemy",
    "SQLAlchemy on psycopg 3",
    _IN_THREADS,
    _COLON,
    open_sqlalchemy,
    _by_sqlalchemy,
)
_driver(
    "psycopg2-per-request",
    "psycopg2-per-request",
    "psycopg2-binary",
    "psycopg2, connecting each time",
    _IN_THREADS,
    _PERCENT,
    unpooled("psycopg2"),
    _by_psycopg2_connecting,
    is_pooled=False,
)
_driver(
    "asyncpg-per-request",
    "asyncpg-per-request",
    "asyncpg",
    "asyncpg, connecting each time",
    _AWAITED,
    _DOLLAR,
    unpooled("asyncpg"),
    _by_asyncpg_connecting,
    is_pooled=False,
)

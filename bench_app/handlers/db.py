"""Asking a database: one row by its key, with a wait of settings.query_s on the server, or (`-plain`) without.

The same statement for all (see items.py), through pools of the same size (see pools.py for what else is equal, and
what is not). Whoever finds no free connection waits for one.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from fastapi import Request  # noqa: TC002 - FastAPI reads the handlers' annotations
from fastapi.concurrency import run_in_threadpool

from bench_app.items import EXPECTED, KEY, LOOKUP, WAITING_LOOKUP, Answer, as_answer
from bench_app.pools import POOL_WAIT_S
from bench_app.registry import Resource, Shared, Style, Work, variant
from bench_app.resources import bench

if TYPE_CHECKING:
    import asyncpg
    from psycopg_pool import AsyncConnectionPool, ConnectionPool
    from sqlalchemy import Engine, TextClause
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bench_app.pools import WaitingPool

_variant = partial(variant, work=Work.DB, expected=EXPECTED, needs=(Resource.DATABASE,))
waiting = partial(_variant, base_s=0.05)
plain = partial(_variant, family="db-plain", base_s=0.0)

# %s-style, by name: psycopg2 and psycopg
PY_LOOKUP = LOOKUP.format(key="%(key)s")
PY_WAITING = WAITING_LOOKUP.format(key="%(key)s", wait_s="%(wait_s)s")
PG_LOOKUP = LOOKUP.format(key="$1")
PG_WAITING = WAITING_LOOKUP.format(key="$1", wait_s="$2")


def _wait_s(request: Request) -> float:
    return bench(request).settings.query_s


def _by_psycopg2(request: Request, sql: str) -> Answer:
    pool: WaitingPool = bench(request).shared[Shared.PSYCOPG2]
    with pool.connection() as connection, connection.cursor() as cursor:
        cursor.execute(sql, {"key": KEY, "wait_s": _wait_s(request)})
        return as_answer(cursor.fetchone())


def _by_psycopg(request: Request, sql: str) -> Answer:
    pool: ConnectionPool[Any] = bench(request).shared[Shared.PSYCOPG]
    with pool.connection() as connection:
        return as_answer(connection.execute(sql, {"key": KEY, "wait_s": _wait_s(request)}).fetchone())


async def _by_psycopg_async(request: Request, sql: str) -> Answer:
    pool: AsyncConnectionPool[Any] = bench(request).shared[Shared.PSYCOPG_ASYNC]
    async with pool.connection() as connection:
        cursor = await connection.execute(sql, {"key": KEY, "wait_s": _wait_s(request)})
        return as_answer(await cursor.fetchone())


async def _by_asyncpg(request: Request, sql: str, *parameters: float) -> Answer:
    pool: asyncpg.Pool = bench(request).shared[Shared.ASYNCPG]
    async with pool.acquire(timeout=POOL_WAIT_S) as connection:
        return as_answer(await connection.fetchrow(sql, *parameters))


@cache
def _text(template: str) -> TextClause:
    from sqlalchemy import text

    return text(template.format(key=":key", wait_s=":wait_s"))


def _by_sqlalchemy(request: Request, template: str, **parameters: float) -> Answer:
    engine: Engine = bench(request).shared[Shared.SQLALCHEMY]
    with engine.connect() as connection:
        return as_answer(connection.execute(_text(template), parameters).one())


async def _by_sqlalchemy_async(request: Request, template: str, **parameters: float) -> Answer:
    engine: AsyncEngine = bench(request).shared[Shared.SQLALCHEMY_ASYNC]
    async with engine.connect() as connection:
        return as_answer((await connection.execute(_text(template), parameters)).one())


@waiting(style=Style.ASYNC_NATIVE, tool="asyncpg", uses=Shared.ASYNCPG)
async def async_asyncpg(request: Request) -> Answer:
    """Await asyncpg."""
    return await _by_asyncpg(request, PG_WAITING, KEY, _wait_s(request))


@plain(style=Style.ASYNC_NATIVE, tool="asyncpg-plain", uses=Shared.ASYNCPG)
async def async_asyncpg_plain(request: Request) -> Answer:
    """Await asyncpg; the query does not wait."""
    return await _by_asyncpg(request, PG_LOOKUP, KEY)


@waiting(style=Style.ASYNC_NATIVE, tool="psycopg", uses=Shared.PSYCOPG_ASYNC)
async def async_psycopg(request: Request) -> Answer:
    """Await psycopg 3."""
    return await _by_psycopg_async(request, PY_WAITING)


@plain(style=Style.ASYNC_NATIVE, tool="psycopg-plain", uses=Shared.PSYCOPG_ASYNC)
async def async_psycopg_plain(request: Request) -> Answer:
    """Await psycopg 3; the query does not wait."""
    return await _by_psycopg_async(request, PY_LOOKUP)


@waiting(style=Style.ASYNC_NATIVE, tool="sqlalchemy", uses=Shared.SQLALCHEMY_ASYNC)
async def async_sqlalchemy(request: Request) -> Answer:
    """Await SQLAlchemy on asyncpg."""
    return await _by_sqlalchemy_async(request, WAITING_LOOKUP, key=KEY, wait_s=_wait_s(request))


@plain(style=Style.ASYNC_NATIVE, tool="sqlalchemy-plain", uses=Shared.SQLALCHEMY_ASYNC)
async def async_sqlalchemy_plain(request: Request) -> Answer:
    """Await SQLAlchemy on asyncpg; the query does not wait."""
    return await _by_sqlalchemy_async(request, LOOKUP, key=KEY)


@waiting(style=Style.ASYNC_BLOCKING, tool="psycopg2", uses=Shared.PSYCOPG2)
async def blocking_psycopg2(request: Request) -> Answer:
    """Call psycopg2 on the loop: nobody is served while the database thinks."""
    return _by_psycopg2(request, PY_WAITING)


@plain(style=Style.ASYNC_BLOCKING, tool="psycopg2-plain", uses=Shared.PSYCOPG2)
async def blocking_psycopg2_plain(request: Request) -> Answer:
    """Call psycopg2 on the loop; the query does not wait."""
    return _by_psycopg2(request, PY_LOOKUP)


@waiting(style=Style.DEF, tool="psycopg2", uses=Shared.PSYCOPG2)
def def_psycopg2(request: Request) -> Answer:
    """Call psycopg2 in a def handler's thread."""
    return _by_psycopg2(request, PY_WAITING)


@plain(style=Style.DEF, tool="psycopg2-plain", uses=Shared.PSYCOPG2)
def def_psycopg2_plain(request: Request) -> Answer:
    """Call psycopg2 in a def handler's thread; the query does not wait."""
    return _by_psycopg2(request, PY_LOOKUP)


@waiting(style=Style.DEF, tool="psycopg", uses=Shared.PSYCOPG)
def def_psycopg(request: Request) -> Answer:
    """Call psycopg 3 in a def handler's thread."""
    return _by_psycopg(request, PY_WAITING)


@plain(style=Style.DEF, tool="psycopg-plain", uses=Shared.PSYCOPG)
def def_psycopg_plain(request: Request) -> Answer:
    """Call psycopg 3 in a def handler's thread; the query does not wait."""
    return _by_psycopg(request, PY_LOOKUP)


@waiting(style=Style.DEF, tool="sqlalchemy", uses=Shared.SQLALCHEMY)
def def_sqlalchemy(request: Request) -> Answer:
    """Call SQLAlchemy on psycopg 3 in a def handler's thread."""
    return _by_sqlalchemy(request, WAITING_LOOKUP, key=KEY, wait_s=_wait_s(request))


@plain(style=Style.DEF, tool="sqlalchemy-plain", uses=Shared.SQLALCHEMY)
def def_sqlalchemy_plain(request: Request) -> Answer:
    """Call SQLAlchemy on psycopg 3 in a def handler's thread; the query does not wait."""
    return _by_sqlalchemy(request, LOOKUP, key=KEY)


@waiting(style=Style.ASYNC_OFFLOAD, tool="psycopg2", uses=Shared.PSYCOPG2)
async def offload_psycopg2(request: Request) -> Answer:
    """Offload psycopg2 with run_in_threadpool."""
    return await run_in_threadpool(_by_psycopg2, request, PY_WAITING)


@plain(style=Style.ASYNC_OFFLOAD, tool="psycopg2-plain", uses=Shared.PSYCOPG2)
async def offload_psycopg2_plain(request: Request) -> Answer:
    """Offload psycopg2 with run_in_threadpool; the query does not wait."""
    return await run_in_threadpool(_by_psycopg2, request, PY_LOOKUP)

"""What requests share: opened once in the lifespan, only where an enabled variant uses it.

One function for each `Shared` member, listed in `OPENERS`: an async context manager that loads its library, opens
the thing, and closes it at shutdown. Every pool has the same size, or the chart would compare defaults. The
databases' pools have a module of their own, pools.py.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bench_app import pools
from bench_app.parsers import ParserPool
from bench_app.registry import Shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import aiohttp
    import httpx
    import httpx2
    import requests
    from fastapi import Request

    from bench_app.probe import ServedCounter
    from bench_app.settings import Settings

# More than any load's users, so no client ever makes a request wait for a connection. Kept alive all of them: httpx
# 0.28 closes idle connections beyond its keep-alive limit (20 by default) after each answer, and at 60 in flight
# opens three and a half times the connections that aiohttp and httpx2 open.
CONNECTIONS = 200
# httpx would give up after 5 s and aiohttp after 300: a slow answer must be slow, not an error, in all alike.
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a handler can reach through its request: `bench(request)`."""

    settings: Settings
    shared: Mapping[Shared, Any]
    count_served: ServedCounter


def bench(request: Request) -> Bench:
    """Return what the lifespan prepared for the handlers of this app."""
    prepared: Bench = request.app.state.bench
    return prepared


@asynccontextmanager
async def open_httpx(_: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Open the shared httpx client."""
    import httpx

    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(limits=limits, timeout=TIMEOUT_S) as client:
        yield client


@asynccontextmanager
async def open_httpx2(_: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Open the shared httpx2 client."""
    import httpx2

    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx2.AsyncClient(limits=limits, timeout=TIMEOUT_S) as client:
        yield client


@asynccontextmanager
async def open_aiohttp(_: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """Open the shared aiohttp session."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


@asynccontextmanager
async def open_session(_: Settings) -> AsyncIterator[requests.Session]:
    """Open the shared requests session.

    requests never promised that threads may share one; used as here (no cookies, nothing changed after this) only
    urllib3's pool is shared, which is made for it.
    """
    import requests
    from requests.adapters import HTTPAdapter

    with requests.Session() as session:
        # One host; with the default of 10 connections the 11th thread's would be thrown away after each answer.
        session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
        yield session


@asynccontextmanager
async def open_parsers(settings: Settings) -> AsyncIterator[ParserPool]:
    """Start the PDF parsers' process pool, and wait until every worker is ready."""
    async with ParserPool(workers=settings.process_workers) as pool:
        yield pool


OPENERS: Mapping[Shared, Callable[[Settings], AbstractAsyncContextManager[Any]]] = MappingProxyType(
    {
        Shared.HTTPX: open_httpx,
        Shared.HTTPX2: open_httpx2,
        Shared.AIOHTTP: open_aiohttp,
        Shared.SESSION: open_session,
        Shared.PSYCOPG2: pools.open_psycopg2,
        Shared.PSYCOPG: pools.open_psycopg,
        Shared.PSYCOPG_ASYNC: pools.open_psycopg_async,
        Shared.ASYNCPG: pools.open_asyncpg,
        Shared.SQLALCHEMY: pools.open_sqlalchemy,
        Shared.SQLALCHEMY_ASYNC: pools.open_sqlalchemy_async,
        Shared.PARSERS: open_parsers,
    }
)

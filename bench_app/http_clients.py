"""The HTTP clients that http variants ask the upstream with. To add one, add a row: its variants follow from it.

A client is opened once in the lifespan, where an enabled variant uses it, and shared by all requests.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF
from bench_app.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    import aiohttp
    import httpx
    import httpx2
    import requests

    from bench_app.settings import Settings
    from bench_app.styles import Style

# More than any load has users, so no client ever makes a request wait for a connection. All of them are kept alive:
# httpx 0.28 closes idle connections beyond its keep-alive limit (20 by default) after each answer, and at 60 in flight
# opens three and a half times as many as aiohttp and httpx2.
CONNECTIONS = 200
# httpx would give up after 5 s and aiohttp after 300: a slow answer must be slow, not an error, with every client.
TIMEOUT_S = 60.0
# How many idle connections httpx keeps unless told otherwise; it may open 100 by default.
HTTPX_KEPT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpClient:
    """A row: how the client is opened, its package, and how it asks for a URL (`ask` is async where styles await it).

    `summary` says what a variant of it does, after a word for the style: "Await ...", "Call ... on the loop".
    """

    name: str
    package: str
    summary: str
    styles: tuple[Style, ...]
    open: Callable[[Settings], AbstractAsyncContextManager[Any]]
    ask: Callable[[Any, str], Any]


HTTP_CLIENTS: Table[HttpClient] = Table("HTTP client")
_SYNC = (ASYNC_BLOCKING, DEF, ASYNC_OFFLOAD)


def _open_httpx(package: str, kept: int = CONNECTIONS) -> Callable[[Settings], AbstractAsyncContextManager[Any]]:
    """Return how httpx, or httpx2 with the same interface, is opened; `kept`: the idle connections it may keep."""

    @asynccontextmanager
    async def opened(_: Settings) -> AsyncIterator[Any]:
        library = import_module(package)
        limits = library.Limits(max_connections=CONNECTIONS, max_keepalive_connections=kept)
        async with library.AsyncClient(limits=limits, timeout=TIMEOUT_S) as client:
            yield client

    return opened


async def _ask_httpx(client: httpx.AsyncClient | httpx2.AsyncClient, url: str) -> Any:
    r = await client.get(url)
    return r.json()


@asynccontextmanager
async def _open_aiohttp(_: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


async def _ask_aiohttp(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as r:
        return await r.json()


@asynccontextmanager
async def _open_session(_: Settings) -> AsyncIterator[requests.Session]:
    # requests never promised that threads may share a session; used as here (no cookies, nothing changed after this)
    # only urllib3's pool is shared, which is made for it.
    import requests
    from requests.adapters import HTTPAdapter

    with requests.Session() as session:
        # One host; with the default of 10 connections the 11th thread's would be thrown away after each answer.
        session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
        yield session


def _ask_session(session: requests.Session, url: str) -> Any:
    return session.get(url, timeout=TIMEOUT_S).json()


HTTPX = HTTP_CLIENTS.add(
    HttpClient(
        name="httpx",
        package="httpx",
        summary="one shared httpx client",
        styles=(ASYNC_NATIVE,),
        open=_open_httpx("httpx"),
        ask=_ask_httpx,
    )
)
HTTPX2 = HTTP_CLIENTS.add(
    HttpClient(
        name="httpx2",
        package="httpx2",
        summary="one shared httpx2 client",
        styles=(ASYNC_NATIVE,),
        open=_open_httpx("httpx2"),
        ask=_ask_httpx,
    )
)
HTTPX_DEFAULT = HTTP_CLIENTS.add(
    HttpClient(
        name="httpx-default-limits",
        package="httpx",
        summary="one shared httpx client that keeps 20 idle connections, as it does by default",
        styles=(ASYNC_NATIVE,),
        open=_open_httpx("httpx", kept=HTTPX_KEPT),
        ask=_ask_httpx,
    )
)
AIOHTTP = HTTP_CLIENTS.add(
    HttpClient(
        name="aiohttp",
        package="aiohttp",
        summary="one shared aiohttp session",
        styles=(ASYNC_NATIVE,),
        open=_open_aiohttp,
        ask=_ask_aiohttp,
    )
)
SESSION = HTTP_CLIENTS.add(
    HttpClient(
        name="session",
        package="requests",
        summary="one shared requests session",
        styles=_SYNC,
        open=_open_session,
        ask=_ask_session,
    )
)

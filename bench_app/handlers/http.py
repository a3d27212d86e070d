"""Asking another service: what the handler awaits, or blocks on, is an HTTP client.

All ask the upstream stub for the same city's weather and pass its JSON on. Two are the article's own routes, as
written there but for the host.
"""

from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from bench_app.registry import Resource, Shared, Style, Work, variant
from bench_app.resources import TIMEOUT_S, bench
from bench_app.weather import CITY, report

if TYPE_CHECKING:
    import aiohttp
    import httpx
    import httpx2
    import requests

EXPECTED = report(CITY)
NEEDS = (Resource.UPSTREAM,)
BASE_S = 0.1


def _url(request: Request, city: str) -> str:
    return f"{bench(request).settings.upstream_url}/{city}"


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_NATIVE,
    tool="httpx",
    expected=EXPECTED,
    needs=NEEDS,
    uses=Shared.HTTPX,
    base_s=BASE_S,
)
async def async_httpx(request: Request, city: str = CITY) -> Any:
    """Await one shared httpx client."""
    client: httpx.AsyncClient = bench(request).shared[Shared.HTTPX]
    r = await client.get(_url(request, city))
    return r.json()


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_NATIVE,
    tool="httpx-per-request",
    expected=EXPECTED,
    needs=NEEDS,
    imports=("httpx",),
    base_s=BASE_S,
)
async def async_httpx_per_request(request: Request, city: str = CITY) -> Any:
    """Build an httpx client for every request: a TLS context, made on the loop, each time."""
    import httpx

    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        r = await client.get(_url(request, city))
    return r.json()


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_NATIVE,
    tool="httpx2",
    expected=EXPECTED,
    needs=NEEDS,
    uses=Shared.HTTPX2,
    base_s=BASE_S,
)
async def async_httpx2(request: Request, city: str = CITY) -> Any:
    """Await one shared httpx2 client."""
    client: httpx2.AsyncClient = bench(request).shared[Shared.HTTPX2]
    r = await client.get(_url(request, city))
    return r.json()


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_NATIVE,
    tool="aiohttp",
    expected=EXPECTED,
    needs=NEEDS,
    uses=Shared.AIOHTTP,
    base_s=BASE_S,
)
async def async_aiohttp(request: Request, city: str = CITY) -> Any:
    """Await one shared aiohttp session."""
    session: aiohttp.ClientSession = bench(request).shared[Shared.AIOHTTP]
    async with session.get(_url(request, city)) as r:
        return await r.json()


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_NATIVE,
    tool="weather",
    path="/weather/{city}",
    request_path=f"/weather/{CITY}",
    article=True,
    expected=EXPECTED,
    needs=NEEDS,
    imports=("httpx",),
    base_s=BASE_S,
)
async def weather(request: Request, city: str) -> Any:
    """Build an httpx client for every request, with its default timeouts: the article's async route."""
    import httpx

    async with httpx.AsyncClient() as client:
        r = await client.get(_url(request, city))
    return r.json()


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_BLOCKING,
    tool="session",
    expected=EXPECTED,
    needs=NEEDS,
    uses=Shared.SESSION,
    base_s=BASE_S,
)
async def blocking_session(request: Request, city: str = CITY) -> Any:
    """Call a shared requests session on the loop: nobody is served while the upstream thinks."""
    return _get(bench(request).shared[Shared.SESSION], _url(request, city))


@variant(
    work=Work.HTTP,
    style=Style.DEF,
    tool="requests",
    expected=EXPECTED,
    needs=NEEDS,
    imports=("requests",),
    base_s=BASE_S,
)
def def_requests(request: Request, city: str = CITY) -> Any:
    """Call requests.get in a def handler's thread: a new connection for every request."""
    import requests

    return requests.get(_url(request, city), timeout=TIMEOUT_S).json()


@variant(
    work=Work.HTTP,
    style=Style.DEF,
    tool="session",
    expected=EXPECTED,
    needs=NEEDS,
    uses=Shared.SESSION,
    base_s=BASE_S,
)
def def_session(request: Request, city: str = CITY) -> Any:
    """Call a shared requests session in a def handler's thread."""
    return _get(bench(request).shared[Shared.SESSION], _url(request, city))


@variant(
    work=Work.HTTP,
    style=Style.DEF,
    tool="weather-sync",
    path="/weather-sync/{city}",
    request_path=f"/weather-sync/{CITY}",
    article=True,
    expected=EXPECTED,
    needs=NEEDS,
    imports=("requests",),
    base_s=BASE_S,
)
def weather_sync(request: Request, city: str) -> Any:
    """Call requests.get, without a timeout, in a def handler's thread: the article's sync route."""
    import requests

    r = requests.get(_url(request, city))  # noqa: S113 - as the article writes it
    return r.json()


@variant(
    work=Work.HTTP,
    style=Style.ASYNC_OFFLOAD,
    tool="session",
    expected=EXPECTED,
    needs=NEEDS,
    uses=Shared.SESSION,
    base_s=BASE_S,
)
async def offload_session(request: Request, city: str = CITY) -> Any:
    """Offload a shared requests session with run_in_threadpool."""
    return await run_in_threadpool(_get, bench(request).shared[Shared.SESSION], _url(request, city))


def _get(session: "requests.Session", url: str) -> Any:
    return session.get(url, timeout=TIMEOUT_S).json()

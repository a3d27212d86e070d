"""A call to another service: the handler awaits an HTTP client, or blocks on it.

All get the same city's weather from the upstream stub and return its JSON. A client of the table (http_clients.py) is
shared by all requests and gets one variant per style. The other variants are defined below. Two of them are the
article's own routes, unchanged except for the host.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from bench_app.http_clients import HTTP_CLIENTS, TIMEOUT_S, HttpClient
from bench_app.registry import Resource, variant
from bench_app.resources import bench
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, ASYNC_OFFLOAD, DEF, Style
from bench_app.weather import CITY, report
from bench_app.works import HTTP

_variant = partial(variant, work=HTTP, expected=report(CITY), needs=(Resource.UPSTREAM,))


def _url(request: Request, city: str) -> str:
    return f"{bench(request).settings.upstream_url}/{city}"


def _native(client: HttpClient) -> Callable[..., Any]:
    async def async_native(request: Request, city: str = CITY) -> Any:
        return await client.ask(bench(request).shared[client.name], _url(request, city))

    return async_native


def _blocking(client: HttpClient) -> Callable[..., Any]:
    async def async_blocking(request: Request, city: str = CITY) -> Any:
        return client.ask(bench(request).shared[client.name], _url(request, city))

    return async_blocking


def _def(client: HttpClient) -> Callable[..., Any]:
    def plain_def(request: Request, city: str = CITY) -> Any:
        return client.ask(bench(request).shared[client.name], _url(request, city))

    return plain_def


def _offload(client: HttpClient) -> Callable[..., Any]:
    async def async_offload(request: Request, city: str = CITY) -> Any:
        return await run_in_threadpool(client.ask, bench(request).shared[client.name], _url(request, city))

    return async_offload


_HANDLERS: dict[Style, tuple[Callable[[HttpClient], Callable[..., Any]], str]] = {
    ASYNC_NATIVE: (_native, "Await {}."),
    ASYNC_BLOCKING: (_blocking, "Call {} on the loop: nobody is served while the upstream thinks."),
    DEF: (_def, "Call {} in a def handler's thread."),
    ASYNC_OFFLOAD: (_offload, "Offload {} with run_in_threadpool."),
}

for _client in HTTP_CLIENTS.values():
    for _style in _client.styles:
        _make, _says = _HANDLERS[_style]
        _variant(style=_style, tool=_client.name, uses=_client, summary=_says.format(_client.summary))(_make(_client))


@_variant(style=ASYNC_NATIVE, tool="httpx-per-request", imports=("httpx",))
async def async_httpx_per_request(request: Request, city: str = CITY) -> Any:
    """Build an httpx client for every request: this makes a TLS context on the loop each time."""
    import httpx

    async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
        r = await client.get(_url(request, city))
    return r.json()


@_variant(
    style=ASYNC_NATIVE,
    tool="weather",
    path="/weather/{city}",
    request_path=f"/weather/{CITY}",
    article=True,
    imports=("httpx",),
)
async def weather(request: Request, city: str) -> Any:
    """Build an httpx client for every request, with its default timeouts: the article's async route."""
    import httpx

    async with httpx.AsyncClient() as client:
        r = await client.get(_url(request, city))
    return r.json()


@_variant(style=DEF, tool="requests", imports=("requests",))
def def_requests(request: Request, city: str = CITY) -> Any:
    """Call requests.get in a def handler's thread: a new connection for every request."""
    import requests

    return requests.get(_url(request, city), timeout=TIMEOUT_S).json()


@_variant(
    style=DEF,
    tool="weather-sync",
    path="/weather-sync/{city}",
    request_path=f"/weather-sync/{CITY}",
    article=True,
    imports=("requests",),
)
def weather_sync(request: Request, city: str) -> Any:
    """Call requests.get, without a timeout, in a def handler's thread: the article's sync route."""
    import requests

    r = requests.get(_url(request, city))  # noqa: S113 - as the article writes it
    return r.json()

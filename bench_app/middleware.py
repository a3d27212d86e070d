"""Middleware that says how long a request took, as FastAPI's documentation does: as BaseHTTPMiddleware, and pure ASGI.

Both do the same, so that they differ only in how they are called. An app has as many of one kind as its settings say.
"""

from collections.abc import Mapping
from time import perf_counter

from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-process-time"
MOST = 3


def _since(start_t: float) -> str:
    return f"{perf_counter() - start_t:.6f}"


class TimedByBase(BaseHTTPMiddleware):
    """Each request gets a task group, a stream of memory objects and a response around the app's own."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        start_t = perf_counter()
        response = await call_next(request)
        response.headers[HEADER] = _since(start_t)
        return response


class TimedByASGI:
    """Each request gets one more call, and one more for each message that is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start_t = perf_counter()

        async def send_timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = _since(start_t)
            await send(message)

        await self._app(scope, receive, send_timed)


KINDS: Mapping[str, type[TimedByASGI | TimedByBase]] = {"asgi": TimedByASGI, "base": TimedByBase}


def add_middleware(app: FastAPI, chosen: str | None) -> None:
    """Add what `chosen` names, e.g. "base-2"; nothing for None."""
    if chosen is None:
        return
    kind, _, count = chosen.partition("-")
    for _ in range(int(count)):
        app.add_middleware(KINDS[kind])

"""Nothing to do, behind dependencies that do nothing either: what each kind costs by itself.

FastAPI calls a function once a request, however often it is named. So five dependencies are five functions here.
Whether a thread runs one depends on how it is written: `def` and classes go to the pool, `async def` stays on the loop.
A `def` with `yield` goes there twice, to begin and to end.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from inspect import Parameter, Signature
from typing import Any

from fastapi import Depends

from bench_app.handlers.noop import OK
from bench_app.registry import variant
from bench_app.styles import ASYNC_NATIVE
from bench_app.works import NOOP


def _sync() -> Callable[..., Any]:
    def dependency() -> int:
        return 1

    return dependency


def _async() -> Callable[..., Any]:
    async def dependency() -> int:
        return 1

    return dependency


def _class() -> Callable[..., Any]:
    class Dependency:
        """Kept by the route as its parameter."""

    return Dependency


def _sync_yield() -> Callable[..., Any]:
    def dependency() -> Iterator[int]:
        yield 1

    return dependency


def _async_yield() -> Callable[..., Any]:
    async def dependency() -> AsyncIterator[int]:
        yield 1

    return dependency


_KINDS: Mapping[str, tuple[Callable[[], Callable[..., Any]], str, tuple[int, ...]]] = {
    "sync": (_sync, "def", (1, 3, 5)),
    "async": (_async, "async def", (1, 3, 5)),
    "class": (_class, "a class", (5,)),
    "yield": (_sync_yield, "def with yield", (5,)),
    "yield-async": (_async_yield, "async def with yield", (5,)),
}
"""By the name in a tool: how one is made, what it is, and how many of them a route has."""


def _behind(make: Callable[[], Callable[..., Any]], count: int) -> Callable[..., Awaitable[dict[str, bool]]]:
    """Return a handler with `count` dependencies, each a parameter of its own."""

    async def handler(**_found: object) -> dict[str, bool]:
        return {"ok": True}

    named = [Parameter(f"d{i}", Parameter.KEYWORD_ONLY, default=Depends(make())) for i in range(count)]
    handler.__signature__ = Signature(named)  # type: ignore[attr-defined]  # FastAPI reads parameters by inspect
    return handler


for _kind, (_make, _words, _counts) in _KINDS.items():
    for _count in _counts:
        variant(
            work=NOOP,
            style=ASYNC_NATIVE,
            tool=f"deps-{_kind}-{_count}",
            expected=OK,
            summary=f"Answer at once, on the loop, behind dependencies: {_count} x {_words}.",
        )(_behind(_make, _count))

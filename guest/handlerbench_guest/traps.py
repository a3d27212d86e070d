"""What in a route's code is known to cost more than it looks. TRAPS is the closed list of their ids.

What is not certain is not said: a call counts only if its target is known, and only in code that the request runs.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from handlerbench_guest.callables import (
    Places,
    hands_to_a_thread,
    is_async_generator,
    layers_of,
    runs_on_loop,
    starlette_is_async,
)
from handlerbench_guest.hops import bodies, dependencies
from handlerbench_guest.known import BLOCKING, BLOCKING_METHODS, CHEAP_WITH, CLIENT_INSIDE, CLIENTS, key, named, objects
from handlerbench_guest.reading import Call, Reader
from handlerbench_guest.routes import Found

TRAPS = {
    "wraps-around-sync": "an async wrapper makes a def function run on the loop",
    "wraps-around-async": "a def wrapper hides that a function is async, and FastAPI's versions differ in what they do",
    "client-per-request": "a client or a pool that is meant to be shared is built for each request",
    "blocking-call-in-async": "a call that waits, or computes long, stands in code that runs on the loop",
}


class TrapFinder:
    """Finds them; made after the app was imported, for it knows libraries by what is loaded."""

    def __init__(self, places: Places, reader: Reader) -> None:
        self._places = places
        self._reader = reader
        self._blocking = named(BLOCKING)
        self._clients = named(CLIENTS)
        self._with_client = named(CLIENT_INSIDE)
        self._classes = [(cls, name) for name in BLOCKING_METHODS for cls in objects(name)]

    def traps(self, found: Found) -> list[dict[str, Any]]:
        """Return id, file, line and detail of each, every line once."""
        on_loop = list(_on_loop(found))
        seen: dict[tuple[Any, ...], dict[str, Any]] = {}
        for body in bodies(found):
            for trap in self._of(body, is_on_loop=any(body is each for each in on_loop)):
                seen.setdefault((trap["id"], trap["file"], trap["line"]), trap)
        return list(seen.values())

    def _of(self, body: Any, *, is_on_loop: bool) -> Iterator[dict[str, Any]]:
        yield from self._wrapper(body)
        for call in self._reader.calls(body):
            blocking = self._blocking_call(call) if is_on_loop else None
            if blocking is not None:
                yield _trap("blocking-call-in-async", call, blocking)
            client = self._client(call, is_on_loop=is_on_loop)
            if client is not None:
                yield _trap("client-per-request", call, client)

    def _wrapper(self, body: Any) -> Iterator[dict[str, Any]]:
        layers = layers_of(body)
        if len(layers) < 2 or any(map(hands_to_a_thread, layers[:-1])):  # noqa: PLR2004 - a wrapper and a function
            return
        outer, inner = layers[0], layers[-1]
        is_async = inspect.iscoroutinefunction(outer)
        if _is_generator(inner) or is_async == inspect.iscoroutinefunction(inner):
            return
        wrapper = outer.__code__.co_name
        said = f"{inner.__name__} is {'def' if is_async else 'async'}, its wrapper {wrapper} is not"
        trap = "wraps-around-sync" if is_async else "wraps-around-async"
        yield {"id": trap, **self._places.of(body), "detail": said}

    def _blocking_call(self, call: Call) -> str | None:
        name = self._blocking.get(key(call.called.obj))
        if name is not None:
            return None if _is_sleep_0(name, call.node) else name
        receiver = call.called.receiver
        if receiver is None or not isinstance(call.node.func, ast.Attribute):
            return None
        for cls, said in self._classes:
            if issubclass(receiver, cls) and call.node.func.attr in BLOCKING_METHODS[said]:
                return f"{said}.{call.node.func.attr}"
        return None

    def _client(self, call: Call, *, is_on_loop: bool) -> str | None:
        if any(word.arg in CHEAP_WITH for word in call.node.keywords):
            return None
        name = self._clients.get(key(call.called.obj))
        return name if name or is_on_loop else self._with_client.get(key(call.called.obj))


def _on_loop(found: Found) -> Iterator[Any]:
    """Yield the functions of a route that run on the loop."""
    if found.dependant is None:
        yield from (body for body in bodies(found) if starlette_is_async(body))
        return
    for inner in dependencies(found.dependant):
        if runs_on_loop(inner, is_endpoint=False) or is_async_generator(inner):
            yield inner.call
    if found.style == "async":
        yield found.endpoint


def _is_generator(function: FunctionType) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _is_sleep_0(name: str, node: ast.Call) -> bool:
    first = node.args[0] if node.args else None
    return name == "time.sleep" and isinstance(first, ast.Constant) and first.value == 0


def _trap(trap: str, call: Call, name: str) -> dict[str, Any]:
    said = f"{name.replace('builtins.', '')} in {call.function}"
    return {"id": trap, "file": call.file, "line": call.node.lineno, "detail": said}

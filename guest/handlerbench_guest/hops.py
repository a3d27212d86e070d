"""How often a request to a route goes to a thread and back, as far as that can be read without asking it.

    endpoint                a def handler
    dependency              a def dependency, or a class used as one
    yield-dependency        a def dependency with yield: once in and once out
    response-validation     the answer of a def handler with a response model is validated in another thread
    streaming               a sync iterator: a hop for each chunk, counted once; a file: about 4
    background              a def task after the answer

What libraries do inside is not known, and what large uploads do is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from handlerbench_guest.callables import Places, is_async_generator, is_generator, runs_on_loop, starlette_is_async
from handlerbench_guest.reading import Reader
from handlerbench_guest.routes import Found


def hops(found: Found, places: Places, reader: Reader) -> list[dict[str, Any]]:
    """Return source, name, count, file and line of each."""
    return [
        {"source": source, "name": name, "count": count, **places.of(call)}
        for source, name, count, call in _all(found, reader)
    ]


Hop = tuple[str, str, int, Any]


def dependencies(dependant: Any, seen: set[Any] | None = None) -> Iterator[Any]:
    """Yield the dependants below one in the order in which they are solved, each that is kept for the request once."""
    seen = set() if seen is None else seen
    for inner in dependant.dependencies:
        if inner.use_cache and inner.call in seen:
            continue
        seen.add(inner.call)
        yield from dependencies(inner, seen)
        yield inner


def _all(found: Found, reader: Reader) -> Iterator[Hop]:
    if found.dependant is not None:
        for inner in dependencies(found.dependant):
            yield from _of_dependency(inner)
        yield from _of_endpoint(found)
    elif found.style == "def":
        yield "endpoint", _name(found.endpoint), 1, found.endpoint
    elif found.style == "class":
        for name, function in found.handlers():
            if not starlette_is_async(function):
                yield "endpoint", name, 1, function
    for call in bodies(found):
        yield from _after(call, reader)


def bodies(found: Found) -> list[Any]:
    """Return the functions that a request to a route runs, as far as they are known."""
    if found.dependant is not None:
        return [*(inner.call for inner in dependencies(found.dependant)), found.endpoint]
    if found.style == "class":
        return [function for _, function in found.handlers()]
    return [found.endpoint] if found.style in {"async", "def"} else []


def _of_dependency(inner: Any) -> Iterator[Hop]:
    if is_generator(inner):
        yield "yield-dependency", _name(inner.call), 2, inner.call
    elif not is_async_generator(inner) and not runs_on_loop(inner, is_endpoint=False):
        yield "dependency", _name(inner.call), 1, inner.call


def _of_endpoint(found: Found) -> Iterator[Hop]:
    if found.style != "def":
        return
    source = "streaming" if found.streams else "endpoint"
    yield source, _name(found.endpoint), 1, found.endpoint
    if not found.streams and getattr(found.route, "response_field", None) is not None:
        yield "response-validation", _name(found.endpoint), 1, found.endpoint


def _after(call: Any, reader: Reader) -> Iterator[Hop]:
    for name, count in reader.streams(call):
        yield "streaming", name, count, call
    for name in reader.sync_tasks(call):
        yield "background", name, 1, call


def _name(call: Any) -> str:
    return str(getattr(call, "__name__", type(call).__name__))

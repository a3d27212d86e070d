"""Walks the routes of an app, through mounts and included routers. Websockets are left out."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Host, Mount, WebSocketRoute

from handlerbench_guest.callables import (
    bare,
    endpoint_name,
    is_async_generator,
    is_generator,
    runs_on_loop,
    starlette_is_async,
)

_MOST_WRAPPERS = 20
METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "query")


@dataclass(frozen=True)
class Found:
    """One route: its path with every prefix, and the mount's part of that, if it lies in one."""

    route: Any
    endpoint: Any
    path: str
    mount: str
    methods: tuple[str, ...]

    @property
    def dependant(self) -> Any:
        """Return what FastAPI made of the endpoint; None for a route of Starlette's own."""
        return getattr(self.route, "dependant", None)

    @property
    def name(self) -> str:
        return endpoint_name(self.endpoint)

    @property
    def streams(self) -> bool:
        """Return whether FastAPI sends what the endpoint yields; early versions cannot."""
        if not hasattr(self.route, "is_json_stream"):
            return False
        return is_generator(self.dependant) or is_async_generator(self.dependant)

    @property
    def style(self) -> str:
        """Return async, def, class (Starlette's HTTPEndpoint) or asgi (an app, of which no more is known)."""
        if self.dependant is not None:
            on_loop = runs_on_loop(self.dependant, is_endpoint=True) or is_async_generator(self.dependant)
            return "async" if on_loop else "def"
        if isinstance(self.route, (Mount, Host)):
            return "asgi"
        inner = bare(self.endpoint)
        if inspect.isfunction(inner) or inspect.ismethod(inner):
            return "async" if starlette_is_async(self.endpoint) else "def"
        return "class" if inspect.isclass(inner) and issubclass(inner, HTTPEndpoint) else "asgi"

    def handlers(self) -> Iterator[tuple[str, Any]]:
        """Yield the methods of a class, as (name, function)."""
        for name in METHODS:
            function = getattr(self.endpoint, name, None)
            if function is not None:
                yield name, function


def starlette_inside(app: Any) -> Starlette | None:
    """Return the app, or the one that it wraps in middleware by hand; None if no such app is found."""
    for _ in range(_MOST_WRAPPERS):
        if isinstance(app, Starlette):
            return app
        app = getattr(app, "app", None)
    return None


def framework(app: Any) -> str:
    inside = starlette_inside(app)
    if inside is None:
        return "ASGI"
    return "FastAPI" if any(c.__module__.split(".")[0] == "fastapi" for c in type(inside).__mro__) else "Starlette"


def routes_of(app: Any) -> Iterator[Found]:
    """Yield every route of an app but FastAPI's own: /docs, /redoc and the like."""
    inside = starlette_inside(app)
    if inside is not None:
        yield from _walk(inside.routes, prefix="", mount="")


def _walk(routes: Iterable[Any], *, prefix: str, mount: str) -> Iterator[Found]:
    for route in _effective(routes):
        if isinstance(route, WebSocketRoute):
            continue
        if isinstance(route, (Mount, Host)):
            yield from _inside(route, prefix=prefix)
        elif getattr(route, "endpoint", None) is not None and not _is_fastapis_own(route.endpoint):
            yield _found(route, prefix=prefix, mount=mount)


def _effective(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield routes as they are served: FastAPI from 0.13x on keeps an included router whole, as one route."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:
            yield from (context.starlette_route or context for context in contexts())


def _inside(mount: Any, *, prefix: str) -> Iterator[Found]:
    path = prefix + getattr(mount, "path", "")  # a Host has none
    app = starlette_inside(mount.app)
    routes = app.routes if app is not None else mount.routes
    if routes:
        yield from _walk(routes, prefix=path, mount=path)
    else:
        yield Found(route=mount, endpoint=mount.app, path=path, mount=path, methods=())


def _found(route: Any, *, prefix: str, mount: str) -> Found:
    endpoint = route.endpoint
    methods = route.methods or _methods(endpoint)
    path = prefix + route.path
    return Found(route=route, endpoint=endpoint, path=path, mount=mount, methods=tuple(sorted(methods)))


def _methods(endpoint: Any) -> set[str]:
    """Return what a class answers; HEAD too, where it answers GET."""
    found = {name.upper() for name in METHODS if hasattr(endpoint, name)}
    return found | {"HEAD"} if "GET" in found else found


def _is_fastapis_own(endpoint: Any) -> bool:
    return not isinstance(endpoint, functools.partial) and endpoint_name(endpoint).startswith("fastapi.")

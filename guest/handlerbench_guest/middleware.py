"""The middleware that the app has added, and leaving some of it out.

Middleware goes by the name of its class; a function given to `@app.middleware("http")` by its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware

from handlerbench_guest.callables import Places, endpoint_name
from handlerbench_guest.routes import starlette_inside


class MiddlewareError(Exception):
    """A middleware that was to be left out is not there."""


def middleware(app: Any, places: Places) -> list[dict[str, Any]]:
    """Return the app's middleware, the outermost first."""
    inside = starlette_inside(app)
    return [] if inside is None else [_entry(each, places) for each in inside.user_middleware]


def leave_out(app: Any, names: Collection[str]) -> None:
    """Take middleware off the app before it has served anything.

    Raises MiddlewareError, and says which there are, when the app has none of that name.
    """
    if not names:
        return
    inside = starlette_inside(app)
    there = {} if inside is None else {_name(each): each for each in inside.user_middleware}
    missing = sorted(set(names) - there.keys())
    if inside is None or missing:
        raise MiddlewareError(
            f"the app adds no middleware {', '.join(missing)}; it adds {', '.join(there) or 'none at all'}"
        )
    inside.user_middleware = [each for each in inside.user_middleware if _name(each) not in names]
    inside.middleware_stack = None


def _entry(each: Any, places: Places) -> dict[str, Any]:
    function = _function(each)
    known = each.cls if function is None else function
    is_base_http = inspect.isclass(each.cls) and issubclass(each.cls, BaseHTTPMiddleware)
    return {"name": _name(each), "cls": endpoint_name(known), "is_base_http": is_base_http, **places.of(known)}


def _function(each: Any) -> Any:
    """Return the function that a BaseHTTPMiddleware was given; None if its class has one of its own."""
    options = getattr(each, "kwargs", None)
    options = each.options if options is None else options  # until Starlette 0.35
    return options.get("dispatch")


def _name(each: Any) -> str:
    name: str = endpoint_name(_function(each) or each.cls).rpartition(":")[2]
    return name.rpartition(".")[2]

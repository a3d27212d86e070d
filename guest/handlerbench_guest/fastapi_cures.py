"""The two functions of FastAPI's that are replaced for chosen endpoints.

run_endpoint_function calls the endpoint, on the loop or in a thread. serialize_response validates what it returned in
the same way: a def handler with a response model takes two hops, and a changed one has to take them as well. Both are
still FastAPI's own, called with other arguments.
"""

from __future__ import annotations

import copy
import inspect
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Callable

from starlette.responses import Response

_validates_on_loop: ContextVar[bool | None] = ContextVar("handlerbench_validates_on_loop", default=None)


@dataclass(frozen=True)
class _Chosen:
    handler: Callable[..., Any]
    runs_on_loop: bool


class FastapiCures:
    """Collects endpoints with what is to be called in their place, and installs that."""

    def __init__(self) -> None:
        self._chosen: dict[int, _Chosen] = {}  # by the endpoint's id
        self._changed: dict[int, tuple[Any, Any]] = {}  # by a dependant's id: itself, to keep it, and its copy

    def add(self, endpoint: Any, changed: Callable[..., Any], *, runs_on_loop: bool) -> str | None:
        """Choose an endpoint. Returns why it cannot be changed in the installed version, or None."""
        routing = sys.modules["fastapi.routing"]
        for name, argument in (("run_endpoint_function", "dependant"), ("serialize_response", "is_coroutine")):
            function = getattr(routing, name, None)
            if function is None or argument not in inspect.signature(function).parameters:
                return f"this FastAPI has no {name} as it is known"
        self._chosen[id(endpoint)] = _Chosen(changed, runs_on_loop)
        return None

    def install(self) -> None:
        """Replace FastAPI's functions, if anything was chosen."""
        if not self._chosen:
            return
        routing: Any = sys.modules["fastapi.routing"]
        run, serialize = routing.run_endpoint_function, routing.serialize_response

        async def run_endpoint_function(*, dependant: Any, values: dict[str, Any], is_coroutine: bool) -> Any:
            chosen = self._chosen.get(id(dependant.call))
            if chosen is None:
                return await run(dependant=dependant, values=values, is_coroutine=is_coroutine)
            changed = self._copy(dependant, chosen)
            answer = await run(dependant=changed, values=values, is_coroutine=chosen.runs_on_loop)
            if not isinstance(answer, Response):
                _validates_on_loop.set(chosen.runs_on_loop)
            return answer

        async def serialize_response(**arguments: Any) -> Any:
            on_loop = _validates_on_loop.get()
            if on_loop is not None:
                _validates_on_loop.set(None)
                arguments["is_coroutine"] = on_loop
            return await serialize(**arguments)

        routing.run_endpoint_function = run_endpoint_function
        routing.serialize_response = serialize_response

    def _copy(self, dependant: Any, chosen: _Chosen) -> Any:
        known = self._changed.get(id(dependant))
        if known is None:
            changed = copy.copy(dependant)
            changed.call = chosen.handler
            known = self._changed[id(dependant)] = (dependant, changed)
        return known[1]

"""What FastAPI and Starlette make of a function: whether it runs on the loop or in a thread, and where it stands.

FastAPI has changed how it tells, so the installed version is asked first: an attribute of the dependant, then its own
functions, and only then the rule that it had at 0.100.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from importlib import import_module
from types import FunctionType
from typing import Any, Callable

from handlerbench_guest.own_code import OwnCode
from handlerbench_guest.sources import Sources

_TO_A_THREAD = frozenset({"run_in_threadpool", "to_thread", "run_sync", "run_in_executor", "sync_to_async"})


def endpoint_name(endpoint: Any) -> str:
    """Return "module:qualname" of a function, a class, or the class of an instance."""
    named = bare(endpoint)
    if not hasattr(named, "__qualname__"):
        named = type(named)
    return f"{named.__module__}:{named.__qualname__}"


def bare(call: Any) -> Any:
    """Return what is inside functools.partial."""
    while isinstance(call, functools.partial):
        call = call.func
    return call


def layers_of(call: Any) -> list[FunctionType]:
    """Return the Python functions that a call goes through: wrappers made with functools.wraps, and what they wrap.

    What keeps its results, such as functools.lru_cache, is not looked into: it does not run for each request.
    """
    layers: list[FunctionType] = []
    layer = _function(call)
    while layer is not None and layer not in layers:
        layers.append(layer)
        layer = _function(getattr(layer, "__wrapped__", None))
    return layers


def hands_to_a_thread(function: FunctionType) -> bool:
    """Return whether a function names one of those that run others in a thread."""
    return bool(_TO_A_THREAD & {*function.__code__.co_names, *function.__code__.co_freevars})


def _function(call: Any) -> FunctionType | None:
    call = bare(call)
    if inspect.ismethod(call):
        call = call.__func__
    found = call if inspect.isfunction(call) else getattr(type(call), "__call__", None)  # noqa: B004 - which one it is
    return found if inspect.isfunction(found) else None


def runs_on_loop(dependant: Any, *, is_endpoint: bool) -> bool:
    """Return whether FastAPI awaits what a dependant calls, rather than run it in a thread."""
    told = _told(dependant, "is_coroutine_callable", is_endpoint=is_endpoint)
    return asyncio.iscoroutinefunction(dependant.call) if told is None else told


def is_generator(dependant: Any) -> bool:
    told = _told(dependant, "is_gen_callable", is_endpoint=False)
    return inspect.isgeneratorfunction(dependant.call) if told is None else told


def is_async_generator(dependant: Any) -> bool:
    told = _told(dependant, "is_async_gen_callable", is_endpoint=False)
    return inspect.isasyncgenfunction(dependant.call) if told is None else told


def _told(dependant: Any, question: str, *, is_endpoint: bool) -> bool | None:
    """Return the installed FastAPI's own answer; None if it has none.

    Until 0.12x its function was asked about dependencies only: of an endpoint asyncio.iscoroutinefunction decided.
    """
    answer = getattr(dependant, question, None)
    if isinstance(answer, bool):
        return answer
    for module, name in (("models", f"_{question}"), *(() if is_endpoint else (("utils", question),))):
        ask = getattr(sys.modules.get(f"fastapi.dependencies.{module}"), name, None)
        if ask is not None:
            return bool(ask(dependant.call))
    return None


def starlette_is_async(call: Any) -> bool:
    """Return whether Starlette awaits a function of a route or a class, rather than run it in a thread."""
    ask: Callable[[Any], Any] | None = getattr(import_module("starlette._utils"), "is_async_callable", None)
    return bool(ask(call)) if ask else asyncio.iscoroutinefunction(bare(call))


class Places:
    """Where functions and classes stand, as people read it."""

    def __init__(self, own: OwnCode, sources: Sources) -> None:
        self._own = own
        self._sources = sources

    def of(self, call: Any) -> dict[str, Any]:
        """Return file and line of a definition, both None if it has none in Python."""
        inner = inspect.unwrap(bare(call))
        layers = layers_of(inner)
        function = inner if inspect.isclass(inner) else layers[-1] if layers else type(inner)
        try:
            file = inspect.getsourcefile(function)
            line = self._line(function)
        except (TypeError, OSError):
            return {"file": None, "line": None}
        return {"file": self._own.shown(file) if file else None, "line": line}

    def _line(self, function: Any) -> int:
        node = None if inspect.isclass(function) else self._sources.node(function)
        return node.lineno if node is not None else inspect.getsourcelines(function)[1]

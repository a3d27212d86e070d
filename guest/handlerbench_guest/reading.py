"""Reads the source of what a request runs: which functions it calls, and which of them run on the loop."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from starlette.background import BackgroundTask, BackgroundTasks
from starlette.responses import FileResponse, StreamingResponse

from handlerbench_guest.callables import hands_to_a_thread, layers_of
from handlerbench_guest.own_code import OwnCode
from handlerbench_guest.resolve import Scope, Value, inside
from handlerbench_guest.sources import Sources

_DEEPEST = 4
_FILE_HOPS = 4


@dataclass(frozen=True)
class Call:
    """A call in the app's own code."""

    node: ast.Call
    called: Value
    file: str
    function: str  # in which it stands


class Reader:
    """Reads the app's own functions; those of libraries are not looked into."""

    def __init__(self, own: OwnCode, sources: Sources) -> None:
        self._own = own
        self._sources = sources

    def calls(self, call: Any) -> Iterator[Call]:
        """Yield the calls whose target is certain, in a function and in the own functions that it calls.

        What a wrapper hands to a thread is not among them.
        """
        seen: set[FunctionType] = set()
        for layer in layers_of(call):
            yield from self._calls(layer, seen, 0)
            if hands_to_a_thread(layer):
                return

    def streams(self, call: Any) -> Iterator[tuple[str, int]]:
        """Yield (name, hops) for each answer in a function that is read from a thread, chunk by chunk."""
        for scope, node in self._of_layers(call):
            cls = _class(scope.value(node.func))
            if cls is not None and issubclass(cls, FileResponse):
                yield cls.__name__, _FILE_HOPS
            elif cls is not None and issubclass(cls, StreamingResponse) and node.args and _is_sync(scope, node.args[0]):
                yield cls.__name__, 1

    def sync_tasks(self, call: Any) -> Iterator[str]:
        """Yield the names of def functions that a function leaves to be run after the answer."""
        for scope, node in self._of_layers(call):
            task = scope.value(node.args[0]) if node.args and _adds_a_task(scope, node) else None
            if task is not None and inspect.isroutine(task.obj) and not inspect.iscoroutinefunction(task.obj):
                yield task.obj.__name__

    def _calls(self, function: FunctionType, seen: set[FunctionType], depth: int) -> Iterator[Call]:
        if function in seen or depth > _DEEPEST:
            return
        seen.add(function)
        for scope, node in self._of(function):
            called = scope.value(node.func)
            if called is None or called.obj is None:
                continue
            file = self._own.shown(function.__code__.co_filename)
            yield Call(node=node, called=called, file=file, function=function.__name__)
            if isinstance(called.obj, FunctionType):
                yield from self._calls(called.obj, seen, depth + 1)

    def _of_layers(self, call: Any) -> Iterator[tuple[Scope, ast.Call]]:
        for layer in layers_of(call):
            yield from self._of(layer)

    def _of(self, function: FunctionType) -> Iterator[tuple[Scope, ast.Call]]:
        if self._own.relative(function.__code__.co_filename) is None:
            return
        node = self._sources.node(function)
        if node is not None:
            scope = Scope(function, node)
            yield from ((scope, each) for each in inside(node) if isinstance(each, ast.Call))


def _class(value: Value | None) -> type | None:
    return value.obj if value is not None and isinstance(value.obj, type) else None


def _adds_a_task(scope: Scope, node: ast.Call) -> bool:
    called = scope.value(node.func)
    if called is None:
        return False
    if isinstance(called.obj, type):
        return issubclass(called.obj, BackgroundTask) and not issubclass(called.obj, BackgroundTasks)
    receiver = called.receiver
    is_tasks = receiver is not None and issubclass(receiver, BackgroundTasks)
    return is_tasks and isinstance(node.func, ast.Attribute) and node.func.attr == "add_task"


def _is_sync(scope: Scope, node: ast.AST) -> bool:
    """Return whether what is streamed is certainly an iterator that is read in a thread."""
    if isinstance(node, (ast.GeneratorExp, ast.List, ast.ListComp)):
        return True
    value = scope.value(node.func) if isinstance(node, ast.Call) else None
    return value is not None and inspect.isgeneratorfunction(value.obj)

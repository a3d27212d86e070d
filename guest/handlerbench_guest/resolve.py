"""What a name or an attribute in a function's source stands for, as far as that is certain without running it.

Modules, classes and functions are looked up as they are; of anything else only the class is asked. What is assigned
more than once, or comes from somewhere unknown, stays unknown: a wrong guess would be a false alarm.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, Union, get_args, get_origin

from handlerbench_guest.known import RETURNS, ROOTS, key, objects
from handlerbench_guest.sources import FunctionNode

_DEEPEST = 6


@dataclass(frozen=True)
class Value:
    """An object, or some instance of a class (then obj is None); with the class whose method it is, if it is one."""

    obj: Any = None
    cls: type | None = None
    receiver: type | None = None

    @property
    def type(self) -> type | None:
        return self.cls if self.obj is None else type(self.obj)


class Scope:
    """The names of one function."""

    def __init__(self, function: FunctionType, node: FunctionNode) -> None:
        self._function = function
        self._locals = {*function.__code__.co_varnames, *function.__code__.co_cellvars}
        self._closure = _closure(function)
        self._assigned = _assigned(node)
        self._set = {each.id for each in inside(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        self._depth = 0

    def value(self, node: ast.AST) -> Value | None:
        """Return what an expression stands for, or None if that is not certain."""
        self._depth += 1
        try:
            return self._value(node) if self._depth <= _DEEPEST else None
        finally:
            self._depth -= 1

    def _value(self, node: ast.AST) -> Value | None:
        if isinstance(node, ast.Await):
            return self.value(node.value)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Attribute):
            return _attribute(self.value(node.value), node.attr)
        return _result(self.value(node.func)) if isinstance(node, ast.Call) else None

    def _name(self, name: str) -> Value | None:
        if name in self._locals:
            return self._local(name)
        for names in (self._closure, self._function.__globals__, vars(builtins)):
            if name in names:
                return Value(obj=names[name])
        return None

    def _local(self, name: str) -> Value | None:
        given = self._assigned.get(name)
        if given is not None:
            return _imported(given) if isinstance(given, str) else self.value(given)
        is_set = name in self._set
        annotated = None if is_set else _class_in(self._function.__annotations__.get(name), self._function)
        return None if annotated is None else Value(cls=annotated)


def inside(node: FunctionNode) -> Iterator[ast.AST]:
    """Yield the nodes that run when a function runs: not those of functions and classes that it only defines."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        found = waiting.pop(0)
        yield found
        if not isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(found))


def _assigned(node: FunctionNode) -> dict[str, ast.AST | str]:
    """Return what each local name that is set once is given: an expression, or the dotted name of an import."""
    given: dict[str, ast.AST | str] = {}
    times: Counter[str] = Counter()
    for each in inside(node):
        found = dict(_givings(each))
        given.update(found)
        if isinstance(each, (ast.Import, ast.ImportFrom)):
            times.update(found.keys())
        elif isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load):
            times[each.id] += 1
    return {name: expression for name, expression in given.items() if times[name] == 1}


def _givings(node: ast.AST) -> Iterator[tuple[str, ast.AST | str]]:
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value
    elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
        yield node.optional_vars.id, node.context_expr
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0], alias.name if alias.asname else alias.name.split(".")[0]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _imported(dotted: str) -> Value | None:
    """Return what a function imports; of what is not loaded yet, only libraries that are known to us are loaded."""
    root = dotted.split(".", maxsplit=1)[0]
    if root not in sys.modules and root in ROOTS:
        try:
            import_module(root)
        except Exception:  # noqa: BLE001 - whatever somebody's library raises: it stays unknown
            return None
    found = next(iter(objects(dotted)), None)
    return None if found is None else Value(obj=found)


def _closure(function: FunctionType) -> dict[str, Any]:
    try:
        return dict(inspect.getclosurevars(function).nonlocals)
    except ValueError:  # one of them is not filled yet
        return {}


def _attribute(base: Value | None, name: str) -> Value | None:
    if base is None:
        return None
    if isinstance(base.obj, (ModuleType, type)):
        found = _member(base.obj, name)
        return None if found is None else Value(obj=found)
    if base.obj is not None and name in getattr(base.obj, "__dict__", {}):
        return Value(obj=base.obj.__dict__[name])
    found = inspect.getattr_static(base.type, name, None)
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    return Value(obj=found, receiver=base.type) if callable(found) else None


def _member(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name, None)
    except Exception:  # noqa: BLE001 - a module may load a part of itself only now, and fail
        return None


def _result(called: Value | None) -> Value | None:
    """Return what a call gives: an instance of a class, or of the class that the function says it returns."""
    if called is None or called.obj is None:
        return None
    if isinstance(called.obj, type):
        return Value(cls=called.obj)
    for name, returned in RETURNS.items():
        if _is_or_is_instance(called.obj, name):
            return next((Value(cls=cls) for cls in objects(returned)), None)
    function = called.obj if isinstance(called.obj, FunctionType) else None
    cls = _class_in(function.__annotations__.get("return"), function) if function else None
    return None if cls is None else Value(cls=cls)


def _is_or_is_instance(obj: Any, name: str) -> bool:
    found = next(iter(objects(name)), None)
    return found is not None and (key(found) == key(obj) or (isinstance(found, type) and isinstance(obj, found)))


def _class_in(annotation: Any, function: FunctionType) -> type | None:
    """Return the class that an annotation names: X, Annotated[X, ...], Optional[X]; None for anything else."""
    if isinstance(annotation, str):
        annotation = _evaluated(annotation, function)
    if hasattr(annotation, "__metadata__"):
        return _class_in(annotation.__origin__, function)
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        given = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _class_in(given[0], function) if len(given) == 1 else None
    found = get_origin(annotation) or annotation  # before Python 3.11 list[int] passes for a class
    return found if isinstance(found, type) else None


def _evaluated(annotation: str, function: FunctionType) -> Any:
    """Return what a postponed annotation of the app's stands for; its own framework evaluates it in the same way."""
    try:
        return eval(annotation, function.__globals__)  # noqa: S307
    except Exception:  # noqa: BLE001 - it can be anything
        return None

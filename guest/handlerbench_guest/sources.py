"""The syntax trees of the app's own functions."""

from __future__ import annotations

import ast
from pathlib import Path
from types import FunctionType
from typing import Union

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Sources:
    """Parses every file once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[int, list[FunctionNode]]] = {}

    def node(self, function: FunctionType) -> FunctionNode | None:
        """Return a function's definition; None where there is no source, or none that can be read."""
        code = function.__code__
        if code.co_filename not in self._known:
            self._known[code.co_filename] = _functions(Path(code.co_filename))
        found = self._known[code.co_filename].get(code.co_firstlineno, [])
        return next((node for node in found if node.name == code.co_name), None)


def _functions(file: Path) -> dict[int, list[FunctionNode]]:
    """Return a file's functions by the line that Python counts as their first: that of the first decorator."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return {}
    found: dict[int, list[FunctionNode]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found.setdefault(first, []).append(node)
    return found

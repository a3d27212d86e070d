"""Which route of an inspected app answers a request (pure).

The app's own routing decides at run time; this repeats its first match, so that a request can be named by its handler.
"""

import re

from experiment.design.own_app import AppRequest
from experiment.records.inspection import Inspection, RouteEntry

_CONVERTERS = {"int": "[0-9]+", "float": r"[0-9]+(?:\.[0-9]+)?", "path": ".*", "uuid": "[0-9a-fA-F-]+"}
_PARAMETER = re.compile(r"{[^{}:]+(?::([a-zA-Z]+))?}")


def route_of(request: AppRequest, inspection: Inspection | None) -> RouteEntry | None:
    """Return the first route that answers a request; None if none does, or if the app was not inspected."""
    path = request.path.partition("?")[0].partition("#")[0]
    routes = inspection.routes if inspection else []
    return next((r for r in routes if _has_method(r, request.method) and re.fullmatch(_pattern(r.path), path)), None)


def _has_method(route: RouteEntry, method: str) -> bool:
    return not route.methods or method in route.methods or (method == "HEAD" and "GET" in route.methods)


def _pattern(path: str) -> str:
    """Return a route's path as a regular expression: `{id}` is one segment, `{rest:path}` everything."""
    parts, end = [], 0
    for found in _PARAMETER.finditer(path):
        parts += [re.escape(path[end : found.start()]), _CONVERTERS.get(found[1] or "", "[^/]+")]
        end = found.end()
    return "".join([*parts, re.escape(path[end:])])

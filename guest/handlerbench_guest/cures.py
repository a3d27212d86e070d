"""Runs chosen endpoints in the other style without touching the app's code.

FastAPI asks two functions of its own at every request, which are replaced. Starlette makes an app of a route's
function when the route is made, so that is replaced before the app is imported. The methods of Starlette's classes are
looked up at every request.
"""

from __future__ import annotations

from typing import Any

import starlette.routing

from handlerbench_guest.callables import endpoint_name, starlette_is_async
from handlerbench_guest.changes import Changer, Handler
from handlerbench_guest.fastapi_cures import FastapiCures
from handlerbench_guest.own_code import OwnCode
from handlerbench_guest.refusals import Refusals
from handlerbench_guest.routes import Found, routes_of
from handlerbench_guest.settings import Settings


class Cures:
    """The cures that were asked for: prepare() before the app is imported, apply() after."""

    def __init__(self, settings: Settings) -> None:
        self._asked = settings.cures
        self._refusals = Refusals(settings.refusals)
        self._changer = Changer(OwnCode(settings.source), self._refusals)
        self._made_by_starlette: set[str] = set()
        self._fastapi = FastapiCures()

    def prepare(self) -> None:
        """Have Starlette make the routes of chosen functions with the changed ones."""
        if not self._asked:
            return
        make = starlette.routing.request_response

        def request_response(func: Handler) -> Any:
            name = endpoint_name(func)
            style = self._asked.get(name)
            if style is None or starlette_is_async(func) == (style == "on-loop"):
                return make(func)
            self._made_by_starlette.add(name)
            return make(self._changer.changed(func, name, style))

        starlette.routing.request_response = request_response

    def apply(self, app: Any) -> None:
        """Change FastAPI's endpoints and Starlette's classes, and write down what cannot be changed."""
        missing = set(self._asked)
        for found in routes_of(app) if self._asked else ():
            style = self._asked.get(found.name)
            if style is not None:
                missing.discard(found.name)
                self._apply(found, style)
        for name in sorted(missing):
            self._refusals.add(name, self._asked[name], "the app has no route with this endpoint")
        self._fastapi.install()

    def _apply(self, found: Found, style: str) -> None:
        why = _unfit(found, style)
        if why is None and found.dependant is not None:
            changed = self._changer.changed(found.dependant.call, found.name, style)
            why = self._fastapi.add(found.dependant.call, changed, runs_on_loop=style == "on-loop")
        elif why is None and found.style == "class":
            self._change_class(found, style)
        elif why is None and found.name not in self._made_by_starlette:
            why = "its route is no plain one of Starlette's"
        if why is not None:
            self._refusals.add(found.name, style, why)

    def _change_class(self, found: Found, style: str) -> None:
        for name, function in found.handlers():
            if starlette_is_async(function) == (style == "def"):
                setattr(found.endpoint, name, self._changer.changed(function, found.name, style))


def _unfit(found: Found, style: str) -> str | None:
    """Return why an endpoint cannot have another style, as far as that is known before it is asked anything."""
    if found.streams:
        return "it streams what it yields: there is no one call to run elsewhere"
    if found.style == "asgi":
        return "it is an app of its own, and no handler"
    have = {starlette_is_async(function) for _, function in found.handlers()} if found.style == "class" else set()
    if have == {style == "on-loop"} or found.style == {"def": "def", "on-loop": "async"}[style]:
        return "it runs that way already"
    return None

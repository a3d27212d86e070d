"""One handler in the other style: an async one in a thread, or a def one on the loop.

A handler that cannot run that way is refused, with the line that is why. The request it happened to is answered 500: it
may have done half its work by then, and is not run again.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable

from starlette.exceptions import HTTPException

from handlerbench_guest.own_code import OwnCode
from handlerbench_guest.refusals import Refusals
from handlerbench_guest.stepping import AwaitsError, step

_NEEDS_A_THREAD = ("worker thread", "running event loop", "async context")

Handler = Callable[..., Any]


class Changer:
    """Makes handlers of the other style."""

    def __init__(self, own: OwnCode, refusals: Refusals) -> None:
        self._own = own
        self._refusals = refusals

    def changed(self, handler: Handler, endpoint: str, style: str) -> Handler:
        """Return a def function for style "def", an async one for "on-loop"."""
        return self._in_thread(handler, endpoint) if style == "def" else self._on_loop(handler, endpoint)

    def _in_thread(self, handler: Handler, endpoint: str) -> Handler:
        def stepped(*args: Any, **values: Any) -> Any:
            begun = handler(*args, **values)
            if not inspect.iscoroutine(begun):
                return begun
            try:
                return step(begun, self._own)
            except AwaitsError as error:
                self._refusals.add(endpoint, "def", "it really awaits: a thread cannot run it", error.line)
                raise HTTPException(500, f"handlerbench: {endpoint} cannot run as def: {error}") from None

        return stepped

    def _on_loop(self, handler: Handler, endpoint: str) -> Handler:
        async def called(*args: Any, **values: Any) -> Any:
            try:
                return handler(*args, **values)
            except RuntimeError as error:
                if not any(words in str(error) for words in _NEEDS_A_THREAD):
                    raise
                self._refusals.add(endpoint, "on-loop", f"it can only run in a thread: {error}")
                raise HTTPException(500, f"handlerbench: {endpoint} cannot run on the loop: {error}") from None

        return called

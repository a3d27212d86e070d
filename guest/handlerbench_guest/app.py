"""What the server serves: `uvicorn --factory handlerbench_guest.app:create_app`, in front of the app that is measured.

It answers one path of its own before the app sees it, so that what a bystander waits is the loop's doing and nobody
else's. Everything else is handed on as it came: requests, websockets, lifespan with its state, what the app raises.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import traceback
from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable

from anyio.to_thread import current_default_thread_limiter

from handlerbench_guest.cures import Cures
from handlerbench_guest.middleware import MiddlewareError, leave_out
from handlerbench_guest.own_code import OwnCode
from handlerbench_guest.probe import Probe, probe_path
from handlerbench_guest.settings import Settings, SettingsError, read_settings
from handlerbench_guest.target import TargetError, load_target

BYSTANDER = "/__handlerbench/bystander"
_BODY = b'{"ok":true}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def create_app() -> Guest:
    """Return the app, wrapped. An app that cannot be imported ends the process with its own traceback.

    uvicorn would make one line of some of those errors, and lose where they came from.
    """
    faulthandler.register(signal.SIGUSR2)  # how the harness asks where an app hangs that does not get ready
    try:
        settings = read_settings()
        cures = Cures(settings)
        cures.prepare()
        app = load_target(settings)
        leave_out(app, settings.without_middleware)
        cures.apply(app)
        return Guest(app, settings)
    except (SettingsError, TargetError, MiddlewareError) as error:
        sys.exit(f"handlerbench: {error}")
    except Exception:  # noqa: BLE001 - whatever the app's own modules raise
        traceback.print_exc()
        sys.exit(3)


class Guest:
    """The app with the guest in front of it: an ASGI app."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._has_begun = False
        self._probe: Probe | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if not self._has_begun:
            self._begin()  # the server or the app has no lifespan
        if scope["type"] == "http" and _is_bystander(scope):
            await _answer(send)
            return
        await self._app(scope, receive, send)

    async def _lifespan(self, scope: Message, receive: Receive, send: Send) -> None:
        async def send_and_begin(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._begin()  # after the app's own start-up: tokens that it sets itself give way to ours
            await send(message)

        try:
            await self._app(scope, receive, send_and_begin)
        finally:
            if self._has_begun:
                self._end()
            else:
                self._begin()  # the app knows no lifespan: the server goes on without one

    def _begin(self) -> None:
        self._has_begun = True
        settings = self._settings
        if settings.thread_tokens is not None:
            current_default_thread_limiter().total_tokens = settings.thread_tokens
        if settings.probe_path is not None:
            path = probe_path(settings.probe_path, per_process=settings.probe_per_process)
            self._probe = Probe(path, OwnCode(settings.source))
            self._probe.start()

    def _end(self) -> None:
        if self._probe is not None:
            self._probe.stop()
            self._probe = None


def _is_bystander(scope: Message) -> bool:
    # Servers differ in whether the path begins with the root path.
    path: str = scope["path"]
    return path.endswith(BYSTANDER) and path in {BYSTANDER, scope.get("root_path", "") + BYSTANDER}


async def _answer(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    await send({"type": "http.response.body", "body": _BODY})

"""A limit of time for the bodies of requests: a sender that never finishes is answered, and its connection closed.

uvicorn has none. It wraps only the routes that take a body, and a body that has come costs one timer.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.status import HTTP_408_REQUEST_TIMEOUT

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


def limited(app: App, *, limit_s: float) -> App:
    """Return `app` with at most `limit_s` seconds for the whole body; later parts answer 408."""

    async def with_limit(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        deadline_t = asyncio.get_running_loop().time() + limit_s
        has_ended = False

        async def receive_in_time() -> Message:
            nonlocal has_ended
            if has_ended:  # what follows the body is the client's disconnecting, which may take as long as it likes
                return await receive()
            try:
                async with asyncio.timeout_at(deadline_t):
                    message = await receive()
            except TimeoutError:
                raise _too_slow(limit_s) from None
            has_ended = not message.get("more_body", False)
            return message

        await app(scope, receive_in_time, send)

    return with_limit


def _too_slow(limit_s: float) -> HTTPException:
    # the rest of the body is still to come, so the connection cannot be used again
    return HTTPException(
        HTTP_408_REQUEST_TIMEOUT, f"the body did not come within {limit_s:g} s", headers={"connection": "close"}
    )

"""The upstream stub: the other service that the http variants ask. `python -m harness.system.upstream --port 8900`.

    GET /weather/{city}, GET /{city}     the city's report (bench_app.weather), after a fixed delay
    GET /healthz                         {"ok": true}, after the same delay
    anything else                        400, and the connection is closed

It must never be what is measured, so it does as little as it can: one protocol object for a connection, heads parsed
by httptools, each city's answer built once. Connections are kept alive. Pipelined requests are answered in their order,
each one delay after it came.
"""

import argparse
import asyncio
import json
import re
import signal
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import httptools
import uvloop

from bench_app.weather import report

BACKLOG = 4096  # a burst of connections must wait here and not be refused
TARGET_LIMIT_BYTES = 2048
_CITY = re.compile(rb"/(?:weather/)?([A-Za-z0-9._~-]{1,64})\Z")


def _head_and_body(status: bytes, body: bytes, *extra: bytes) -> bytes:
    length = b"content-length: %d" % len(body)
    return b"\r\n".join((b"HTTP/1.1 " + status, b"content-type: application/json", length, *extra, b"", body))


BAD_REQUEST = _head_and_body(b"400 Bad Request", b'{"detail":"not understood"}', b"connection: close")


@lru_cache(maxsize=4096)
def answer_to(method: bytes, target: bytes) -> bytes | None:
    """Return the whole response to a request, head and body; None for a request that is not understood."""
    path = target.partition(b"?")[0]
    if method != b"GET":
        return None
    if path == b"/healthz":
        return _head_and_body(b"200 OK", b'{"ok":true}')
    city = _CITY.match(path)
    if city is None:
        return None
    return _head_and_body(b"200 OK", json.dumps(report(city[1].decode()), separators=(",", ":")).encode())


class Upstream(asyncio.Protocol):
    """One connection. httptools calls its on_* methods while it is fed, however the bytes were cut up."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        # Answers leave from the left as timers fire, so the order holds whatever order timers of one tick have.
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._reads_on = True  # until an answer that closes the connection is on its way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # TCP_NODELAY need not be set: it is asyncio's and uvloop's own default for servers
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._reads_on:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._reads_on:
                self._answer(BAD_REQUEST, close=True)

    def on_url(self, part: bytes) -> None:
        self._target += part  # it can come in parts
        if len(self._target) > TARGET_LIMIT_BYTES:
            raise ValueError("target too long")  # reaches data_received as a parser error

    def on_message_complete(self) -> None:
        if not self._reads_on:
            return
        answer = answer_to(self._parser.get_method(), self._target)
        self._target = b""
        if answer is None or self._parser.should_upgrade():
            self._answer(BAD_REQUEST, close=True)
        else:
            self._answer(answer, close=not self._parser.should_keep_alive())

    def _answer(self, answer: bytes, *, close: bool) -> None:
        self._reads_on = not close
        self._waiting.append((answer, close))
        if self._delay_s > 0:
            self._loop.call_later(self._delay_s, self._send_next)
        else:
            self._send_next()

    def _send_next(self) -> None:
        answer, close = self._waiting.popleft()
        if self._transport.is_closing():
            return  # the client has gone
        self._transport.write(answer)
        if close:
            self._transport.close()


async def serve(host: str, port: int, delay_s: float) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError if the port is taken."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    server = await loop.create_server(lambda: Upstream(delay_s), host, port, backlog=BACKLOG)
    try:
        await stop.wait()
    finally:
        # Not wait_closed(): clients keep their connections, and it would wait for them.
        server.close()


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stub from the command line; it is silent, and ready when it accepts connections."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.system.upstream", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-s", type=_seconds, default=0.1, help="before every answer (default: 0.1)")
    options = parser.parse_args(argv)
    uvloop.run(serve(options.host, options.port, options.delay_s))


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 3600:  # noqa: PLR2004 - an hour: more is a mistaken unit
        raise argparse.ArgumentTypeError(f"{text}: not between 0 and 3600")
    return seconds


if __name__ == "__main__":
    main()

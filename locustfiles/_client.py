"""A keep-alive HTTP/1.1 connection that costs the driver as little as possible.

Why not Locust's FastHttpUser: it costs the driver more than FastAPI costs the server, so that it measures itself. Why
a socket and two watchers of our own rather than gevent.socket: no timer is armed per request, no exception says
"nothing there yet", and nothing goes through select(), which knows no descriptor above 1023.

What it promises:
- one request, one answer: nothing is retried, a redirect is an answer like any other, and a connection that the server
  closed while it was idle is an error of the request that found it closed (the next one connects anew);
- every failure has a kind from one closed list (_target.py);
- an answer is right only if its status and its whole body are as expected;
- an answer ends when the kernel had its last byte (_arrival.py), not when this process came round to reading it.

Works in any greenlet but the hub, patched or not; used from one at a time.
"""

import contextlib
import errno
import os
import socket as _patched
from socket import socket
from time import perf_counter
from typing import Any

from gevent import get_hub, getcurrent
from gevent.monkey import get_original
from greenlet import greenlet

from _answer import Answer, HttpParserError
from _arrival import NOTE_BYTES, arrived_t, ask_for_arrivals
from _target import Failure, FailureKind, Target

# The real socket class, whether or not gevent has replaced it in the socket module.
_socket_class: type[socket] = get_original("socket", "socket")

_switch = greenlet.switch  # gevent's own asks each greenlet for a hook, which only the hub has
_MEMO_BYTES = 65536
_MOST_BYTES = 64 * 2**20  # of an answer: one that never ends must not take the driver's memory
_READ, _WRITE = 1, 2
_EXPIRED = object()


class _Expired(Exception):  # noqa: N818 - a signal between two methods, never seen outside
    """The request's time is over."""


class _Closed(Exception):  # noqa: N818 - likewise
    """The server closed the connection before the answer's end."""


class Connection:
    """One connection, opened when first needed and again after every failure.

    `since` is the intended start (perf_counter seconds) of the request in flight, 0.0 when there is none; `sent_t` when
    the last request was handed to the kernel, 0.0 while it was not; `ended_t` when the last byte of its answer arrived,
    or it failed; `received` the bytes of its answer, head included.
    """

    __slots__ = (
        "_alarm", "_hub", "_notes", "_priority", "_read", "_recv", "_send", "_sock", "_target", "_waiter", "_write",
        "ended_t", "received", "sent_t", "since",
    )  # fmt: skip

    def __init__(self, target: Target, *, priority: int = 0) -> None:
        """Connect to nothing yet. A higher `priority` (0..2) is served first among what is ready at once."""
        self._target = target
        self._priority = priority
        self._hub = get_hub()
        self._sock: socket | None = None
        self._waiter: Any = None
        self._notes: list[tuple[int, int, bytes]] = []
        self.since = 0.0
        self.sent_t = 0.0
        self.ended_t = 0.0
        self.received = 0

    @property
    def is_open(self) -> bool:
        return self._sock is not None

    def exchange(self, intended: float) -> Failure | None:
        """Send the request once and read its answer; None means that the answer was right.

        `intended` is the time (perf_counter seconds) at which the request should start.
        """
        self.since = intended
        self.sent_t = 0.0
        self.received = 0
        try:
            if self._sock is None and (failure := self.open()) is not None:
                self.ended_t = perf_counter()
                return failure
            request = self._target.request
            self.sent_t = perf_counter()
            try:
                sent = self._send(request)
            except BlockingIOError:
                sent = 0
            if sent != len(request):
                self._send_rest(request, sent)
            failure = self._receive()
            self.ended_t = arrived_t(self._notes, self.sent_t)
            return failure  # noqa: TRY300 - an else block would hide that only this path has an answer
        except (OSError, _Expired, _Closed, HttpParserError) as reason:
            self.close()
            self.ended_t = perf_counter()
            return _failure_of(reason)
        finally:
            self.since = 0.0

    def open(self) -> Failure | None:
        """Connect, unless connected; return why that failed, or None."""
        if self._sock is not None:
            return None
        sock = None
        try:
            sock = _socket_class(self._target.family, _patched.SOCK_STREAM)
            sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
            sock.setsockopt(_patched.IPPROTO_TCP, _patched.TCP_NODELAY, 1)
            ask_for_arrivals(sock)
            self._adopt(sock)
            self._connect(sock)
        except (OSError, _Expired) as reason:
            self.close()
            return _connect_failure_of(reason)
        except BaseException:
            self.close()
            raise
        self._target.opened_t.append(perf_counter())
        return None

    def went_away(self) -> bool:
        """Whether the idle connection can no longer be used: closed by the server, or something unasked has come."""
        if self._sock is None:
            return True
        try:
            self._sock.recv(1, _patched.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def close(self) -> None:
        sock, self._sock = self._sock, None
        if sock is None:
            return
        for watcher in (self._read, self._write, self._alarm):
            watcher.close()
        with contextlib.suppress(OSError):
            sock.close()

    # connecting

    def _adopt(self, sock: socket) -> None:
        """Take a socket as this connection's, with its watchers and shortcuts."""
        loop = self._hub.loop
        self._sock = sock
        self._send = sock.send
        self._recv = sock.recvmsg
        self._read = loop.io(sock.fileno(), _READ, priority=self._priority)
        self._write = loop.io(sock.fileno(), _WRITE, priority=self._priority)
        self._alarm = loop.timer(self._target.connect_timeout_s, priority=self._priority)

    def _connect(self, sock: socket) -> None:
        code = sock.connect_ex(self._target.address)
        if code == errno.EINPROGRESS:
            self._alarm.start(self._expire, update=True)  # from now, not from when the loop last looked at the clock
            self._wait(self._write)
            code = sock.getsockopt(_patched.SOL_SOCKET, _patched.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        self._set_alarm(self._target.timeout_s)

    # waiting

    def _wait(self, watcher: Any) -> None:
        """Let others run until the watcher fires. Raises _Expired when the alarm comes first."""
        self._waiter = waiter = getcurrent()
        watcher.start(waiter.switch)
        try:
            reason = _switch(self._hub)
        finally:
            watcher.stop()
            self._waiter = None
        if reason is _EXPIRED:
            raise _Expired

    def _expire(self) -> None:
        if self._waiter is not None:
            self._waiter.switch(_EXPIRED)

    def _set_alarm(self, after_s: float) -> None:
        self._alarm.close()
        self._alarm = self._hub.loop.timer(after_s, priority=self._priority)
        self._alarm.start(self._on_alarm, update=True)

    def _on_alarm(self) -> None:
        """End the request in flight if its time is over; else look again when it could be.

        One alarm per connection, set when it opens and moved only when it rings, costs a request nothing.
        """
        limit_s = self._target.timeout_s
        age_s = perf_counter() - self.sent_t if self._waiter is not None else 0.0
        if age_s >= limit_s:
            self._expire()
        else:
            self._set_alarm(limit_s - age_s)

    # sending and receiving

    def _send_rest(self, request: bytes, sent: int) -> None:
        """Send what the socket's buffer did not take at once."""
        rest = memoryview(request)[sent:]
        while rest:
            self._wait(self._write)
            with contextlib.suppress(BlockingIOError):
                rest = rest[self._send(rest) :]

    def _receive(self) -> Failure | None:
        """Read the answer: without a parser while it is, segment by segment, what the memo begins with."""
        target = self._target
        memo = target.memo
        data = self._next_bytes()
        while data != memo:
            if not memo.startswith(data):
                return self._parse(data)
            more = self._next_bytes()
            if not more:
                raise _Closed(f"after {len(data)} bytes of an answer")
            data += more
        self.received = len(data)
        return None

    def _next_bytes(self) -> bytes:
        """Wait for bytes; none means that the server closed its side before a byte of the answer."""
        while True:
            self._wait(self._read)
            try:
                data, self._notes, _, _ = self._recv(self._target.recv_bytes, NOTE_BYTES)
            except BlockingIOError:  # woken for nothing
                continue
            return data

    def _parse(self, data: bytes) -> Failure | None:
        """Read an answer that begins with `data` to its end, judge it, and remember it if it was right."""
        answer = Answer(head_only=self._target.head_only)
        try:
            raw = self._feed(answer, data)
        finally:
            answer.release()
        self._target.make_room(self.received)
        reusable = answer.keep_alive and not answer.surplus
        if not reusable:
            self.close()
        failure = self._target.judge(answer)
        if failure is None and answer.surplus:
            failure = Failure(kind=FailureKind.BAD_HTTP, detail="more bytes than the answer has")
        if failure is None and reusable and raw is not None:
            self._target.memo = raw
        return failure

    def _feed(self, answer: Answer, data: bytes) -> bytes | None:
        """Feed the answer to completion; return its bytes as they came, None if they are too many to keep."""
        segments: list[bytes] | None = []
        while True:
            if not data:
                answer.end_of_stream()
                if not answer.complete:
                    raise _Closed(f"after {self.received} bytes of an answer")
            self.received += len(data)
            if self.received > _MOST_BYTES:
                raise HttpParserError(f"an answer of more than {_MOST_BYTES >> 20} MiB")
            if segments is not None:
                segments.append(data)
                segments = segments if self.received <= _MEMO_BYTES else None
            if data:
                answer.feed(data)
            if answer.complete:
                return b"".join(segments) if segments is not None else None
            data = self._next_bytes()


def _failure_of(reason: Exception) -> Failure:
    if isinstance(reason, _Expired):
        return Failure(kind=FailureKind.TIMEOUT, detail="not answered in time")
    if isinstance(reason, _Closed):
        return Failure(kind=FailureKind.CLOSED_EARLY, detail=f"closed {reason}")
    if isinstance(reason, HttpParserError):
        return Failure(kind=FailureKind.BAD_HTTP, detail=str(reason))
    if isinstance(reason, BrokenPipeError):
        return Failure(kind=FailureKind.CLOSED_EARLY, detail="closed before the request was sent")
    kind = FailureKind.TIMEOUT if isinstance(reason, TimeoutError) else FailureKind.RESET
    return Failure(kind=kind, detail=str(reason))


def _connect_failure_of(reason: Exception) -> Failure:
    if isinstance(reason, (_Expired, TimeoutError)):
        return Failure(kind=FailureKind.CONNECT_TIMEOUT, detail="not connected in time")
    return Failure(kind=FailureKind.CONNECT_REFUSED, detail=str(reason))

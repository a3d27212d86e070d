"""A raw HTTP server in threads of this process, which does exactly what a test tells it to, and a driver to load it.

Importing this makes the modules of locustfiles/ importable, as Locust does for its locustfiles.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCUSTFILES = Path(__file__).resolve().parents[2] / "locustfiles"
if str(LOCUSTFILES) not in sys.path:
    sys.path.append(str(LOCUSTFILES))

BODY = b'{"ok":true}'


def answer(body: bytes = BODY, *, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """Return a whole answer with a content-length."""
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n%s\r\n%s" % (status.encode(), len(body), headers, body)


class Peer:
    """The server's end of one connection, while it handles one request."""

    def __init__(self, sock: socket.socket, server: RawServer) -> None:
        self.sock = sock
        self.server = server
        self.request = b""

    def read_request(self) -> bool:
        """Read one request with its body; False at the end of the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.sock.recv(65536)
            if not part:
                return False
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(v) for n, _, v in _header_lines(head) if n.lower() == b"content-length"), 0)
        while len(body) < length:
            body += self.sock.recv(1 << 20)
        self.request = data[: len(head) + 4] + body
        return True

    @property
    def path(self) -> str:
        return self.request.split(b" ", 2)[1].decode()

    def send(self, *segments: bytes, pause_s: float = 0.01) -> None:
        """Send each segment as one of its own."""
        for number, segment in enumerate(segments):
            if number:
                time.sleep(pause_s)
            self.sock.sendall(segment)

    def hang(self) -> None:
        """Do not answer for as long as the server lives."""
        self.server.stopping.wait()

    def close(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def _header_lines(head: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    return (line.partition(b":") for line in head.split(b"\r\n")[1:])


class RawServer:
    """Listens on a free port of an address and calls `behave(peer)` for every request it reads."""

    def __init__(self, behave: Callable[[Peer], None], host: str = "127.0.0.1") -> None:
        self._behave = behave
        self._listener = socket.create_server((host, 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.stopping = threading.Event()
        self.connections = 0
        self.requests = 0
        self._socks: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        # closing a listener does not wake accept(); shutting it down does
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._socks.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock, self)
        with sock, contextlib.suppress(OSError):
            while not self.stopping.is_set() and peer.read_request():
                self.requests += 1
                self._behave(peer)


class Driver:
    """`python locustfiles/trials.py` as a process, and the JSON lines to and from it."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        """Start it, with these environment variables besides our own."""
        self.process = subprocess.Popen(
            [sys.executable, str(LOCUSTFILES / "trials.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self.ready = self.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_of_stdin()
        try:
            self.process.wait(timeout=20)
        finally:
            self.process.kill()
            self.process.wait()
            self._stdout.close()

    def end_of_stdin(self) -> None:
        with contextlib.suppress(OSError):
            self._stdin.close()

    def send(self, command: dict[str, Any] | str) -> None:
        line = command if isinstance(command, str) else json.dumps(command)
        self._stdin.write(line + "\n")
        self._stdin.flush()

    def read(self) -> dict[str, Any]:
        """Return the next event; {} at the end of stdout."""
        line = self._stdout.readline()
        event: dict[str, Any] = json.loads(line) if line else {}
        return event

    def until(self, *names: str) -> list[dict[str, Any]]:
        """Return the events up to and including the first of these names."""
        events = [self.read()]
        while events[-1] and events[-1]["event"] not in names:
            events.append(self.read())
        return events

    def run(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one trial and return its result (or the error)."""
        self.send(command)
        return self.until("result", "error")[-1]


def trial(port: int, load: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    """Return a command for a short trial whose right answer is BODY."""
    return {
        "do": "trial",
        "trial_id": "t0001",
        "host": "127.0.0.1",
        "port": port,
        "request": {
            "method": "GET",
            "path": "/load",
            "headers": [["accept", "application/json"]],
            "body_base64": None,
            "expected_status": 200,
            "expected_body_base64": base64.b64encode(BODY).decode(),
        },
        "load": load,
        "warmup_s": 0.1,
        "window_s": 0.5,
        "drain_s": 0.0,
        "request_timeout_s": 10.0,
        "bystander": None,
        **changes,
    }


def bystander(**changes: Any) -> dict[str, Any]:
    """Return a bystander's order, every 20 ms."""
    return {
        "method": "GET",
        "path": "/bystander",
        "headers": [],
        "expected_status": 200,
        "expected_body_base64": base64.b64encode(BODY).decode(),
        "interval_s": 0.02,
        "max_in_flight": 512,
        **changes,
    }


def total(pairs: list[list[int]]) -> int:
    """Return how many durations a list of [index, count] holds."""
    return sum(count for _, count in pairs)


FOUR_USERS = {"kind": "closed", "users": 4}


def open_load(**changes: Any) -> dict[str, Any]:
    """Return an open load of 100 arrivals a second, changed as asked."""
    return {"kind": "open", "rate_rps": 100.0, "arrivals": "constant", "seed": 1, "max_in_flight": 100} | changes


def answers(peer: Peer) -> None:
    """Answer at once."""
    peer.send(answer())


def answers_after_a_while(peer: Peer) -> None:
    """Answer 20 ms later."""
    time.sleep(0.02)
    peer.send(answer())

"""Starts the real servers for tests: the SUT under uvicorn and the upstream stub, each a process of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
START_LIMIT_S = 60.0
_PORT_TRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that accepts connections."""

    process: "subprocess.Popen[bytes]"
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection((HOST, self.port), timeout=10)


def free_port() -> int:
    """Return a port on which nobody listens; two processes of pytest get different ones.

    Halved, since Linux gives even ports first.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for _ in range(_PORT_TRIES):
        with socket.create_server((HOST, 0)) as listener:
            port = int(listener.getsockname()[1])
        if port // 2 % 2 == worker % 2:
            break
    return port


def clean_environment(**extra: Any) -> dict[str, str]:
    """This environment without what would change a server's behaviour: proxies, other settings of the SUT's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("BENCH_") and name != "WEB_CONCURRENCY"
    }
    return kept | {name: str(value) for name, value in extra.items()}


@contextmanager
def started(command: Sequence[str], port: int, **environment: Any) -> Iterator[Server]:
    """Run `command` until the block ends; enter the block when it accepts connections at `port`."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(**environment), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_accepting(process, port, log)
            yield Server(process=process, port=port)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _wait_until_accepting(process: "subprocess.Popen[bytes]", port: int, log: Any) -> None:
    deadline_t = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline_t and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    log.seek(0)
    raise RuntimeError(f"{process.args!r} did not start:\n{log.read().decode()}")


def upstream(delay_s: float = 0.02) -> Any:
    """Run the upstream stub: `with upstream() as server:`."""
    port = free_port()
    command = [sys.executable, "-m", "harness.system.upstream", "--port", str(port), "--delay-s", str(delay_s)]
    return started(command, port)


def sut(**environment: Any) -> Any:
    """Run the SUT with these BENCH_* variables: `with sut(BENCH_WORKS="sleep") as server:`."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "bench_app.app:create_app"]
    command += ["--host", HOST, "--port", str(port), "--no-access-log"]
    return started(command, port, **environment)


def client(server: Server) -> httpx.Client:
    """Return an HTTP client for the server that takes no notice of the environment's proxies."""
    return httpx.Client(base_url=server.url, trust_env=False, timeout=30)

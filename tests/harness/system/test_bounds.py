"""Nothing in the project waits for ever: held against its source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from real_servers import ROOT

PACKAGES = ("harness", "analysis", "experiment", "bench_app", "benchmarks", "guest", "locustfiles")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]

# How many arguments each has before its limit, or 99 where the limit has to be named.
LIMIT_AT = {
    ".wait": 0,
    ".join": 0,
    ".communicate": 1,
    ".result": 0,
    "gevent.joinall": 99,
    "gevent.wait": 99,
    "select.select": 3,
    "socket.create_connection": 1,
    "subprocess.run": 99,
    "subprocess.check_output": 99,
    "subprocess.check_call": 99,
    "psycopg.connect": 99,
    "urllib.request.urlopen": 99,
}
# What has no limit at all, and is replaced by what has one (harness/system/channel.py).
ENDLESS = {".readline", ".accept", ".waitpid", ".wait4", ".recv"}
LIMIT_NAMES = {"timeout", "timeout_s", "connect_timeout"}

DRIVER = "a greenlet of the driver, which the harness bounds: silent for too long, it is ended"
STAYS = {
    ("bench_app/db_pools.py", "psycopg.connect(url)"): "in a SUT, whose start is bounded by the harness",
    ("bench_app/db_pools.py", "psycopg.connect(url, **_psycopg_options())"): "as above",
    ("benchmarks/metered.py", "os.wait4(process.pid, os.WNOHANG)"): "does not wait",
    ("bench_app/parsers.py", "wait([parent.sentinel])"): "a thread that ends its process when the parent does",
    ("locustfiles/_client.py", "self._sock.recv(1, _patched.MSG_PEEK)"): "a socket that does not block",
    ("locustfiles/_load_closed.py", "Event().wait()"): DRIVER,
    ("locustfiles/_load_closed.py", "self._go.wait()"): DRIVER,
    ("locustfiles/_load_open.py", "Event().wait()"): DRIVER,
    ("locustfiles/_part.py", "finished.wait()"): "a greenlet that its trial ends",
    ("locustfiles/worker.py", "leave.wait()"): "a worker at rest: the end of its master ends it",
    ("locustfiles/worker.py", "runner.greenlet.join()"): "as above: a greenlet that waits for that end",
    ("benchmarks/simulated_workers.py", "leave.wait()"): "at rest: the end of stdin ends it",
    ("benchmarks/simulated_workers.py", "gevent.joinall(running)"): "a greenlet, ended with its process as above",
    ("benchmarks/simulated_workers.py", "self._client.recv()"): "likewise",
    ("locustfiles/trials.py", "leave.wait()"): "the driver at rest: the end of stdin ends it, and so does its parent",
    ("locustfiles/trials.py", "hub.wait(readable)"): "the driver at rest: the end of stdin ends it",
    ("harness/trial/joining.py", "connection.recv(1)"): "its socket has a limit",
    ("harness/system/fork_main.py", "os.waitpid(-1, os.WNOHANG)"): "does not wait",
}


def unbounded(source: str) -> Iterator[tuple[int, str]]:
    """Name each call that may wait for ever; what is awaited is left out, which only its event loop's owner can end."""
    tree = ast.parse(source)
    awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and id(node) not in awaited:
            name, last = ast.unparse(node.func), f".{node.func.attr}"
            at = LIMIT_AT.get(name, LIMIT_AT.get(last))
            has_limit = LIMIT_NAMES.intersection(str(k.arg) for k in node.keywords)
            if last in ENDLESS or (at is not None and len(node.args) <= at and not has_limit):
                yield node.lineno, ast.unparse(node)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_wait_has_a_limit(source: Path) -> None:
    place = str(source.relative_to(ROOT))
    found = [(line, call) for line, call in unbounded(source.read_text()) if (place, call) not in STAYS]
    assert found == []


@pytest.mark.parametrize(
    "call",
    [
        "process.wait()",
        "process.communicate()",
        "thread.join()",
        "job.result()",
        "pipe.readline()",
        "select.select([], [], [])",
        "socket.create_connection(address)",
        "subprocess.run(['git'], check=True)",
        "psycopg.connect(url)",
    ],
)
def test_one_without_is_found(call: str) -> None:
    assert list(unbounded(call)) == [(1, call)]

"""Nothing in the rooms that start processes and open connections waits for ever: held against their source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from real_servers import ROOT

SOURCES = [*ROOT.glob("harness/system/*.py"), *ROOT.glob("harness/postgres/*.py")]

# How many arguments each has before its limit, or 99 where the limit has to be named.
LIMIT_AT = {
    ".wait": 0,
    ".join": 0,
    "select.select": 3,
    "socket.create_connection": 1,
    "subprocess.run": 99,
    "psycopg.connect": 99,
}
LIMIT_NAMES = {"timeout", "timeout_s", "connect_timeout"}


def unbounded(source: str) -> Iterator[str]:
    """Name each call that may wait for ever; what is awaited is left out, which only its event loop's owner can end."""
    tree = ast.parse(source)
    awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and id(node) not in awaited:
            name = ast.unparse(node.func)
            at = LIMIT_AT.get(name, LIMIT_AT.get(f".{node.func.attr}"))
            has_limit = LIMIT_NAMES.intersection(str(k.arg) for k in node.keywords)
            if at is not None and len(node.args) <= at and not has_limit:
                yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_wait_has_a_limit(source: Path) -> None:
    assert list(unbounded(source.read_text())) == []


@pytest.mark.parametrize(
    "call",
    [
        "process.wait()",
        "thread.join()",
        "select.select([], [], [])",
        "socket.create_connection(address)",
        "subprocess.run(['git'], check=True)",
        "psycopg.connect(url)",
    ],
)
def test_one_without_is_found(call: str) -> None:
    assert list(unbounded(call)) == [f"line 1: {call}"]

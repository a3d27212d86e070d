"""An app with the guest in front of it answers as it does without: status, headers in their order, and body."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from app_environments import FASTAPI_0_100, FASTAPI_TODAY, STARLETTE_TODAY
from guest_servers import alone, ask, with_guest
from real_servers import HOST, Server

FORM = b"\r\n".join(
    (
        *(b"--edge", b'Content-Disposition: form-data; name="file"; filename="a.txt"', b"Content-Type: text/plain"),
        *(b"", b"what is in it", b"--edge--", b""),
    )
)

Asked = tuple[str, str, bytes | None, dict[str, str]]
"""Method, path, body, and headers."""

WHOLE: tuple[Asked, ...] = (
    ("GET", "/state", None, {}),
    ("GET", "/items/3", None, {"x_token": "mine"}),
    ("GET", "/items/none", None, {}),
    ("POST", "/items", b'{"name": "pen"}', {"content_type": "application/json"}),
    ("POST", "/items", b"{", {"content_type": "application/json"}),
    ("POST", "/upload", FORM, {"content_type": "multipart/form-data; boundary=edge"}),
    ("GET", "/stream", None, {}),
    ("GET", "/large", None, {"accept_encoding": "gzip"}),
    ("GET", "/trouble", None, {}),
    ("GET", "/gone", None, {}),
    ("GET", "/broken", None, {}),
    ("GET", "/moved", None, {}),
    ("GET", "/moved/", None, {}),
    ("GET", "/outer/inner/x", None, {}),
    ("GET", "/part/where", None, {}),
    ("GET", "/part/docs", None, {}),
    ("GET", "/star/plain", None, {}),
    ("HEAD", "/star/plain", None, {}),
    ("HEAD", "/state", None, {}),
    ("DELETE", "/state", None, {}),
    ("OPTIONS", "/star/plain", None, {}),
    ("GET", "/openapi.json", None, {}),
    ("GET", "/nowhere", None, {}),
    ("GET", "/elsewhere/__handlerbench/bystander", None, {}),
)
STAR: tuple[Asked, ...] = (
    *(("GET", path, None, {}) for path in ("/blocking", "/waiting", "/awaiting", "/of/things/3", "/stream", "/broken")),
    *((method, "/of/things/3", b"", {}) for method in ("HEAD", "POST", "PUT")),
    *(("GET", path, None, {}) for path in ("/of/things/x", "/whole/", "/whole", "/nowhere")),
)
SPEAK = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], subprotocols=["words"]) as socket:
    socket.send("hello")
    said = socket.recv()
    try:
        socket.recv()
    except Exception as closed:
        end = closed
    print(said, socket.subprotocol, end, socket.response.headers.get("x-socket"))
"""


@dataclass(frozen=True)
class Pair:
    """The same app twice."""

    python: Path
    plain: Server
    guarded: Server


@pytest.fixture(
    scope="module",
    params=[(each, root) for each in (FASTAPI_0_100, FASTAPI_TODAY) for root in ("", "/proxy")],
    ids=lambda param: f"{param[0].name}{param[1]}",
)
def whole(request: pytest.FixtureRequest) -> Iterator[Pair]:
    environment, root = request.param
    yield from _pair(environment.python(), "whole_app:app", *(("--root-path", root) if root else ()))


@pytest.fixture(scope="module")
def star() -> Iterator[Pair]:
    yield from _pair(STARLETTE_TODAY.python(), "star_app:app")


def _pair(python: Path, target: str, *options: str) -> Iterator[Pair]:
    with ExitStack() as stack:
        plain = stack.enter_context(alone(python, target, *options))
        yield Pair(python, plain, stack.enter_context(with_guest(python, target, *options)))


def test_every_request_is_answered_as_without_the_guest(whole: Pair) -> None:
    for method, path, body, headers in WHOLE:
        expected = ask(whole.plain, path, method=method, body=body, **headers)
        assert ask(whole.guarded, path, method=method, body=body, **headers) == expected, (method, path)


def test_an_app_of_starlette_alone_is_answered_as_without_the_guest(star: Pair) -> None:
    for method, path, body, headers in STAR:
        expected = ask(star.plain, path, method=method, body=body, **headers)
        assert ask(star.guarded, path, method=method, body=body, **headers) == expected, (method, path)


def test_the_state_of_the_lifespan_reaches_the_app(whole: Pair) -> None:
    state = ask(whole.guarded, "/state").json
    assert (state["app"], state["lifespan"]) == ("set at start-up", "handed on")


def test_a_websocket_is_spoken_with_as_without_the_guest(whole: Pair) -> None:
    expected = _speak(whole.python, whole.plain)
    assert expected.startswith("hello handed on words")
    assert _speak(whole.python, whole.guarded) == expected


def test_the_bystander_is_answered_before_the_middleware_of_the_app(whole: Pair) -> None:
    answer = ask(whole.guarded, "/__handlerbench/bystander")
    assert (answer.status, answer.json, answer.header("x-stamp")) == (200, {"ok": True}, None)
    assert ask(whole.plain, "/__handlerbench/bystander").status == 404


def _speak(python: Path, server: Server) -> str:
    command = [str(python), "-c", SPEAK, f"ws://{HOST}:{server.port}/echo"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

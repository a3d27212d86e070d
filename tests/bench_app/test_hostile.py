"""Clients that mean no good, or know no better: bounded work, an answer in the 400s, and everybody else is served."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from bench_app.catalogue import CATALOGUE
from bench_app.samples import sample_pdf
from bench_app.styles import ASYNC_BLOCKING, ASYNC_PROCESS, DEF
from bench_app.works import UPLOAD
from hostile_pdfs import BOUNDED, HOSTILE
from real_servers import Server, client, sut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from bench_app.registry import Variant

UPLOADS = [v for v in CATALOGUE.values() if v.work == UPLOAD]
OFF_THE_LOOP = [v for v in UPLOADS if v.style != ASYNC_BLOCKING]
A_THREAD_AND_A_PROCESS = [v for v in UPLOADS if v.style in {DEF, ASYNC_PROCESS}]
PDF = {"content-type": "application/pdf"}
MANY = 100


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with sut(BENCH_WORKS="upload", BENCH_PROCESS_WORKERS=2, BENCH_UPLOAD_LIMIT_S=1) as server:
        yield server


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with client(server) as http:
        yield http


def is_right(http: httpx.Client, v: Variant) -> bool:
    r = http.post(v.path, content=sample_pdf().body, headers=PDF)
    return v.complaint(r.status_code, r.content) is None


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_pdf_that_asks_for_too_much_is_refused_with_the_reason(http: httpx.Client, make: Callable[[], bytes]) -> None:
    body = make()
    for v in A_THREAD_AND_A_PROCESS:
        r = http.post(v.path, content=body, headers=PDF)
        assert (r.status_code, v.id) == (422, v.id)
        assert r.json()["detail"].startswith("not ")
        assert is_right(http, v)


@pytest.mark.parametrize("make", BOUNDED.values(), ids=BOUNDED)
def test_a_pdf_that_asks_for_much_is_read_within_bounds(http: httpx.Client, make: Callable[[], bytes]) -> None:
    body = make()
    for v in A_THREAD_AND_A_PROCESS:
        assert http.post(v.path, content=body, headers=PDF).status_code in {200, 422}
        assert is_right(http, v)


@pytest.mark.parametrize("v", OFF_THE_LOOP, ids=lambda v: v.id)
def test_others_are_served_while_a_pdf_takes_as_long_as_it_may(server: Server, v: Variant) -> None:
    body = HOSTILE["pages that take too long"]()
    with client(server) as slow, client(server) as http:
        thread = threading.Thread(target=slow.post, args=(v.path,), kwargs={"content": body, "headers": PDF})
        thread.start()
        served = 0
        while thread.is_alive() and http.get("/bystander").status_code == 200:
            served += 1
        thread.join()
    assert served > 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n" * 100_000),
        (
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\ncontent-disposition: form-data; name="file"\r\n\r\nhello\r\n--x--\r\n',
        ),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a=" * 1_000_000),
        ({"content-type": "application/json"}, b"[" * 1_000_000),
        ({"content-type": "application/json"}, b'"\\ud800"'),
        ({"content-type": "application/json"}, b'{"file": 1e999999}'),
        ({"content-type": "application/json"}, b"9" * 100_000),
        ({"content-type": "application/json"}, b"\xff\xfe\x00"),
        ({**PDF, "content-encoding": "gzip"}, zlib.compress(b"x" * 50_000_000, wbits=31)),
        ({"content-type": "nonsense"}, b"\x00" * 1_000_000),
        ({"content-type": "application/pdf; charset=\x01"}, b"x"),
    ],
    ids=[
        *("endless parts", "an empty part", "a form", "a tower", "half a pair", "infinity", "a long number"),
        *("bad bytes", "a zipped bomb", "zeros", "a control character"),
    ],
)
def test_a_body_that_is_no_pdf_is_refused(http: httpx.Client, headers: dict[str, str], body: bytes) -> None:
    for v in UPLOADS:
        assert 400 <= http.post(v.path, content=body, headers=headers).status_code < 500
    assert is_right(http, UPLOADS[0])


def test_a_body_that_does_not_come_to_its_end_is_answered_and_its_connection_closed(
    server: Server, http: httpx.Client
) -> None:
    for v in UPLOADS:
        with server.connect() as connection:
            connection.sendall(_head(v) + b"half of it")
            answer = _all_of(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"the body did not come within 1 s" in answer
    assert is_right(http, UPLOADS[0])


def test_a_body_that_trickles_has_no_more_time_than_one_that_stops(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(_head(UPLOADS[0]))
        connection.setblocking(False)  # noqa: FBT003 - the socket's own interface
        answer = b""
        for _ in range(500):
            time.sleep(0.02)
            try:
                connection.sendall(b"x")
                answer += connection.recv(1000)
            except BlockingIOError:
                continue
            except OSError:
                break
            break
    assert answer.startswith(b"HTTP/1.1 408 ")


def _head(v: Variant) -> bytes:
    lines = (f"POST {v.path} HTTP/1.1", "host: sut", "content-type: application/pdf", "content-length: 1000")
    return "\r\n".join((*lines, "", "")).encode()


def _all_of(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(10_000):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("begun", [b"", b"GET /bystander HTTP/1.1\r\nhost: ", _head(UPLOADS[0]) + b"x"])
def test_many_who_send_slowly_keep_nobody_else_from_being_served(
    server: Server, http: httpx.Client, begun: bytes
) -> None:
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(server.connect()).sendall(begun)
        assert [http.get("/bystander").status_code for _ in range(20)] == [200] * 20
        assert is_right(http, UPLOADS[0])


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /upload%ff%00 HTTP/1.1",
        b"GET http://elsewhere.example/bystander HTTP/1.1",
        b"POST /upload HTTP/9.9",
        b"\x16\x03\x01\x02\x00",
        b"BREW /bystander HTTP/1.1",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT elsewhere.example:443 HTTP/1.1",
        b"POST /upload HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 5",
        b"POST /upload HTTP/1.1\r\ncontent-length: -5",
        b"POST /upload HTTP/1.1\r\ncontent-length: 99999999999999999999999",
        b"GET /bystander HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade",
        b"GET /bystander HTTP/1.1\r\n" + b"x: y\r\n" * 10_000 + b"z: z",
    ],
)
def test_what_is_no_request_of_ours_is_refused_or_closed(
    server: Server, http: httpx.Client, request_line: bytes
) -> None:
    with server.connect() as connection:
        connection.sendall(request_line + b"\r\nhost: sut\r\nconnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = _all_of(connection)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert http.get("/bystander").status_code == 200

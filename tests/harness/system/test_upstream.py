"""The upstream stub, over real sockets: keep-alive, pipelining, cut-up requests, and what it does not understand."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from bench_app.weather import report
from real_servers import ROOT, Server, client, upstream

DELAY_S = 0.05


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with upstream(DELAY_S) as server:
        yield server


@pytest.fixture
def connection(server: Server) -> Iterator[socket.socket]:
    with server.connect() as connection:
        yield connection


def request(target: str, extra: str = "", method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nhost: upstream\r\n{extra}\r\n".encode()


def read_answers(connection: socket.socket, count: int) -> list[bytes]:
    """Read `count` answers and return their bodies; fewer if the connection ends before."""
    data = b""
    bodies: list[bytes] = []
    while len(bodies) < count and (part := connection.recv(65536)):
        data += part
        while b"\r\n\r\n" in data:
            head, _, rest = data.partition(b"\r\n\r\n")
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(rest) < length:
                break
            bodies.append(rest[:length])
            data = rest[length:]
    return bodies


def read_to_the_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("path", ["/weather/oslo", "/oslo", "/oslo?units=metric"])
def test_a_citys_weather_is_served_under_both_paths(server: Server, path: str) -> None:
    with client(server) as http:
        assert http.get(path).json() == report("oslo")


def test_health_is_served(server: Server) -> None:
    with client(server) as http:
        assert http.get("/healthz").json() == {"ok": True}


def test_an_answer_does_not_come_before_its_delay(connection: socket.socket) -> None:
    start_t = time.monotonic()
    connection.sendall(request("/oslo"))
    read_answers(connection, 1)
    assert time.monotonic() - start_t >= DELAY_S - 0.002  # uvloop's timers are set in whole milliseconds


def test_a_connection_is_kept_for_many_requests(connection: socket.socket) -> None:
    for city in ("oslo", "rome", "lima"):
        connection.sendall(request(f"/{city}"))
        assert city.encode() in read_answers(connection, 1)[0]


def test_pipelined_requests_are_all_answered_in_their_order(connection: socket.socket) -> None:
    cities = [f"city{n}" for n in range(50)]
    connection.sendall(b"".join(request(f"/{city}") for city in cities))
    bodies = read_answers(connection, len(cities))
    assert [httpx.Response(200, content=body).json()["city"] for body in bodies] == cities


def test_a_request_that_comes_byte_by_byte_is_answered(connection: socket.socket) -> None:
    for byte in request("/weather/oslo"):
        connection.sendall(bytes([byte]))
        time.sleep(0.0005)
    assert b'"city":"oslo"' in read_answers(connection, 1)[0]


def test_a_segment_may_hold_one_request_and_half_of_the_next(connection: socket.socket) -> None:
    both = request("/oslo") + request("/rome")
    cut = len(request("/oslo")) + 9
    connection.sendall(both[:cut])
    first = read_answers(connection, 1)
    connection.sendall(both[cut:])
    assert [b"oslo" in first[0], b"rome" in read_answers(connection, 1)[0]] == [True, True]


@pytest.mark.parametrize(
    "bad",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00" * 20,
        request("/no/such/path"),
        request("/"),
        request("/oslo", method="DELETE"),
        request("/weather/" + "x" * 65),
        request("/" + "x" * 5000),
        request("/oslo", "upgrade: websocket\r\nconnection: upgrade\r\n"),
    ],
    ids=["no http", "tls", "unknown path", "root", "method", "long city", "long target", "upgrade"],
)
def test_what_is_not_understood_is_answered_with_400_and_the_connection_closed(
    connection: socket.socket, bad: bytes
) -> None:
    connection.sendall(bad)
    answer = read_to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_requests_before_a_bad_one_are_still_answered(connection: socket.socket) -> None:
    connection.sendall(request("/oslo") + b"hello\r\n\r\n" + request("/rome"))
    answer = read_to_the_end(connection)
    assert [answer.count(b"200 OK"), answer.count(b"400 Bad"), b"rome" in answer] == [1, 1, False]


@pytest.mark.parametrize("extra", ["connection: close\r\n"])
def test_who_asks_to_close_is_answered_and_closed(connection: socket.socket, extra: str) -> None:
    connection.sendall(request("/oslo", extra))
    assert b'"city":"oslo"' in read_to_the_end(connection)


def test_a_client_that_leaves_before_its_answer_harms_no_other(server: Server, connection: socket.socket) -> None:
    with server.connect() as impatient:
        impatient.sendall(request("/rome") * 5)
    connection.sendall(request("/oslo"))
    assert len(read_answers(connection, 1)) == 1


def test_a_hundred_connections_wait_together_and_not_in_a_row() -> None:
    with upstream(0.3) as slow:
        connections = [slow.connect() for _ in range(100)]
        start_t = time.monotonic()
        for c in connections:
            c.sendall(request("/oslo"))
        assert all(read_answers(c, 1) for c in connections)
        assert time.monotonic() - start_t < 15  # in a row it would be 30 s
        for c in connections:
            c.close()


def test_sigterm_ends_it_cleanly_with_clients_still_connected() -> None:
    with upstream() as stub, stub.connect():
        stub.process.send_signal(signal.SIGTERM)
        assert stub.process.wait(10) == 0


def test_a_delay_that_is_no_time_is_refused() -> None:
    command = [sys.executable, "-m", "harness.system.upstream", "--port", "1", "--delay-s", "-1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--delay-s" in done.stderr

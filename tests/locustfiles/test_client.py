"""The driver's connection against a server that misbehaves in every way we know of."""

from __future__ import annotations

import itertools
import resource
import socket
import time
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gevent
import pytest

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _answer import build_request
from _client import Connection
from _target import Failure, FailureKind, Target
from misbehaving_servers import BODY, Peer, RawServer, answer
from real_servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable


def target(port: int, *, method: str = "GET", body: bytes | None = None, **options: Any) -> Target:
    request = build_request(method=method, path="/", authority=f"127.0.0.1:{port}", body=body)
    options = {"expected_body": b"" if method == "HEAD" else BODY, "timeout_s": 5.0, **options}
    return Target(host="127.0.0.1", port=port, request=request, **options)


def ask(behave: Callable[[Peer], None], *, times: int = 1, **options: Any) -> list[Failure | None]:
    """Ask a server that behaves so a few times over one Connection."""
    with RawServer(behave) as server, closing(Connection(target(server.port, **options))) as connection:
        return [connection.exchange(perf_counter()) for _ in range(times)]


def kinds(failures: list[Failure | None]) -> list[FailureKind | None]:
    return [None if failure is None else failure.kind for failure in failures]


def always(*segments: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.send(*segments)


def test_a_right_answer_is_no_failure() -> None:
    assert ask(always(answer())) == [None]


def test_one_connection_serves_many_requests() -> None:
    with RawServer(always(answer())) as server:
        aim = target(server.port)
        with closing(Connection(aim)) as connection:
            assert [connection.exchange(perf_counter()) for _ in range(5)] == [None] * 5
        assert (aim.connections_opened, server.connections, server.requests) == (1, 1, 5)


def test_head_and_body_may_come_in_two_segments() -> None:
    head, body = answer()[: -len(BODY)], BODY
    assert ask(always(head, body), times=3) == [None] * 3


def test_an_answer_may_come_byte_by_byte() -> None:
    whole = answer()
    one_by_one = [whole[i : i + 1] for i in range(len(whole))]
    assert ask(lambda peer: peer.send(*one_by_one, pause_s=0.001), times=2) == [None] * 2


def test_an_answer_that_differs_from_the_last_one_is_read_anew() -> None:
    numbers = itertools.count()

    def behave(peer: Peer) -> None:
        peer.send(answer(headers=b"date: day %d\r\n" % next(numbers)))

    assert ask(behave, times=4) == [None] * 4


def test_a_wrong_body_after_right_ones_is_noticed() -> None:
    bodies = iter([BODY, BODY, BODY.replace(b"true", b"null"), BODY])
    failures = ask(lambda peer: peer.send(answer(next(bodies))), times=4)
    assert kinds(failures) == [None, None, FailureKind.WRONG_BODY, None]


def test_an_answer_that_begins_like_the_last_one_and_then_stops_is_closed_early() -> None:
    whole = answer()
    pieces = iter([whole, whole[:-3]])

    def behave(peer: Peer) -> None:
        peer.send(piece := next(pieces))
        if piece != whole:
            peer.close()

    assert kinds(ask(behave, times=2)) == [None, FailureKind.CLOSED_EARLY]


def test_a_longer_body_with_the_same_beginning_is_wrong() -> None:
    assert kinds(ask(always(answer(BODY + b"!")))) == [FailureKind.WRONG_BODY]


def test_chunked_answers_are_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n%s\r\n6\r\n%s\r\n0\r\n\r\n"
    assert ask(always(chunked % (BODY[:5], BODY[5:])), times=3) == [None] * 3


def test_a_chunked_answer_cut_off_before_its_last_chunk_is_closed_early() -> None:
    def behave(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n%s\r\n" % BODY)
        peer.close()

    assert kinds(ask(behave)) == [FailureKind.CLOSED_EARLY]


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    def behave(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n", BODY)
        peer.close()

    assert ask(behave, times=2) == [None, None]


def test_after_connection_close_the_next_request_connects_anew() -> None:
    def behave(peer: Peer) -> None:
        peer.send(answer(headers=b"connection: close\r\n"))
        peer.close()

    with RawServer(behave) as server:
        aim = target(server.port)
        with closing(Connection(aim)) as connection:
            assert [connection.exchange(perf_counter()) for _ in range(3)] == [None] * 3
        assert aim.connections_opened == 3


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    assert ask(always(interim, answer()), times=2) == [None] * 2
    assert ask(always(interim + answer()), times=2) == [None] * 2


def test_switching_protocols_is_a_wrong_status() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n"
    assert kinds(ask(always(upgrade))) == [FailureKind.WRONG_STATUS]


def test_a_redirect_is_not_followed() -> None:
    with RawServer(always(answer(b"", status="307 Temporary Redirect", headers=b"location: /\r\n"))) as server:
        with closing(Connection(target(server.port))) as connection:
            failure = connection.exchange(perf_counter())
        assert failure is not None
        assert (failure.kind, failure.status) == (FailureKind.WRONG_STATUS, 307)
        assert server.requests == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_some_statuses_have_no_body_whatever_their_length_says(status: str) -> None:
    bare = f"HTTP/1.1 {status}\r\n\r\n".encode()
    assert ask(always(bare), times=3, expected_status=int(status[:3]), expected_body=b"") == [None] * 3
    lying = f"HTTP/1.1 {status}\r\ncontent-length: 11\r\n\r\n".encode()
    if status.startswith("304"):
        assert ask(always(lying), times=3, expected_status=304, expected_body=b"") == [None] * 3


def test_an_answer_to_head_has_no_body() -> None:
    head = answer()[: -len(BODY)]
    assert ask(always(head), times=3, method="HEAD") == [None] * 3


def test_a_server_error_is_a_wrong_status_and_says_how_its_body_starts() -> None:
    (failure,) = ask(always(answer(b"boom", status="500 Internal Server Error")))
    assert failure is not None
    assert (failure.kind, failure.label) == (FailureKind.WRONG_STATUS, "wrong-status 500")
    assert str(failure) == "wrong-status: 500, body starts b'boom'"


def test_any_body_is_right_when_only_the_status_is_expected() -> None:
    assert ask(always(answer(b"whatever")), expected_body=None) == [None]


def test_a_request_may_carry_a_body_larger_than_the_sockets_buffer() -> None:
    body = b"x" * 8_000_000
    seen = []

    def behave(peer: Peer) -> None:
        seen.append(peer.request.endswith(b"\r\n\r\n" + body))
        peer.send(answer())

    assert ask(behave, method="POST", body=body, times=2) == [None] * 2
    assert seen == [True, True]


def test_a_large_answer_is_read_whole() -> None:
    body = bytes(range(256)) * 10_000
    assert ask(always(answer(body)), expected_body=body, times=2) == [None] * 2


def test_what_is_no_http_is_bad_http() -> None:
    assert kinds(ask(always(b"220 mail ready\r\n"), times=2)) == [FailureKind.BAD_HTTP] * 2


def test_more_bytes_than_the_answer_has_are_bad_http() -> None:
    assert kinds(ask(always(answer() + answer()))) == [FailureKind.BAD_HTTP]
    closing_answer = answer(headers=b"connection: close\r\n")
    assert kinds(ask(always(closing_answer + b"more"))) == [FailureKind.BAD_HTTP]


def test_no_answer_in_time_is_a_timeout() -> None:
    assert kinds(ask(Peer.hang, timeout_s=0.2)) == [FailureKind.TIMEOUT]


def test_an_answer_that_trickles_is_a_timeout_too() -> None:
    def behave(peer: Peer) -> None:
        peer.send(*[b"H"] + [b"T"] * 200, pause_s=0.02)

    def cut(peer: Peer) -> None:
        peer.send(*[answer()[i : i + 1] for i in range(30)], pause_s=0.02)
        peer.hang()

    assert kinds(ask(cut, timeout_s=0.3)) == [FailureKind.TIMEOUT]
    assert kinds(ask(behave, timeout_s=0.3))[0] in {FailureKind.TIMEOUT, FailureKind.BAD_HTTP}


def test_answers_of_changing_length_are_read_whole_in_room_that_fits() -> None:
    bodies = [b"x" * length for length in (10, 1900, 3000, 10, 200_000, 200_000, 12)]
    left = iter(bodies)
    with RawServer(lambda peer: peer.send(answer(body=next(left)))) as server:
        aim = target(server.port, expected_body=None)
        room = []
        with closing(Connection(aim)) as connection:
            for body in bodies:
                assert connection.exchange(perf_counter()) is None
                assert connection.received > len(body)
                room.append(aim.recv_bytes)
    assert room == [2048, 2048, 65536, 2048, 65536, 65536, 2048]


def test_a_connection_used_for_longer_than_the_timeout_does_not_time_out() -> None:
    def behave(peer: Peer) -> None:
        time.sleep(0.12)
        peer.send(answer())

    assert ask(behave, times=4, timeout_s=0.4) == [None] * 4


def test_after_a_timeout_the_next_request_gets_its_own_answer() -> None:
    first = iter([True])

    def behave(peer: Peer) -> None:
        if next(first, False):
            peer.hang()
        peer.send(answer())

    assert kinds(ask(behave, times=2, timeout_s=0.3)) == [FailureKind.TIMEOUT, None]


def test_a_reset_is_an_error_and_nothing_is_retried() -> None:
    with RawServer(Peer.reset) as server, closing(Connection(target(server.port))) as connection:
        failure = connection.exchange(perf_counter())
        assert failure is not None
        assert failure.kind is FailureKind.RESET
        assert (server.requests, server.connections) == (1, 1)


def test_a_close_instead_of_an_answer_is_closed_early() -> None:
    assert kinds(ask(Peer.close)) == [FailureKind.CLOSED_EARLY]


def test_a_close_within_an_answer_is_closed_early() -> None:
    def behave(peer: Peer) -> None:
        peer.send(answer()[:-2])
        peer.close()

    assert kinds(ask(behave)) == [FailureKind.CLOSED_EARLY]


def test_an_idle_connection_found_closed_fails_one_request_and_the_next_connects_anew() -> None:
    answered = iter([True])

    def behave(peer: Peer) -> None:
        peer.send(answer())
        if next(answered, False):
            peer.close()

    with RawServer(behave) as server:
        aim = target(server.port)
        with closing(Connection(aim)) as connection:
            assert connection.exchange(perf_counter()) is None
            while not connection.went_away():
                gevent.sleep(0.01)
            found_closed = connection.exchange(perf_counter())
            assert found_closed is not None
            assert found_closed.kind in {FailureKind.CLOSED_EARLY, FailureKind.RESET}
            assert connection.exchange(perf_counter()) is None
        assert (aim.connections_opened, server.requests) == (2, 2)


def test_a_live_idle_connection_has_not_gone_away() -> None:
    with RawServer(always(answer())) as server, closing(Connection(target(server.port))) as connection:
        assert connection.went_away()
        connection.exchange(perf_counter())
        assert not connection.went_away()


def test_a_port_where_nobody_listens_refuses() -> None:
    with closing(Connection(target(free_port()))) as connection:
        failures = [connection.exchange(perf_counter()) for _ in range(2)]
    assert kinds(failures) == [FailureKind.CONNECT_REFUSED] * 2


def test_a_listener_whose_queue_is_full_is_a_connect_timeout() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        aim = target(listener.getsockname()[1], timeout_s=0.3)
        connections = [Connection(aim) for _ in range(4)]
        failures = [connection.open() for connection in connections]
        for connection in connections:
            connection.close()
    assert failures[0] is None
    assert failures[-1] is not None
    assert failures[-1].kind is FailureKind.CONNECT_TIMEOUT


def test_a_driver_that_was_held_up_has_its_whole_time_to_connect() -> None:
    gevent.sleep(0.001)  # the loop looks at the clock,
    time.sleep(0.6)  # and then not for longer than the time there is to connect
    assert ask(always(answer()), timeout_s=0.5) == [None]


def test_descriptors_above_1023_work() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this process may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    hoard = [socket.socket() for _ in range(1030)]
    try:
        assert ask(always(answer()), times=2) == [None] * 2
    finally:
        for sock in hoard:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_request_that_would_fall_apart_is_refused() -> None:
    for path in ("no-slash", "/with space", "/line\r\nbreak"):
        with pytest.raises(ValueError, match="not a request"):
            build_request(method="GET", path=path, authority="x")
    with pytest.raises(ValueError, match="not a request"):
        build_request(method="GET", path="/", authority="x", headers=[("a", "b\r\nc: d")])


def test_host_and_length_are_added_only_where_they_lack() -> None:
    assert build_request(method="GET", path="/p", authority="h:1") == b"GET /p HTTP/1.1\r\nhost: h:1\r\n\r\n"
    own = build_request(
        method="POST", path="/", authority="h", headers=[("Host", "o"), ("Content-Length", "2")], body=b"ab"
    )
    assert own == b"POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 2\r\n\r\nab"
    assert b"content-length: 0" in build_request(method="POST", path="/", authority="h")

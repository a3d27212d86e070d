"""When an answer arrived: by the kernel's note where there is one, else when it was read."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from time import perf_counter, time_ns
from typing import TYPE_CHECKING

import gevent
import pytest

import _arrival
import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _answer import build_request
from _arrival import anchor, arrived_t
from _client import Connection
from _target import Target
from misbehaving_servers import BODY, RawServer, answer

if TYPE_CHECKING:
    from misbehaving_servers import Peer

SO_TIMESTAMPNS = 35


@pytest.fixture(autouse=True)
def _anchored_anew() -> Iterator[None]:
    """Leave no other test with the clock of this one."""
    yield
    anchor()


def _note(at_ns: int) -> tuple[int, int, bytes]:
    return (socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("@qq", *divmod(at_ns, 10**9)))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux notes when data arrived")
def test_an_answer_ends_when_it_arrived_and_not_when_a_busy_driver_read_it() -> None:
    sent = threading.Event()

    def behave(peer: Peer) -> None:
        peer.send(answer())
        sent.set()

    with RawServer(behave) as server:
        request = build_request(method="GET", path="/", authority=f"127.0.0.1:{server.port}", body=None)
        target = Target(host="127.0.0.1", port=server.port, request=request, expected_body=BODY, timeout_s=5.0)
        with closing(Connection(target)) as connection:
            assert connection.exchange(perf_counter()) is None  # the first note of all may be missing
            sent.clear()
            asking = gevent.spawn(connection.exchange, perf_counter())
            gevent.sleep(0)  # it sends, and waits for the answer
            assert sent.wait(5.0)  # not gevent's: nobody reads meanwhile
            time.sleep(0.02)
            before_reading = perf_counter()
            assert asking.get(timeout=5.0) is None
            assert connection.sent_t <= connection.ended_t < before_reading


def test_data_arrived_as_long_ago_as_the_kernels_note_says() -> None:
    anchor()
    before = perf_counter()
    assert arrived_t([_note(time_ns() - 5 * 10**9)], before - 10) <= perf_counter() - 5


@pytest.mark.parametrize("notes", [[], [(socket.SOL_SOCKET, 1, b"credentials")]])
def test_without_a_note_the_answer_arrived_when_it_was_read(notes: list[tuple[int, int, bytes]]) -> None:
    before = perf_counter()
    assert before <= arrived_t(notes, before - 10) <= perf_counter()


@pytest.mark.parametrize(
    ("noted_s_ago", "sent_s_ago"), [(-1000, 10), (1000, 10)], ids=["in the future", "before the request was sent"]
)
def test_an_arrival_that_cannot_be_counts_when_it_was_read(noted_s_ago: int, sent_s_ago: int) -> None:
    before = perf_counter()
    assert before <= arrived_t([_note(time_ns() - noted_s_ago * 10**9)], before - sent_s_ago)


@pytest.mark.parametrize("step_s", [0.05, 5.0, -5.0, 3600.0])
def test_a_wall_clock_that_is_set_in_a_trial_neither_shortens_nor_lengthens_a_request(
    step_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor()
    note = _note(time_ns())
    with monkeypatch.context() as stepped:
        stepped.setattr(_arrival, "time", lambda: time.time() + step_s)
        before = perf_counter()
        assert before <= arrived_t([note], before - 10) <= perf_counter()
        anchor()  # the next trial's: notes are now of the clock that was set
        note = _note(time_ns() + int((step_s - 2) * 1e9))
        assert arrived_t([note], before - 10) <= perf_counter() - 2

"""When an answer arrived: by the kernel's note where there is one, else when it was read."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from contextlib import closing
from time import perf_counter, time_ns
from typing import TYPE_CHECKING

import gevent
import pytest

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _answer import build_request
from _arrival import age_s
from _client import Connection
from _target import Target
from misbehaving_servers import BODY, RawServer, answer

if TYPE_CHECKING:
    from misbehaving_servers import Peer

SO_TIMESTAMPNS = 35


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


def test_the_age_of_data_is_counted_from_the_kernel_s_note() -> None:
    assert age_s([_note(time_ns() - 5 * 10**9)]) >= 5.0


def test_without_a_note_the_answer_arrived_when_it_was_read() -> None:
    assert age_s([]) == 0.0
    assert age_s([(socket.SOL_SOCKET, 1, b"credentials")]) == 0.0


def test_a_wall_clock_set_back_makes_no_negative_age() -> None:
    assert age_s([_note(time_ns() + 10**12)]) == 0.0

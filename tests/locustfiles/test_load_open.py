"""The bystander's times are the server's, not the driver's."""

from __future__ import annotations

import sys
import threading
import time
from time import perf_counter
from typing import Any

import gevent
import pytest

import misbehaving_servers  # noqa: F401 - makes locustfiles importable
from _answer import build_request
from _load_open import Bystander
from _tally_bystander import BystanderTally
from _target import Failure, Target
from experiment.records.driver_protocol import BystanderOrder
from misbehaving_servers import BODY, Peer, RawServer, answer

LIMIT_S = 5.0


class Seen:
    """In a ledger's place: keeps when an answer arrived."""

    def __init__(self) -> None:
        self.ended_t: list[float] = []

    def ended(self, _intended: float, _sent_t: float, ended_t: float, _received: int, failure: Failure | None) -> None:
        assert failure is None
        self.ended_t.append(ended_t)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux notes when data arrived")
def test_a_driver_that_is_held_up_does_not_lengthen_a_bystanders_time() -> None:
    used_once, go, answered = threading.Event(), threading.Event(), threading.Event()

    def behave(peer: Peer) -> None:
        if not used_once.is_set():
            peer.send(answer())
            return
        go.wait(LIMIT_S)
        peer.send(answer())
        answered.set()

    with RawServer(behave) as server:
        seen: Any = Seen()
        beside = _bystander(server.port, seen)
        try:
            beside.prepare()
            used_once.set()
            beside.start(perf_counter(), perf_counter() + 0.01)
            with gevent.Timeout(LIMIT_S):
                while not beside.in_flight:
                    gevent.sleep(0.001)
            go.set()
            assert answered.wait(LIMIT_S)  # not gevent's: nothing else runs in this thread from here
            time.sleep(0.05)
            free_again_t = perf_counter()
            with gevent.Timeout(LIMIT_S):
                while not seen.ended_t:
                    gevent.sleep(0.001)
            assert seen.ended_t[0] < free_again_t
        finally:
            beside.stop()


def _bystander(port: int, ledger: Any) -> Bystander:
    request = build_request(method="GET", path="/bystander", authority=f"127.0.0.1:{port}")
    target = Target(host="127.0.0.1", port=port, request=request, expected_body=BODY, timeout_s=LIMIT_S)
    order = BystanderOrder(method="GET", path="/bystander", expected_status=200, interval_s=1.0, max_in_flight=4)
    return Bystander(target, ledger, BystanderTally(), order, seconds=1.0)

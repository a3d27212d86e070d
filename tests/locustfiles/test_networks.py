"""A worker in another network drives an app in this one: over a cable that is slow, or is pulled out in a trial."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import networks
from experiment.errors import Exit
from experiment.records.histogram import bucket_low_us
from misbehaving_servers import FOUR_USERS, Driver, RawServer, answers_after_a_while, bystander, trial
from real_servers import free_port
from volunteers import Volunteer, end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from networks import Network

BURST = {"kind": "burst", "requests": 200}
RETRANSMITTED_US = 150_000  # the kernel sends a lost packet again after 200 ms or more


@pytest.fixture
def other() -> Iterator[Network]:
    try:
        with networks.network() as joined:
            yield joined
    except networks.RefusedError as reason:
        pytest.skip(f"no other network can be made here: {reason}")


@contextmanager
def worker_in(other: Network, port: int) -> Iterator[Volunteer]:
    one = Volunteer(port, host=other.here, prefix=other.inside)
    try:
        yield one
    finally:
        end(one)


def master(other: Network, port: int, *words: str) -> Driver:
    return Driver("--expect", "1", "--bind", f"{other.here}:{port}", "--come-limit", "40", *words)


def test_a_worker_in_another_network_drives_the_app_at_the_address_that_it_reaches(other: Network) -> None:
    port = free_port()
    with (
        worker_in(other, port) as one,
        RawServer(answers_after_a_while, other.here) as server,
        master(other, port, "--sut-host", other.here) as driver,
    ):
        result = driver.run(trial(server.port, FOUR_USERS, host=other.here, bystander=bystander()))
        (worker,) = driver.ready["workers"]
        driver.end_of_stdin()
        assert one.ended()[0] == Exit.OK
    assert (result["users_started"], result["errors"]) == (4, {})
    assert 0 < result["answers"] <= server.requests
    assert worker["machine"] == driver.ready["machine"]  # which both networks are on


def test_it_is_refused_by_name_where_the_app_listens_on_loopback_only(other: Network) -> None:
    port = free_port()
    with worker_in(other, port), master(other, port) as driver:
        said = driver.ready["message"]
    assert said.startswith("worker ")
    assert "is in another network and cannot reach the app" in said


def test_another_address_than_the_masters_is_not_loaded_at_its_word(other: Network) -> None:
    port, elsewhere = free_port(), "198.18.77.9"
    with worker_in(other, port), master(other, port, "--sut-host", elsewhere) as driver:
        broken = driver.run(trial(80, FOUR_USERS, host=elsewhere))
    assert broken["event"] == "error"
    assert f"refused: part.command.host: must be {other.here} (given: '{elsewhere}')" in broken["message"]


def test_a_worker_that_is_cut_off_ends_the_trial_by_name_and_may_come_back(other: Network) -> None:
    port = free_port()
    with (
        worker_in(other, port),
        RawServer(answers_after_a_while, other.here) as server,
        master(other, port, "--sut-host", other.here) as driver,
    ):
        driver.send(trial(server.port, FOUR_USERS, host=other.here, window_s=60.0))
        driver.until("window-open")
        other.cut()
        broken = driver.until("result", "error")[-1]
        other.mend()
        again = driver.run(trial(server.port, FOUR_USERS, host=other.here, trial_id="t2"))
    (worker,) = driver.ready["workers"]
    assert broken["message"] == f"worker {worker['pid']} on {worker['host']} was lost"
    assert (again["event"], again["users_started"]) == ("result", 4)


def test_a_worker_ends_when_its_master_in_another_network_is_killed(other: Network) -> None:
    port = free_port()
    with worker_in(other, port) as one, RawServer(answers_after_a_while, other.here) as server:
        with master(other, port, "--sut-host", other.here) as driver:
            driver.send(trial(server.port, FOUR_USERS, host=other.here, window_s=60.0))
            driver.until("window-open")
            os.kill(driver.process.pid, signal.SIGKILL)
        assert one.ended()[0] == Exit.OK
        assert one.driving() == []


def test_over_a_slow_link_a_clock_is_not_known_well_enough(other: Network) -> None:
    try:
        other.delay(30)
    except networks.RefusedError as reason:
        pytest.skip(f"this kernel delays nothing: {reason}")
    port = free_port()
    with worker_in(other, port), master(other, port, "--sut-host", other.here) as driver:
        said = driver.ready["message"]
    assert "the clock of worker " in said
    assert said.endswith(" ms only")


def test_over_a_link_that_loses_packets_every_request_is_sent_and_counted_once(other: Network) -> None:
    port = free_port()
    with (
        worker_in(other, port),
        RawServer(answers_after_a_while, other.here) as server,
        master(other, port, "--sut-host", other.here) as driver,
    ):
        assert driver.ready["event"] == "ready"
        try:
            other.lose(0.1)
        except networks.RefusedError as reason:
            pytest.skip(f"no packets can be lost here: {reason}")
        for _ in range(4):  # a worker that hears too late when to begin breaks the trial off
            before = server.requests
            result = driver.run(trial(server.port, BURST, host=other.here, window_s=20.0))
            if result["event"] == "result":
                break
        served = server.requests - before
    assert (result["event"], result["errors"]) == ("result", {})
    assert result["answers"] == served == BURST["requests"]
    assert sum(count for _, count in result["response"]["counts"]) == served
    assert max(bucket_low_us(index) for index, _ in result["response"]["counts"]) > RETRANSMITTED_US

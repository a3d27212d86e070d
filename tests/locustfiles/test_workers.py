"""Several workers drive one trial: what they do together, and what is said of one that is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import psutil
import pytest

from _clock import offset
from misbehaving_servers import (
    FOUR_USERS,
    LOCUSTFILES,
    Driver,
    Peer,
    RawServer,
    answer,
    answers_after_a_while,
    bystander,
    open_load,
    total,
    trial,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE_LIMIT_S = 15.0


@pytest.fixture(scope="module")
def crew() -> Iterator[Driver]:
    with Driver("--workers", "2") as driver:
        yield driver


def pids(driver: Driver) -> list[int]:
    return [worker["pid"] for worker in driver.ready["workers"]]


def test_the_workers_are_named_at_the_beginning(crew: Driver) -> None:
    assert len(set(pids(crew))) == 2
    assert {worker["locust"] for worker in crew.ready["workers"]} == {crew.ready["locust"]}


def test_a_trial_is_announced_step_by_step(crew: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        crew.send(trial(server.port, FOUR_USERS, window_s=1.2))
        events = crew.until("result", "error")
    assert [event["event"] for event in events] == ["warm", "window-open", "progress", "window-close", "result"]
    _, opened, progress, closed, result = events
    assert (opened["t"], closed["t"]) == (result["window_open_t"], result["window_close_t"])
    assert (progress["second"], progress["rps"]) == (0, result["per_second"][0]["answers"])


def test_every_answer_that_is_counted_was_sent_by_the_server(crew: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = crew.run(trial(server.port, {"kind": "closed", "users": 5}))
        assert 0 < result["answers"] <= server.requests
        assert (result["connections_opened"], server.connections) == (5, 5)
    assert (result["users_started"], result["errors"]) == (5, {})
    assert total(result["response"]["counts"]) == result["answers"]
    assert sum(result["answers_per_bin"]) == result["answers"]


def test_all_arrivals_of_an_open_load_are_sent_as_by_one_driver(crew: Driver) -> None:
    load = open_load(arrivals="poisson", seed=3)
    with RawServer(answers_after_a_while) as server, Driver() as alone:
        one, several = alone.run(trial(server.port, load)), crew.run(trial(server.port, load))
    assert several["sent"] == one["sent"] > 0


def test_a_burst_starts_together_and_its_window_ends_with_the_last_answer(crew: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = crew.run(trial(server.port, {"kind": "burst", "requests": 6}, window_s=20.0))
    assert (result["answers"], total(result["response"]["counts"])) == (6, 6)
    assert 0.02 <= result["makespan_s"] <= result["window_s"] < 20.0


def test_fewer_users_than_workers_are_driven_by_some_of_them(crew: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = crew.run(trial(server.port, {"kind": "closed", "users": 1}, bystander=bystander()))
    assert result["users_started"] == 1
    assert result["bystander"]["answers"] > 0


def test_a_bystander_is_asked_once_an_interval_not_once_a_worker(crew: Driver) -> None:
    seen: Counter[str] = Counter()

    def behave(peer: Peer) -> None:
        seen[peer.path] += 1
        time.sleep(0.01)
        peer.send(answer())

    with RawServer(behave) as server:
        result = crew.run(trial(server.port, FOUR_USERS, bystander=bystander(interval_s=0.05), window_s=1.0))
    assert result["bystander"]["sent"] == 20
    assert seen["/bystander"] <= 50  # the window's, those of the warm-up, and one on each connection before


def test_after_a_command_that_cannot_be_written_the_next_trial_runs(crew: Driver) -> None:
    broken = trial(1, FOUR_USERS, request={"method": "GET", "path": "/\x00", "expected_status": 200})
    event = crew.run(broken)
    assert event["event"] == "error"
    assert "not a request that can be sent" in event["message"]
    with RawServer(answers_after_a_while) as server:
        assert crew.run(trial(server.port, FOUR_USERS, trial_id="t2"))["answers"] > 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_is_lost_amid_a_trial_ends_it_and_is_named(number: signal.Signals) -> None:
    with RawServer(answers_after_a_while) as server, Driver("--workers", "2") as driver:
        driver.send(trial(server.port, FOUR_USERS, window_s=60.0))
        driver.until("window-open")
        os.kill(pids(driver)[1], number)
        event = driver.until("result", "error")[-1]
        os.kill(driver.process.pid, 0)
    assert event["event"] == "error"
    assert event["message"].startswith(f"worker {pids(driver)[1]} on ")
    assert event["message"].endswith("was lost")
    assert all_gone(pids(driver))


@pytest.mark.parametrize("way", ["end of stdin", "SIGTERM", "SIGKILL"])
def test_the_workers_end_with_their_master_even_amid_a_trial(way: str) -> None:
    with RawServer(Peer.hang) as server, Driver("--workers", "2") as driver:
        driver.send(trial(server.port, FOUR_USERS, window_s=60.0))
        driver.until("window-open")
        if way == "end of stdin":
            driver.end_of_stdin()
        else:
            driver.process.send_signal(signal.Signals[way])
        driver.process.wait(timeout=GONE_LIMIT_S)
        assert all_gone(pids(driver))


def test_workers_unlike_the_master_are_named_and_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNLIKE, str(LOCUSTFILES)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "worker 7 on other has Locust 0.1 and protocol 1; this master has " in done.stdout


UNLIKE = """
import sys
sys.path.insert(0, sys.argv[1])
import trials
from _crew import WorkerError, check_alike
from experiment.records.driver_protocol import WorkerFacts
try:
    check_alike(WorkerFacts(host="other", pid=7, core=None, locust="0.1", python="3", protocol=1))
except WorkerError as error:
    print(error)
"""


def all_gone(processes: list[int]) -> bool:
    deadline = time.monotonic() + GONE_LIMIT_S
    while any(map(psutil.pid_exists, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(psutil.pid_exists, processes))


def test_a_clock_is_known_by_the_quickest_of_its_answers() -> None:
    slow, quick = (0.0, 5.5, 1.0), (2.0, 7.1, 2.2)
    found = offset([slow, quick])
    assert found.s == pytest.approx(5.0)
    assert found.bound_s == pytest.approx(0.1)
    assert found.to_master(found.to_worker(3.0)) == pytest.approx(3.0)


def test_an_offset_that_cannot_be_told_from_nothing_is_nothing() -> None:
    assert offset([(1.0, 1.0004, 1.001)]).s == 0.0

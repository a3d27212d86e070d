"""Workers that others start with `bench worker`: they drive together, and what is said where that cannot be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from experiment.errors import Exit
from harness.commands.cli import main
from misbehaving_servers import FOUR_USERS, LOCUSTFILES, Driver, Peer, RawServer, answers_after_a_while, trial
from real_servers import free_port
from volunteers import all_gone, volunteers

if TYPE_CHECKING:
    from collections.abc import Sequence


def awaiting(count: int, port: int, *more: str) -> Driver:
    """Return a master that waits for workers at a port of this machine."""
    return Driver("--expect", str(count), "--bind", f"127.0.0.1:{port}", "--come-limit", "40", *more)


def test_workers_that_others_start_drive_together_and_end_with_their_master() -> None:
    port = free_port()
    with volunteers(port, 2) as others, RawServer(answers_after_a_while) as server:
        with awaiting(2, port) as driver:
            result = driver.run(trial(server.port, {"kind": "closed", "users": 5}))
            pids = {worker["pid"] for worker in driver.ready["workers"]}
            assert pids == {process.pid for one in others for process in one.driving()}
            assert {worker["machine"] for worker in driver.ready["workers"]} == {driver.ready["machine"]}
        ended = [one.ended() for one in others]
    assert (result["users_started"], result["errors"]) == (5, {})
    assert 0 < result["answers"] <= server.requests
    for code, out, err in ended:
        assert (code, err) == (Exit.OK, "")
        assert out.startswith(f"waiting for the master at 127.0.0.1:{port} ...\njoined the master at 127.0.0.1:{port}")
        assert out.endswith("the master has ended\n")


def test_a_worker_that_does_not_come_is_told_with_those_that_did() -> None:
    port = free_port()
    with volunteers(port, 1) as others:
        with Driver("--expect", "2", "--bind", f"127.0.0.1:{port}", "--come-limit", "10") as driver:
            said = driver.ready
        code, _, err = others[0].ended()
    assert said["event"] == "error"
    assert said["message"].startswith("only 1 of 2 workers came within 10 s: worker ")
    assert (code, err) == (Exit.OK, "")  # its master has ended


def test_a_lost_worker_ends_the_trial_by_name_and_another_takes_its_place() -> None:
    port = free_port()
    with volunteers(port, 2) as others, RawServer(answers_after_a_while) as server, awaiting(2, port) as driver:
        driver.send(trial(server.port, FOUR_USERS, window_s=60.0))
        driver.until("window-open")
        (lost,) = others[1].driving()
        lost.kill()
        broken = driver.until("result", "error")[-1]
        code, _, err = others[1].ended()
        with volunteers(port, 1):
            again = driver.run(trial(server.port, FOUR_USERS, trial_id="t2"))
    assert broken["message"].startswith(f"worker {lost.pid} on ")
    assert broken["message"].endswith("was lost")
    assert code == Exit.ENVIRONMENT
    assert f"bench: the worker for 127.0.0.1:{port} ended with code -9." in err
    assert (again["event"], again["users_started"]) == ("result", 4)


def test_a_worker_ends_with_a_master_that_is_killed() -> None:
    port = free_port()
    with volunteers(port, 1) as others, RawServer(Peer.hang) as server:
        with awaiting(1, port) as driver:
            driver.send(trial(server.port, FOUR_USERS, window_s=60.0))
            driver.until("window-open")
            os.kill(driver.process.pid, signal.SIGKILL)
        assert others[0].ended()[0] == Exit.OK


def test_ctrl_c_ends_a_worker_without_a_traceback() -> None:
    port = free_port()
    with volunteers(port, 1) as others, awaiting(1, port):
        driving = others[0].driving()
        code, _, err = others[0].leave()
        assert (code, err) == (Exit.INTERRUPTED, "bench: interrupted.\n")
        assert all_gone(driving)


def bench(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    return main(["worker", *words]), capsys.readouterr().err


def test_without_a_master_it_ends_after_the_time_given(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = bench(["--master", f"127.0.0.1:{free_port()}", "--wait", "0.2s"], capsys)
    assert code == Exit.ENVIRONMENT
    assert "no master answers at 127.0.0.1:" in said
    assert "within 0.2 s" in said


def test_what_listens_and_is_no_master_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.trial.joining._JOIN_LIMIT_S", 3.0)
    with RawServer(Peer.hang) as server:
        code, said = bench(["--master", f"127.0.0.1:{server.port}"], capsys)
    assert (code, "is no master: it said nothing within 3 s" in said) == (Exit.ENVIRONMENT, True)


def test_a_host_that_nobody_knows_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = bench(["--master", "no-such-host.invalid"], capsys)
    assert (code, "no-such-host.invalid is not known here" in said) == (Exit.ENVIRONMENT, True)


def test_a_port_that_is_taken_is_told() -> None:
    with RawServer(Peer.hang) as server, Driver("--expect", "1", "--bind", f"127.0.0.1:{server.port}") as driver:
        said = driver.ready["message"]
    assert said == f"cannot listen for workers at 127.0.0.1, port {server.port}: the port is taken"


def test_a_worker_in_another_network_is_refused_while_the_app_is_on_loopback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRANGERS, str(LOCUSTFILES)], capture_output=True, text=True, timeout=60, check=True
    )
    refused, reached, at_home = done.stdout.splitlines()
    assert refused.startswith("worker 7 on other is in another network and cannot reach the app")
    assert refused.endswith("--sut-host")
    assert (reached, at_home) == ("None", "None")


STRANGERS = """
import sys
sys.path.insert(0, sys.argv[1])
import trials
from _crew import WorkerError, check_reach
from _machine import network
from experiment.records.driver_protocol import WorkerFacts
def facts(network):
    return WorkerFacts(host="other", pid=7, core=None, locust="0.1", python="3", protocol=1, network=network)
def said(facts, on_loopback):
    try:
        check_reach(facts, on_loopback=on_loopback)
    except WorkerError as error:
        return error
print(said(facts("another"), True))
print(said(facts("another"), False))
print(said(facts(network()), True))
"""

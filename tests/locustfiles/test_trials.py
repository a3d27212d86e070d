"""The driver as a process: told what to do in JSON lines, it loads a real server and counts what happened."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from _recorder import bucket_low_us
from misbehaving_servers import (
    FOUR_USERS,
    LOCUSTFILES,
    Driver,
    Peer,
    RawServer,
    answer,
    answers,
    answers_after_a_while,
    bystander,
    open_load,
    total,
    trial,
)
from real_servers import free_port

# the conversation


def test_the_driver_says_who_it_is_before_anything_else(driver: Driver) -> None:
    assert driver.ready["event"] == "ready"
    assert driver.ready["pid"] == driver.process.pid
    assert {"locust", "python"} < driver.ready.keys()


def test_a_trial_is_announced_step_by_step(driver: Driver) -> None:
    with RawServer(answers) as server:
        driver.send(trial(server.port, FOUR_USERS, window_s=1.2))
        events = driver.until("result", "error")
    names = [event["event"] for event in events]
    assert names == ["warm", "window-open", "progress", "window-close", "result"]
    assert {event["trial_id"] for event in events} == {"t0001"}
    warm, opened, progress, closed, result = events
    assert warm["t"] < opened["t"] < closed["t"]
    assert (opened["t"], closed["t"]) == (result["window_open_t"], result["window_close_t"])
    assert result["window_s"] == pytest.approx(1.2)
    assert (progress["second"], progress["rps"]) == (0, result["per_second"][0]["answers"])


def test_window_times_are_those_of_the_clock_all_processes_share(driver: Driver) -> None:
    before = time.monotonic()
    with RawServer(answers) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
    assert before < result["window_open_t"] < result["window_close_t"] < time.monotonic()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"window_s": -1}, "trial.window_s: must be more than 0 (given: -1)"),
        ({"load": {"kind": "closed", "users": 0}}, "trial.load.users: must be at least 1 (given: 0)"),
        ({"request": {"method": "GET", "path": "/\x00", "expected_status": 200}}, "not a request that can be sent"),
    ],
)
def test_a_malformed_trial_is_answered_with_an_error_that_names_the_fault(
    driver: Driver, change: dict[str, Any], says: str
) -> None:
    event = driver.run(trial(1, FOUR_USERS, **change))
    assert (event["event"], event["trial_id"]) == ("error", "t0001")
    assert says in event["message"]


@pytest.mark.parametrize("line", ["{", "[]", '{"do":"dance"}', '{"do":"trial"}'])
def test_a_line_that_is_no_command_is_answered_with_an_error(driver: Driver, line: str) -> None:
    driver.send(line)
    event = driver.read()
    assert (event["event"], event["trial_id"]) == ("error", None)


def test_after_an_error_the_next_trial_runs(driver: Driver) -> None:
    driver.send("{")
    assert driver.read()["event"] == "error"
    with RawServer(answers) as server:
        assert driver.run(trial(server.port, FOUR_USERS))["answers"] > 0


# the end


@pytest.mark.parametrize("way", ["end of stdin", "quit", "SIGTERM", "SIGINT"])
def test_the_driver_ends_at_once_even_amid_a_trial(way: str) -> None:
    with RawServer(Peer.hang) as server, Driver() as driver:
        driver.send(trial(server.port, FOUR_USERS, window_s=60.0, bystander=bystander()))
        driver.until("window-open")
        match way:
            case "end of stdin":
                driver.end_of_stdin()
            case "quit":
                driver.send({"do": "quit"})
            case name:
                driver.process.send_signal(signal.Signals[name])
        assert driver.process.wait(timeout=15) == 0
        assert all(event.get("event") != "result" for event in driver.until("result"))


# closed load


def test_every_answer_that_is_counted_was_sent_by_the_server(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
        assert 0 < result["answers"] <= server.requests
        assert (result["connections_opened"], server.connections) == (4, 4)
    assert (result["users_started"], result["users_failed"]) == (4, 0)
    assert (result["wrong"], result["errors"], result["first_failure"]) == (0, {}, None)
    assert sum(second["answers"] for second in result["per_second"]) == result["answers"]
    assert len(result["answers_per_bin"]) == 10  # of bin_s = 0.05 in a window of 0.5 s
    assert sum(result["answers_per_bin"]) == result["answers"]


def test_each_answer_has_each_kind_of_duration(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
    assert total(result["response"]["counts"]) == result["answers"]
    assert total(result["service"]["counts"]) == result["answers"]
    assert bucket_low_us(result["response"]["counts"][0][0]) > 15_000  # the server waits 20 ms


def test_what_is_in_flight_when_the_window_opens_has_an_age(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
        started_together = driver.run(trial(server.port, {"kind": "burst", "requests": 4}))
    assert total(result["response"]["entered"]) == total(result["service"]["entered"]) == 4
    assert result["send_lag"]["entered"] == []
    assert started_together["response"]["entered"] == []


def test_littles_law_holds_for_a_closed_load(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, FOUR_USERS, window_s=1.0))
    assert result["in_flight_mean"] == pytest.approx(4, rel=0.1)


def test_a_server_that_never_answers_leaves_censored_requests_and_not_missing_ones(driver: Driver) -> None:
    with RawServer(Peer.hang) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
    assert (result["answers"], result["in_flight_end"], result["errors"]) == (0, 4, {})
    assert result["response"]["counts"] == []
    assert total(result["response"]["censored"]) == 4
    # all were sent when the warm-up began: 0.6 s ago
    assert result["in_flight_mean"] == pytest.approx(4)
    assert all(bucket_low_us(index) > 500_000 for index, _ in result["response"]["censored"])


def test_a_drain_lets_late_answers_be_response_times_but_not_goodput(driver: Driver) -> None:
    def behave(peer: Peer) -> None:
        time.sleep(0.6)
        peer.send(answer())

    with RawServer(behave) as server:
        result = driver.run(trial(server.port, FOUR_USERS, warmup_s=0.0, window_s=0.3, drain_s=3.0))
    assert (result["answers"], result["in_flight_end"]) == (0, 4)
    assert total(result["response"]["counts"]) == 4
    assert result["response"]["censored"] == []


def test_wrong_answers_are_counted_apart_and_the_first_one_is_quoted(driver: Driver) -> None:
    def behave(peer: Peer) -> None:
        time.sleep(0.01)
        peer.send(answer(b"no such thing", status="422 Unprocessable Content"))

    with RawServer(behave) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
    assert result["wrong"] > 0
    assert (result["answers"], result["errors"]) == (0, {})
    assert result["errors_warmup"]["wrong-status"] > 0
    assert result["first_failure"] == "wrong-status: 422, body starts b'no such thing'"


def test_resets_are_errors_by_name_and_the_user_goes_on(driver: Driver) -> None:
    numbers = itertools.count()

    def behave(peer: Peer) -> None:
        time.sleep(0.01)
        if next(numbers) % 3 == 2:
            peer.reset()
        else:
            peer.send(answer())

    with RawServer(behave) as server:
        result = driver.run(trial(server.port, FOUR_USERS))
    assert result["errors"].keys() == {"reset"}
    assert result["answers"] > 0
    assert result["connections_opened"] > 4


def test_requests_over_their_time_are_timeouts(driver: Driver) -> None:
    with RawServer(Peer.hang) as server:
        result = driver.run(trial(server.port, FOUR_USERS, warmup_s=0.0, request_timeout_s=0.2))
    assert result["errors"]["timeout"] >= 4


def test_users_who_cannot_connect_are_counted(driver: Driver) -> None:
    result = driver.run(trial(free_port(), FOUR_USERS))
    assert (result["users_started"], result["users_failed"]) == (4, 4)
    assert (result["answers"], result["connections_opened"]) == (0, 0)
    assert result["errors"].keys() == {"connect-refused"}
    # a pause after each refusal: 4 users in 0.5 s, 50 ms apart
    assert result["errors"]["connect-refused"] <= 4 * 11
    assert "refused" in result["first_failure"]


def test_a_request_with_a_body_arrives_as_it_was_ordered(driver: Driver) -> None:
    seen = set()

    def behave(peer: Peer) -> None:
        seen.add(peer.request)
        answers_after_a_while(peer)

    request = {
        "method": "POST",
        "path": "/upload?x=1",
        "headers": [["content-type", "text/plain"]],
        "body_base64": "aGVsbG8=",
        "expected_status": 200,
        "expected_body_base64": None,
    }
    with RawServer(behave) as server:
        assert driver.run(trial(server.port, FOUR_USERS, request=request))["answers"] > 0
        host = f"127.0.0.1:{server.port}".encode()
    (only,) = seen
    head = b"POST /upload?x=1 HTTP/1.1\r\nhost: " + host + b"\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n"
    assert only == head + b"hello"


# burst


def test_a_burst_sends_each_request_once_and_ends_when_all_are_answered(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, {"kind": "burst", "requests": 10}, window_s=20.0))
        assert server.requests == 10
    assert (result["sent"], result["answers"], result["connections_opened"]) == (10, 10, 10)
    assert 0.02 <= result["makespan_s"] <= result["window_s"] < 20
    assert result["in_flight_end"] == 0


def test_a_burst_that_is_not_wholly_answered_has_no_makespan(driver: Driver) -> None:
    numbers = itertools.count()

    def behave(peer: Peer) -> None:
        if next(numbers) == 0:
            peer.hang()
        peer.send(answer())

    with RawServer(behave) as server:
        result = driver.run(trial(server.port, {"kind": "burst", "requests": 5}, window_s=0.5))
    assert (result["answers"], result["in_flight_end"], result["makespan_s"]) == (4, 1, None)
    assert total(result["response"]["censored"]) == 1


# a whole campaign in one process


def test_trials_leave_nothing_behind(driver: Driver) -> None:
    process = psutil.Process(driver.process.pid)

    def three_trials() -> tuple[int, int]:
        with RawServer(answers_after_a_while) as server:
            for load in (FOUR_USERS, {"kind": "burst", "requests": 5}, open_load(rate_rps=200.0)):
                short = trial(server.port, load, warmup_s=0.0, window_s=0.06, bystander=bystander())
                assert driver.run(short)["event"] == "result"
        return process.num_fds(), process.num_threads()

    settled = [three_trials() for _ in range(2)][-1]
    memory = process.memory_info().rss
    later = [three_trials() for _ in range(6)]
    assert set(later) == {settled}
    assert process.memory_info().rss - memory < 20 * 1024 * 1024


def test_trials_leave_no_greenlets_behind() -> None:
    """Counts them inside: the driver's own modules, run without its stdin."""
    with RawServer(answers_after_a_while) as server:
        count = subprocess.run(
            [sys.executable, "-c", COUNT_GREENLETS, str(LOCUSTFILES), repr(trial(server.port, FOUR_USERS))],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    counts = [int(line) for line in count.stderr.split()]
    assert len(counts) == 20
    assert len(set(counts[2:])) == 1


COUNT_GREENLETS = """
import ast, gc, json, sys
sys.path.insert(0, sys.argv[1])
import trials, greenlet
from _trial import Trial
from experiment.records.driver_protocol import read_command
environment = trials.create_environment()
command = ast.literal_eval(sys.argv[2]) | {"warmup_s": 0.0, "window_s": 0.05}
command["bystander"] = dict(command["request"], interval_s=0.01, max_in_flight=9)
del command["bystander"]["body_base64"]
for _ in range(20):
    Trial(environment, read_command(json.dumps(command))).run()
    gc.collect()
    print(sum(isinstance(o, greenlet.greenlet) and not o.dead for o in gc.get_objects()), file=sys.stderr)
environment.runner.quit()
"""

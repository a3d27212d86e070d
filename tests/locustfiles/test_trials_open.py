"""Loads that do not wait for answers: open, replayed, and the bystander beside another load."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

import pytest

from _recorder import bucket_low_us
from misbehaving_servers import (
    FOUR_USERS,
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

if TYPE_CHECKING:
    from misbehaving_servers import Driver


def answers_only_the_bystander(peer: Peer) -> None:
    if peer.path == "/bystander":
        peer.send(answer())
    else:
        peer.hang()


def test_an_open_load_sends_at_its_rate(driver: Driver) -> None:
    with RawServer(answers) as server:
        result = driver.run(trial(server.port, open_load(), drain_s=2.0))
    assert result["sent"] + result["dropped"] == pytest.approx(50, abs=1)
    assert total(result["response"]["counts"]) == result["sent"]


def test_poisson_arrivals_are_the_same_for_the_same_seed(driver: Driver) -> None:
    def arrivals(seed: int) -> int:
        with RawServer(answers) as server:
            result = driver.run(trial(server.port, open_load(arrivals="poisson", seed=seed), drain_s=2.0))
        return int(result["sent"] + result["dropped"])

    counts = [arrivals(seed) for seed in (1, 1, 2, 3, 4)]
    assert counts[0] == counts[1]
    assert len(set(counts)) > 1


def test_an_open_load_does_not_wait_for_answers_and_drops_over_its_cap(driver: Driver) -> None:
    with RawServer(Peer.hang) as server:
        result = driver.run(trial(server.port, open_load(max_in_flight=20), warmup_s=0.0))
        assert server.requests == 20
    assert (result["sent"], result["answers"], result["in_flight_end"]) == (20, 0, 20)
    assert result["dropped"] == pytest.approx(30, abs=1)
    assert total(result["response"]["censored"]) == result["sent"] + result["dropped"]


def test_a_replay_sends_at_the_times_it_was_given(driver: Driver) -> None:
    arrived: list[float] = []

    def behave(peer: Peer) -> None:
        arrived.append(time.monotonic())
        peer.send(answer())

    offsets_s = [0.0, 0.1, 0.1, 0.1, 0.3]
    with RawServer(behave) as server:
        replay = {"kind": "replay", "offsets_s": [*offsets_s, 99.0], "max_in_flight": 100}
        driver.send(trial(server.port, replay, warmup_s=0.0, window_s=0.5, drain_s=1.0))
        warm, *_, result = driver.until("result", "error")
    assert (result["sent"], result["dropped"], result["answers"]) == (5, 0, 5)
    # later than asked on a machine that is held up, never sooner
    assert all(at - warm["t"] >= offset for at, offset in zip(sorted(arrived), offsets_s, strict=True))


def test_response_time_is_the_send_lag_and_the_service_time_together(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, open_load(), drain_s=2.0))
    sums = {kind: sum_us(result[kind]["counts"]) for kind in ("response", "send_lag", "service")}
    assert sums["send_lag"] > 0
    assert sums["response"] == pytest.approx(sums["send_lag"] + sums["service"], rel=0.01)


def sum_us(pairs: list[list[int]]) -> float:
    return sum(bucket_low_us(index) * count for index, count in pairs)


# bystander


def whole(result: dict[str, Any]) -> bool:
    """Whether every bystander that was meant to start inside the window is accounted for, once."""
    seen = result["bystander"]
    accounted = seen["answers"] + seen["wrong"] + total(seen["response"]["censored"])
    return bool(accounted == seen["sent"] + seen["dropped"] == round(result["window_s"] / 0.02))


def test_a_bystander_is_timed_beside_the_load(driver: Driver) -> None:
    with RawServer(answers_after_a_while) as server:
        result = driver.run(trial(server.port, FOUR_USERS, bystander=bystander(), drain_s=1.0))
    seen = result["bystander"]
    assert (seen["answers"], seen["errors"], seen["dropped"]) == (25, {}, 0)
    assert whole(result)
    assert total(seen["send_lag"]["counts"]) == 25
    assert [total(tenth["counts"]) for tenth in seen["response_by_tenth"]] == pytest.approx([2.5] * 10, abs=1)
    assert sum(total(tenth["counts"]) for tenth in seen["response_by_tenth"]) == 25
    assert result["per_second"][0]["bystander_max_us"] > 15_000


def test_bystanders_find_as_many_used_connections_as_they_can_need_at_once(driver: Driver) -> None:
    asked: list[float] = []

    def behave(peer: Peer) -> None:
        if peer.path == "/bystander":
            asked.append(time.monotonic())
            if len(asked) > 31:  # from now on nobody is answered, so that each call needs a connection of its own
                peer.hang()
        answers_after_a_while(peer)

    with RawServer(behave) as server:
        driver.send(trial(server.port, FOUR_USERS, bystander=bystander()))
        warm, *_, result = driver.until("result", "error")
    seen = result["bystander"]
    assert all(at < warm["t"] for at in asked[:31])  # a call every 20 ms of warm-up and window, which are 0.6 s
    assert (seen["connections_opened"], seen["connections_opened_in_window"]) == (31, 0)
    assert (seen["answers"], seen["sent"], seen["errors_warmup"]) == (0, 25, {})


def test_a_server_that_answers_nobody_before_the_load_holds_up_no_trial(driver: Driver) -> None:
    with RawServer(Peer.hang) as server:
        result = driver.run(trial(server.port, FOUR_USERS, bystander=bystander()))
    seen = result["bystander"]
    assert seen["errors_warmup"] == {"timeout": 8}
    assert seen["connections_opened_in_window"] == 25


def test_a_blocked_load_does_not_hold_back_the_bystander(driver: Driver) -> None:
    with RawServer(answers_only_the_bystander) as server:
        result = driver.run(trial(server.port, FOUR_USERS, bystander=bystander(), drain_s=1.0))
    assert result["answers"] == 0
    assert result["bystander"]["answers"] == 25
    assert whole(result)


def test_an_unanswered_bystander_is_censored_and_not_missing(driver: Driver) -> None:
    with RawServer(Peer.hang) as server:
        result = driver.run(trial(server.port, FOUR_USERS, bystander=bystander()))
    seen = result["bystander"]
    assert (seen["answers"], seen["sent"]) == (0, 25)
    assert total(seen["response"]["censored"]) == 25
    assert whole(result)


def test_a_bystander_over_its_cap_is_dropped_and_censored(driver: Driver) -> None:
    with RawServer(Peer.hang) as server:
        order = bystander(max_in_flight=10)
        result = driver.run(trial(server.port, FOUR_USERS, warmup_s=0.0, bystander=order))
    assert (result["bystander"]["sent"], result["bystander"]["dropped"]) == (10, 15)
    assert whole(result)


def test_resets_and_wrong_answers_of_bystanders_are_accounted_for_too(driver: Driver) -> None:
    outcomes = itertools.cycle([answer(), answer(b"wrong"), None])

    def behave(peer: Peer) -> None:
        outcome = answer() if peer.path == "/load" else next(outcomes)
        if outcome is None:
            peer.reset()
        else:
            time.sleep(0.005)
            peer.send(outcome)

    with RawServer(behave) as server:
        result = driver.run(trial(server.port, FOUR_USERS, bystander=bystander(), drain_s=1.0))
    seen = result["bystander"]
    assert min(seen["answers"], seen["wrong"], seen["errors"]["reset"]) > 0
    assert total(seen["response"]["censored"]) == sum(seen["errors"].values())
    assert whole(result)

"""The probe: its arithmetic, and what it sees of a loop that really stands still."""

import asyncio
import json
import linecache
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_app.probe import Probe, ServedCounter, describe_stack, due_ticks
from real_servers import ROOT, client, sut

TICK_S = 0.02
SAMPLE_S = 0.05


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def all_lags_s(lines: list[dict[str, Any]]) -> list[float]:
    return [lag / 1e6 for line in lines[1:] for lag in line["lags_us"]]


def test_a_loop_frozen_for_eight_seconds_owes_four_hundred_ticks() -> None:
    due = due_ticks(t0=100.0, tick_s=TICK_S, next_tick=50, now=100.0 + 49 * TICK_S + 8.0)
    assert due == range(50, 450)


def test_a_punctual_loop_owes_one_tick_each_time() -> None:
    assert due_ticks(t0=0.0, tick_s=TICK_S, next_tick=7, now=7 * TICK_S + 0.0003) == range(7, 8)


def test_a_timer_that_fires_a_little_early_counts_as_on_time() -> None:
    assert due_ticks(t0=0.0, tick_s=TICK_S, next_tick=7, now=7 * TICK_S - 0.0005) == range(7, 8)


def test_a_call_before_the_time_owes_nothing() -> None:
    assert len(due_ticks(t0=0.0, tick_s=TICK_S, next_tick=7, now=6.5 * TICK_S)) == 0


@given(st.lists(st.floats(min_value=0, max_value=3), max_size=50), st.sampled_from([0.005, 0.02, 0.1]))
def test_however_late_the_loop_comes_no_tick_is_left_out_or_counted_twice(naps_s: list[float], tick_s: float) -> None:
    now = 1000.0
    seen: list[int] = []
    for nap_s in naps_s:
        now += nap_s
        next_tick = seen[-1] + 1 if seen else 0
        seen += due_ticks(t0=1000.0, tick_s=tick_s, next_tick=next_tick, now=now)
    assert seen == list(range(len(seen)))
    if seen:
        assert 1000.0 + (seen[-1] + 1) * tick_s > now  # none that is due is left


def freeze_the_loop(seconds: float) -> None:
    time.sleep(seconds)


async def watch_a_freeze(path: Path, freeze_s: float) -> None:
    with Probe(path=path, tick_s=TICK_S, sample_s=SAMPLE_S, count_served=ServedCounter()):
        await asyncio.sleep(0.2)
        freeze_the_loop(freeze_s)
        await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the probe writes about a loop that stands still for 0.6 s, between 0.2 s of quiet."""
    path = tmp_path_factory.mktemp("probe") / "probe.jsonl"
    asyncio.run(watch_a_freeze(path, 0.6))
    return read_lines(path)


def test_the_first_line_says_how_to_read_the_others(frozen: list[dict[str, Any]]) -> None:
    header = frozen[0]
    assert (header["probe"], header["tick_s"], header["sample_s"]) == (1, TICK_S, SAMPLE_S)
    assert header["t0"] <= frozen[1]["t"]


def test_every_tick_of_the_freeze_has_a_lag_of_its_own(frozen: list[dict[str, Any]]) -> None:
    late = [lag for lag in all_lags_s(frozen) if lag > 2 * TICK_S]
    assert len(late) >= 0.6 / TICK_S - 4
    assert max(late) >= 0.5


def test_a_lag_can_be_traced_to_the_time_its_tick_was_due(frozen: list[dict[str, Any]]) -> None:
    counted = 0
    for line in frozen[1:]:
        assert line["first_tick"] == counted
        counted += len(line["lags_us"])
        for i, lag_us in enumerate(line["lags_us"]):
            due_t = frozen[0]["t0"] + (line["first_tick"] + i) * TICK_S
            assert due_t + lag_us / 1e6 <= line["t"] + 0.002  # no tick is recorded before it ran


def test_samples_go_on_while_the_loop_stands_still_and_say_where(frozen: list[dict[str, Any]]) -> None:
    stuck = [line for line in frozen[1:] if line["stuck_at"] is not None]
    assert len(stuck) >= 3
    assert any(line["stuck_at"].endswith("in freeze_the_loop") for line in stuck)
    assert all(line["next_due_t"] < line["t"] for line in stuck)


def test_samples_carry_limiter_threads_and_cpu(frozen: list[dict[str, Any]]) -> None:
    last = frozen[-1]
    assert (last["tokens_total"], last["tokens_borrowed"], last["tokens_waiting"]) == (40, 0, 0)
    assert last["threads"] >= 2
    assert last["cpu_s"] > 0


def test_work_is_counted_by_the_thread_that_did_it() -> None:
    counter = ServedCounter()
    with counter, counter:
        assert counter.in_flight == 2

    def elsewhere() -> None:
        with counter:
            pass

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert (counter.on_loop, counter.off_loop, counter.in_flight, counter.in_flight_peak) == (2, 1, 0, 2)


def test_work_that_fails_ends_but_is_not_counted_as_served() -> None:
    counter = ServedCounter()
    with pytest.raises(ValueError, match="boom"), counter:
        raise ValueError("boom")
    assert (counter.on_loop, counter.in_flight) == (0, 0)


def test_a_stack_outside_the_app_is_named_by_its_innermost_line() -> None:
    described = describe_stack(sys._getframe())
    assert described is not None
    assert described.startswith("bench_app/test_probe.py:")
    assert described.endswith("in test_a_stack_outside_the_app_is_named_by_its_innermost_line")
    assert describe_stack(None) is None


@pytest.fixture(scope="module")
def blocked(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the probe writes about a SUT that blocks its loop for 1 s and is then killed."""
    path = tmp_path_factory.mktemp("probe") / "probe.jsonl"
    with sut(BENCH_WORKS="sleep", BENCH_PROBE_PATH=path) as server, client(server) as http:
        assert http.get("/sleep/def?seconds=0.3").status_code == 200
        assert http.get("/sleep/async-blocking?seconds=1").status_code == 200
        assert http.get("/bystander").status_code == 200
        time.sleep(5 * SAMPLE_S)  # what the loop has noted is written with the next sample
        server.process.kill()
    return read_lines(path)


def test_a_killed_sut_leaves_whole_lines(blocked: list[dict[str, Any]]) -> None:
    assert blocked[0]["probe"] == 1
    assert len(blocked) > 20


def test_a_blocking_handler_is_seen_in_the_lags(blocked: list[dict[str, Any]]) -> None:
    late = [lag for lag in all_lags_s(blocked) if lag > 0.1]
    assert len(late) >= 40
    assert max(late) >= 0.9


def test_a_blocking_handlers_line_is_named(blocked: list[dict[str, Any]]) -> None:
    named = {line["stuck_at"] for line in blocked[1:]} - {None}
    place = next(place for place in named if place.endswith("in async_blocking"))
    file, line = place.split(" ")[0].split(":")
    assert file == "bench_app/handlers/sleep.py"
    assert "time.sleep(" in linecache.getline(str(ROOT / file), int(line))


def test_a_def_handler_borrows_a_token_and_works_off_the_loop(blocked: list[dict[str, Any]]) -> None:
    assert max(line["tokens_borrowed"] for line in blocked[1:]) == 1
    assert max(line["served_off_loop"] for line in blocked[1:]) == 1

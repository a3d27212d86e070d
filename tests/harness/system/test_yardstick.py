"""The yardstick: fixed work on the SUT's core, and values converted to equal core speed by it."""

import os
import signal
import time
from math import log
from pathlib import Path
from statistics import median, stdev

import pytest

from harness.system.pinning import plan_cores
from harness.system.process import wait_until
from harness.system.yardstick import Pass, Yardstick, pass_us, yardstick
from harness.system.yardstick_passes import PASS, one_pass
from harness.trial.assemble import at_equal_speed
from neighbours import burner, cache_walker


def test_it_makes_passes_on_its_core_until_the_block_ends_and_leaves_no_file(tmp_path: Path) -> None:
    plan, log = plan_cores(), tmp_path / "log"
    with yardstick(tmp_path / "passes", log=log, cores=plan.sut if plan.enforced else ()) as running:
        wait_until(
            lambda: len(running.passes()) >= 5, process=running.process, what="the yardstick", log=log, timeout_s=20
        )
        passes = running.passes()
        if plan.enforced:
            assert os.sched_getaffinity(running.process.pid) == set(plan.sut)
    assert all(p.cpu_us > 0 for p in passes)
    assert [p.t for p in passes] == sorted(p.t for p in passes)
    assert passes[-1].t <= time.monotonic()
    assert running.process.poll() is not None
    assert list(tmp_path.iterdir()) == [log]


def test_every_pass_does_the_same_work() -> None:
    assert {one_pass() for _ in range(3)} == {500}


def test_only_passes_of_the_window_count_and_a_slow_one_for_little() -> None:
    passes = [Pass(0.9, 1.0), Pass(1.0, 100.0), Pass(1.5, 300.0), Pass(2.1, 1.0)]
    assert pass_us(passes, 1.0, 2.0) == pytest.approx(2 / (1 / 100 + 1 / 300))


def test_without_passes_the_core_speed_is_missing_and_not_zero() -> None:
    assert pass_us([], 1.0, 2.0) is None
    assert pass_us([Pass(0.5, 100.0)], 1.0, 2.0) is None


def test_only_the_latest_passes_are_read(tmp_path: Path) -> None:
    with yardstick(tmp_path / "passes", log=tmp_path / "log", cores=()) as running:
        running.process.kill()
        running.process.wait()
        assert not running.is_alive
        running.path.write_bytes(b"".join(PASS.pack(float(n), 80.0) for n in range(20_010)) + b"half")
        assert [p.t for p in running.passes()] == [float(n) for n in range(10, 20_010)]


def test_a_pass_half_written_is_left_out(tmp_path: Path) -> None:
    with yardstick(tmp_path / "passes", log=tmp_path / "log", cores=()) as running:
        wait_until(
            lambda: bool(running.passes()),
            process=running.process,
            what="the yardstick",
            log=tmp_path / "log",
            timeout_s=20,
        )
        running.process.kill()
        running.process.wait()
        running.path.write_bytes(PASS.pack(1.0, 80.0) + b"half")
        assert running.passes() == [Pass(1.0, 80.0)]


def test_on_a_core_half_as_fast_cpu_a_request_is_halved_and_goodput_doubled() -> None:
    measured = {"goodput_rps": 1000.0, "sut_cpu_us_per_request": 500.0}
    even = at_equal_speed(200.0, measured)
    assert (even["goodput_normalized_rps"], even["sut_cpu_normalized_us_per_request"]) == (2000.0, 250.0)


def test_without_a_yardstick_nothing_is_converted() -> None:
    assert at_equal_speed(None, {"goodput_rps": 1000.0}) == {}
    assert at_equal_speed(200.0, {"goodput_rps": None})["goodput_normalized_rps"] is None


ROUNDS = 16
SPAN_S = 0.25
TOO_RESTLESS = 0.05


def test_a_neighbour_that_empties_the_cache_makes_the_passes_slower(tmp_path: Path) -> None:
    """What it is there for: such a neighbour slows the SUT's work down and shows neither as stolen nor as waited time.

    It takes turns with one that keeps the core as busy without memory: an idle core clocks down on some hosts.
    """
    plan = plan_cores()
    core = plan.sut[-1:] if plan.enforced else ()
    slower: list[float] = []
    with (
        yardstick(tmp_path / "passes", log=tmp_path / "log", cores=core) as running,
        cache_walker(*plan.sut[-1:]) as walker,
        burner(*plan.sut[-1:]) as small,
    ):
        time.sleep(1)
        for _ in range(ROUNDS):
            beside_small = _speed(running, runs=small.pid, stands=walker.pid)
            beside_walker = _speed(running, runs=walker.pid, stands=small.pid)
            if beside_small and beside_walker:
                slower.append(log(beside_walker / beside_small))
    assert len(slower) > ROUNDS / 2
    if median(slower) <= 0 and stdev(slower) > TOO_RESTLESS:
        pytest.skip(f"this host's core changes its speed by {stdev(slower):.0%} from span to span on its own")
    assert median(slower) > 0  # a host that slows one span down by a fifth must not decide


def _speed(running: Yardstick, *, runs: int, stands: int) -> float | None:
    """Return a pass's mean CPU time (µs) in a span in which one neighbour runs and the other stands still."""
    os.kill(stands, signal.SIGSTOP)
    os.kill(runs, signal.SIGCONT)
    begin_t = time.monotonic()
    time.sleep(SPAN_S)
    return pass_us(running.passes(), begin_t, time.monotonic())

"""What a process uses, seen from outside: CPU time in small steps, and waiting for a core."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.system import usage
from harness.system.usage import ProcessSample, cpu_by_process, cpu_resolution_us, cpu_s, increase, waited_s
from neighbours import burner

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc and CPU clocks are Linux's")

_THREADS = """
import threading, time
def burn(cpu_s):
    until = time.thread_time() + cpu_s
    while time.thread_time() < until: pass
for step in range(2):
    print(time.process_time(), flush=True)
    input()
    thread = threading.Thread(target=burn, args=(0.03,))
    thread.start()
    thread.join()
print(time.process_time(), flush=True)
input()
"""


@contextmanager
def threads_that_end() -> "Iterator[subprocess.Popen[str]]":
    """A process whose work is done by threads that end; it prints its own CPU time when it waits for a line."""
    process = subprocess.Popen([sys.executable, "-c", _THREADS], stdin=-1, stdout=-1, text=True)
    with process:
        yield process
        process.kill()


def says(process: "subprocess.Popen[str]") -> float:
    assert process.stdout is not None
    return float(process.stdout.readline())


def go_on(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_threads_that_ended_between_two_samples_are_counted() -> None:
    with threads_that_end() as process:
        own = [says(process)]
        seen = [cpu_s(process.pid)]
        for _ in range(2):
            go_on(process)
            own.append(says(process))
            seen.append(cpu_s(process.pid))
    assert all(now is not None and now >= said - 0.02 for now, said in zip(seen, own, strict=True))
    assert seen[0] is not None
    assert seen[2] is not None
    assert seen[2] - seen[0] > 0.04  # CPU time, not time: the threads used 0.06 s of it


@LINUX
def test_the_clock_of_a_process_moves_in_steps_far_smaller_than_a_tick() -> None:
    before = cpu_s(os.getpid())
    sum(range(1000))
    after = cpu_s(os.getpid())
    assert before is not None
    assert after is not None
    assert 0 < after - before < 0.01
    assert cpu_resolution_us() == 0.001


@pytest.fixture
def _without_cpu_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_has_cpu_clocks", lambda: False)


@pytest.mark.usefixtures("_without_cpu_clocks")
def test_without_such_a_clock_ticks_are_counted_and_the_resolution_says_so() -> None:
    until = time.process_time() + 0.03
    while time.process_time() < until:
        pass
    used = cpu_s(os.getpid())
    assert used is not None
    assert used > 0
    assert cpu_resolution_us() == 1e6 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("has_clocks", [True, False])
def test_a_process_that_is_gone_has_no_cpu_time(has_clocks: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    if not has_clocks:
        monkeypatch.setattr(usage, "_has_cpu_clocks", lambda: False)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert cpu_s(gone.pid) is None
    assert waited_s(gone.pid) is None
    assert ProcessSample.of(gone.pid) is None
    assert cpu_by_process([gone.pid]) == {}


@LINUX
def test_of_two_processes_on_one_core_each_waits_while_the_other_runs() -> None:
    core = max(os.sched_getaffinity(0))
    with burner(core) as first, burner(core) as second:
        before = [ProcessSample.of(p.pid) for p in (first, second)]
        time.sleep(0.5)
        after = [ProcessSample.of(p.pid) for p in (first, second)]
    for one, other in zip(before, after, strict=True):
        assert one is not None
        assert other is not None
        assert (one.runqueue_share_until(other) or 0) > 0.05


def test_a_kernel_that_does_not_count_waiting_says_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("0 0 0\n", "", "what"):
        (tmp_path / "schedstat").write_text(text)
        monkeypatch.setattr(usage, "Path", lambda _: tmp_path / "schedstat")
        assert waited_s(1) is None


def test_a_process_that_began_in_between_counts_whole_and_one_that_ended_not_at_all() -> None:
    assert increase({1: 5.0, 2: 9.0}, {1: 6.0, 3: 0.5}) == 1.5

"""What a process uses of the machine, seen from outside: CPU time, waiting for a core, memory, threads.

CPU time is read from the process's CPU clock (clock_getcpuclockid(3), Linux): in nanoseconds, and with the time of
threads that have ended. The first numbers of /proc/PID/task/*/schedstat are the same time without those threads, and
utime and stime of /proc/PID/stat the same time in ticks of 10 ms. Where there is no such clock (macOS), psutil's ticks
are used. `cpu_resolution_us` says which it was.
"""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import psutil

_MIB = 1024 * 1024
_NOT_COUNTED = "0 0 0"
"""What /proc/PID/schedstat holds under a kernel that does not count."""


def cpu_s(pid: int) -> float | None:
    """Return the CPU seconds a process has used in all its threads, ended ones included; None when it is gone."""
    with suppress(OSError, psutil.Error):
        if _has_cpu_clocks():
            return time.clock_gettime_ns(_cpu_clock(pid)) / 1e9
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return None


def cpu_resolution_us() -> float:
    """Return the smallest step of `cpu_s` here, in microseconds."""
    return 0.001 if _has_cpu_clocks() else 1e6 / os.sysconf("SC_CLK_TCK")


def _cpu_clock(pid: int) -> int:
    """Return the id of a process's CPU clock, made as clock_getcpuclockid(3) does."""
    return ~pid << 3 | 2


@cache
def _has_cpu_clocks() -> bool:
    with suppress(OSError, OverflowError):
        return sys.platform.startswith("linux") and time.clock_gettime_ns(_cpu_clock(os.getpid())) > 0
    return False


def waited_s(pid: int) -> float | None:
    """Return for how many seconds a process's main thread could run but had no core; None where that is not counted.

    It is the second number of /proc/PID/schedstat, which is the main thread's alone.
    """
    with suppress(OSError, ValueError, IndexError):
        text = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").strip()
        return None if text == _NOT_COUNTED else int(text.split()[1]) / 1e9
    return None


def cpu_by_process(pids: Iterable[int]) -> dict[int, float]:
    """Return the CPU seconds of these processes and of their living children, by pid."""
    # the harness's children are services, which are named themselves; only a database has children to find
    found = {p.pid for pid in pids for p in _tree(pid, children=pid != os.getpid())}
    return {pid: used for pid in found if (used := cpu_s(pid)) is not None}


def increase(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Return by how much the values of all processes grew together; one that ended in between is left out."""
    return sum(value - before.get(pid, 0.0) for pid, value in after.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSample:
    """What a process and all its descendants have used up to one moment."""

    t_s: float  # monotonic
    cpu_s: Mapping[int, float]  # by pid
    waited_s: Mapping[int, float]  # of each main thread, by pid; empty where it is not counted
    rss_peak_mib: float
    context_switches: int | None
    threads: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Sample a process tree from outside; None when the process is gone."""
        tree = _tree(pid)
        if not tree:
            return None
        t_s, rss, switches, threads = time.monotonic(), 0.0, 0, 0
        used = {p.pid: s for p in tree if (s := cpu_s(p.pid)) is not None}
        waited = {p.pid: s for p in tree if (s := waited_s(p.pid)) is not None}
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                rss += _rss_peak_mib(process)
                switches += _context_switches(process.pid)
                threads += process.num_threads()
        return cls(
            t_s=t_s, cpu_s=used, waited_s=waited, rss_peak_mib=rss, context_switches=switches or None, threads=threads
        )

    def cpu_share_until(self, later: Self) -> float:
        """Return how many cores the tree kept busy between two samples."""
        return increase(self.cpu_s, later.cpu_s) / (later.t_s - self.t_s)

    def runqueue_share_until(self, later: Self) -> float | None:
        """Return for which share of the time a main thread waited for a core; of several, the one that waited most."""
        waits = [value - self.waited_s.get(pid, 0.0) for pid, value in later.waited_s.items()]
        return max(waits) / (later.t_s - self.t_s) if waits else None


def _tree(pid: int, *, children: bool = True) -> list[psutil.Process]:
    """Return a process and its descendants; empty when it is gone."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *(root.children(recursive=True) if children else ())]
    return []


def _rss_peak_mib(process: psutil.Process) -> float:
    peak_kib = _numbers(Path(f"/proc/{process.pid}/status"), "VmHWM:")  # psutil has no peak
    return peak_kib[0] / 1024 if peak_kib else float(process.memory_info().rss / _MIB)


def _context_switches(pid: int) -> int:
    """Sum over all threads: /proc/<pid>/status, which psutil reads, counts the main thread's alone."""
    total = 0
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(_numbers(task / "status", "ctxt_switches:"))
    return total


def _numbers(status: Path, name: str) -> list[int]:
    """Return the numbers of the lines with this name in a status file of /proc; empty where there is none."""
    with suppress(OSError):
        return [int(line.split()[1]) for line in status.read_text(encoding="utf-8").splitlines() if name in line]
    return []

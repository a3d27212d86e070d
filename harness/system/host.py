"""Facts about the machine and the software, and how disturbed it was while something ran."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import psutil

from bench_app.db_drivers import DB_DRIVERS
from bench_app.http_clients import HTTP_CLIENTS
from experiment.records.manifest import GitState, HostFacts
from harness.system.pinning import usable_cores

_PACKAGES = (
    "fastapi", "starlette", "anyio", "uvicorn", "uvloop", "httptools", "pydantic", "h11",
    "httpcore", "urllib3", "pypdf", "psycopg-pool",
    "locust", "gevent", "pandas", "numpy", "matplotlib", "handlerbench", "granian",
)  # fmt: skip
"""Packages that can move a result, beside those of the tables of HTTP clients and database drivers."""

_MIB = 1024 * 1024


def facts() -> HostFacts:
    """Return what a reader must know of the machine to compare results with another's."""
    return HostFacts(
        cpu=_cpu_model(),
        cores=len(usable_cores()),
        memory_gib=round(psutil.virtual_memory().total / 1024**3, 1),
        kernel=platform.release(),
        os=_os_name(),
        arch=platform.machine(),
        python=platform.python_version(),
        python_implementation=platform.python_implementation(),
    )


_version = cache(metadata.version)  # which parses a file each time


def package_versions() -> dict[str, str]:
    """Return the version of each of these packages that is installed, by name."""
    found = {}
    clients, drivers = (c.package for c in HTTP_CLIENTS.values()), (d.package for d in DB_DRIVERS.values())
    for name in dict.fromkeys([*_PACKAGES, *clients, *drivers]):
        with suppress(metadata.PackageNotFoundError):
            found[name] = _version(name)
    return found


def git_state(root: Path) -> GitState:
    """Return the commit and whether the tree differs from it; nulls outside a checkout."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return GitState(commit=commit, dirty=bool(_git(root, "status", "--porcelain")))
    except (OSError, subprocess.SubprocessError):
        return GitState()


def _git(root: Path, *words: str) -> str:
    command = ["git", f"--git-dir={root}/.git", f"--work-tree={root}", *words]  # not of a repository further up
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def _cpu_model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _os_name() -> str:
    with suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{platform.system()} {platform.release()}"


@dataclass(frozen=True, slots=True)
class HostSample:
    """The machine's counters at one moment."""

    t_s: float  # monotonic
    steal_s: float | None  # all cores, since boot
    busy_s: float  # all cores, since boot: everything but idle, waiting for I/O and stolen
    pressure_s: float | None  # PSI cpu "some", since boot

    @classmethod
    def now(cls) -> HostSample:
        """Read the counters; what this system does not offer is None."""
        times = psutil.cpu_times()
        steal = getattr(times, "steal", None)
        busy = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))
        return cls(time.monotonic(), None if steal is None else float(steal), busy, _pressure_s())

    def steal_share_until(self, later: HostSample) -> float | None:
        """Return the share of all cores' time that the hypervisor took between two samples."""
        return _rate(self.steal_s, later.steal_s, (later.t_s - self.t_s) * (os.cpu_count() or 1))

    def busy_cores_until(self, later: HostSample) -> float | None:
        """Return how many cores were busy on average between two samples."""
        return _rate(self.busy_s, later.busy_s, later.t_s - self.t_s)

    def pressure_share_until(self, later: HostSample) -> float | None:
        """Return the share of time in which some task waited for a core."""
        return _rate(self.pressure_s, later.pressure_s, later.t_s - self.t_s)


def _rate(before: float | None, after: float | None, span_s: float) -> float | None:
    if before is None or after is None or span_s <= 0:
        return None
    return (after - before) / span_s


def _pressure_s() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        some = Path("/proc/pressure/cpu").read_text(encoding="utf-8").splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    return None


@dataclass(frozen=True, slots=True)
class ProcessSample:
    """What a process and all its descendants have used up to one moment."""

    t_s: float  # monotonic
    cpu_s: float
    rss_peak_mib: float
    context_switches: int | None
    threads: int

    @classmethod
    def of(cls, pid: int) -> ProcessSample | None:
        """Sample a process tree from outside; None when the process is gone."""
        tree = _tree(pid)
        if not tree:
            return None
        t_s, cpu_s, rss, switches, threads = time.monotonic(), 0.0, 0.0, 0, 0
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                cpu_s += _cpu_s(process)
                rss += _rss_peak_mib(process)
                switches += _context_switches(process.pid)
                threads += process.num_threads()
        return cls(t_s, cpu_s, rss, switches or None, threads)


def own_cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU seconds that these processes and their living children have used, each process once."""
    # the harness's children are services, which are named themselves; only a database has children to find
    tree = {p.pid: p for pid in pids for p in _tree(pid, children=pid != os.getpid())}
    return sum(_cpu_s(process) for process in tree.values())


def _tree(pid: int, *, children: bool = True) -> list[psutil.Process]:
    """Return a process and its descendants; empty when it is gone."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *(root.children(recursive=True) if children else ())]
    return []


def _cpu_s(process: psutil.Process) -> float:
    """Return the CPU seconds that a process has used; 0 when it is gone."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


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

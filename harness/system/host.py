"""Facts about the machine and the software, and how disturbed it was while something ran."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench_app.db_drivers import DB_DRIVERS
from bench_app.http_clients import HTTP_CLIENTS
from experiment.records.manifest import GitState, HostFacts
from harness.system.pinning import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def package_versions() -> dict[str, str]:
    """Return the versions of every package that can move a result."""
    found = {}
    clients, drivers = (c.package for c in HTTP_CLIENTS.values()), (d.package for d in DB_DRIVERS.values())
    for name in dict.fromkeys([*_PACKAGES, *clients, *drivers]):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
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
        if self.steal_s is None or later.steal_s is None or later.t_s <= self.t_s:
            return None
        return (later.steal_s - self.steal_s) / ((later.t_s - self.t_s) * (os.cpu_count() or 1))

    def busy_cores_until(self, later: HostSample) -> float | None:
        """Return how many cores were busy on average between two samples."""
        span_s = later.t_s - self.t_s
        return (later.busy_s - self.busy_s) / span_s if span_s > 0 else None

    def pressure_share_until(self, later: HostSample) -> float | None:
        """Return the share of time in which some task waited for a core."""
        if self.pressure_s is None or later.pressure_s is None or later.t_s <= self.t_s:
            return None
        return (later.pressure_s - self.pressure_s) / (later.t_s - self.t_s)


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
        try:
            root = psutil.Process(pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return None
        t_s, cpu_s, rss, switches, threads = time.monotonic(), 0.0, 0.0, 0, 0
        for process in tree:
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                times = process.cpu_times()
                cpu_s += times.user + times.system
                rss += _rss_peak_mib(process)
                switches += _context_switches(process.pid)
                threads += process.num_threads()
        return cls(t_s, cpu_s, rss, switches or None, threads)


def _rss_peak_mib(process: psutil.Process) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return float(process.memory_info().rss / _MIB)


def _context_switches(pid: int) -> int:
    """Sum over all threads: /proc/<pid>/status counts the main thread's alone."""
    total = 0
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for line in (task / "status").read_text(encoding="utf-8").splitlines():
                    if "ctxt_switches:" in line:
                        total += int(line.split()[1])
    return total


def own_cpu_s(pids: Iterable[int]) -> float:
    """Return the CPU seconds that these processes and their living children have used, each process once."""
    tree: dict[int, psutil.Process] = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            # the harness's children are services that are named themselves; only a database has its own
            members = [root] if pid == os.getpid() else [root, *root.children(recursive=True)]
            tree |= {p.pid: p for p in members}
    total = 0.0
    for process in tree.values():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total

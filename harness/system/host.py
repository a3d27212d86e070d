"""Facts about the machine and the software, and how disturbed it was while something ran."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import Self

import psutil

from bench_app.db_drivers import DB_DRIVERS
from bench_app.http_clients import HTTP_CLIENTS
from experiment.records.manifest import GitState, HostFacts
from harness.system.pinning import usable_cores

_PACKAGES = (
    "fastapi", "starlette", "anyio", "uvicorn", "uvloop", "httptools", "pydantic", "h11",
    "httpcore", "urllib3", "pypdf", "psycopg-pool",
    "orjson", "aiofiles", "aiosqlite", "python-multipart",
    "locust", "gevent", "pandas", "numpy", "matplotlib", "handlerbench", "granian",
)  # fmt: skip
"""Packages that can move a result, beside those of the tables of HTTP clients and database drivers."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSample:
    """The machine's counters at one moment, in seconds since boot. Where `cores` can be named, none means all."""

    t_s: float  # monotonic
    busy_s: Mapping[int, float]  # by core: what processes used; interrupts are nobody's
    steal_s: Mapping[int, float]  # by core; empty where the system does not say
    pressure_s: float | None  # PSI cpu "some"

    @classmethod
    def now(cls) -> Self:
        """Read the counters; what this system does not offer is missing."""
        t_s, times = time.monotonic(), dict(zip(_core_numbers(), psutil.cpu_times(percpu=True), strict=False))
        return cls(
            t_s=t_s,
            busy_s={n: sum(getattr(t, name, 0.0) for name in ("user", "nice", "system")) for n, t in times.items()},
            steal_s={n: t.steal for n, t in times.items() if hasattr(t, "steal")},
            pressure_s=_pressure_s(),
        )

    def steal_share_until(self, later: Self, cores: Collection[int] = ()) -> float | None:
        """Return the share of the cores' time that the hypervisor took between two samples."""
        if not self.steal_s:
            return None
        return fmean(self._rate(self.steal_s[n], later.steal_s[n], later) for n in cores or self.steal_s)

    def busy_cores_until(self, later: Self, cores: Collection[int] = ()) -> float:
        """Return how many of the cores were busy on average between two samples."""
        return sum(self._rate(self.busy_s[n], later.busy_s[n], later) for n in cores or self.busy_s)

    def pressure_share_until(self, later: Self) -> float | None:
        """Return the share of time in which some task waited for a core."""
        if self.pressure_s is None or later.pressure_s is None:
            return None
        return self._rate(self.pressure_s, later.pressure_s, later)

    def _rate(self, before: float, after: float, later: Self) -> float:
        return (after - before) / (later.t_s - self.t_s)


def _core_numbers() -> list[int]:
    """Return the numbers of the cores in the order of psutil's list; numbers may be missing where cores are offline."""
    with suppress(OSError):
        text = Path("/proc/stat").read_text(encoding="ascii")
        return [int(number) for number in re.findall(r"^cpu(\d+) ", text, re.MULTILINE)]
    return list(range(os.cpu_count() or 1))


def _pressure_s() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        some = Path("/proc/pressure/cpu").read_text(encoding="utf-8").splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    return None

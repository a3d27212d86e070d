"""Whether the machine is quiet: who else uses it, watched for a moment before something is measured."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from harness.system.host import HostSample

WATCH_S = 2.0
MOST_STOLEN = 0.05
"""The share of the cores' time that the hypervisor may take; a trial with three times as much is discarded."""
MOST_BUSY_CORES = 0.25
"""Cores that other programs may keep busy: what a system that only waits uses, several times over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quietness:
    """What was seen of others. Shares are of one; None where this system does not say."""

    cores: int
    busy_cores: float
    busiest: str | None  # who used most, and its process id
    steal_share: float | None
    pressure_share: float | None

    @property
    def is_stolen(self) -> bool:
        return self.steal_share is not None and self.steal_share > MOST_STOLEN

    @property
    def is_busy(self) -> bool:
        return self.busy_cores > MOST_BUSY_CORES

    @property
    def complaint(self) -> str:
        """What disturbs, as a sentence without its stop; empty on a quiet machine."""
        why = []
        if self.is_busy:
            most = f", {self.busiest} most of it" if self.busiest else ""
            why.append(f"other programs use {self.busy_cores:.1f} of its {self.cores} cores{most}")
        if self.is_stolen:
            why.append(f"its host takes {self.steal_share:.0%} of their time")
        return f"this machine is not quiet ({'; '.join(why)})" if why else ""


def watch(seconds: float = WATCH_S) -> Quietness:
    """Look at the whole machine for so long, and do nothing meanwhile."""
    before, used_before = HostSample.now(), _used_s()
    time.sleep(seconds)
    after, used_after = HostSample.now(), _used_s()
    return Quietness(
        cores=len(after.busy_s),
        busy_cores=before.busy_cores_until(after),
        busiest=busiest(used_before, used_after),
        steal_share=before.steal_share_until(after),
        pressure_share=before.pressure_share_until(after),
    )


_Used = Mapping[tuple[int, str], float]  # CPU seconds by process id and name


def busiest(before: _Used, after: _Used) -> str | None:
    """Return which of the processes used most between two looks, such as `python (process 12)`; None if none did."""
    used = {process: cpu_s - before.get(process, 0.0) for process, cpu_s in after.items()}
    most = max(used, key=lambda process: used[process], default=None)
    return None if most is None or used[most] <= 0 else f"{most[1]} (process {most[0]})"


def _used_s() -> dict[tuple[int, str], float]:
    """Return what every other process has used; those that we may not look at are left out."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid():
                times = process.cpu_times()
                found[process.pid, process.name()] = times.user + times.system
    return found

"""Which core does what: the SUT on one of its own, driver and services on the others.

Linux only (sched_setaffinity); elsewhere, and on one core, nothing is pinned and the manifest says so.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from experiment.records.manifest import Pinning

_NEEDED_CORES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CorePlan:
    """The cores of the SUT and of everything else; `enforced` is False where the system cannot pin."""

    sut: tuple[int, ...]
    others: tuple[int, ...]
    everything: tuple[int, ...]
    enforced: bool
    note: str

    def for_sut(self, *, all_cores: bool) -> tuple[int, ...]:
        """Return the cores to pin a SUT to; empty where nothing is pinned."""
        cores = self.everything if all_cores else self.sut
        return cores if self.enforced else ()

    @property
    def for_others(self) -> tuple[int, ...]:
        """The cores to pin everything else to; empty where nothing is pinned."""
        return self.others if self.enforced else ()

    def as_manifest(self) -> Pinning:
        return Pinning(**asdict(self))


def usable_cores() -> tuple[int, ...]:
    """Return the numbers of the cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def plan_cores() -> CorePlan:
    """Give the SUT the last core, which interrupts and daemons use least, and everything else the rest."""
    cores = usable_cores()
    if not hasattr(os, "sched_setaffinity"):
        note = "this system cannot pin processes to cores; the SUT competes with driver and services"
    elif len(cores) < _NEEDED_CORES:
        note = "only one core; the SUT shares it with driver and services"
    else:
        return CorePlan(sut=cores[-1:], others=cores[:-1], everything=cores, enforced=True, note="")
    return CorePlan(sut=cores, others=cores, everything=cores, enforced=False, note=note)


@contextmanager
def running_on(cores: tuple[int, ...], *, enforced: bool) -> Iterator[None]:
    """Run the calling thread on these cores until the block ends: what it starts in the block inherits them.

    They are set before a child starts, not after: threads that the child makes early would otherwise escape.
    """
    if not enforced:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

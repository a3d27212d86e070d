"""What other processes took of the cores that SUT and driver run on, and for how long these two waited (pure).

Time that a thread waits for a core is not all contention: the SUT's own threads wait for each other, and driver and
services share a core by design. Others can delay a thread only while they run on its core. So their part is at most the
smaller of the two numbers: how long the thread waited, and how long others ran there. The validity rules use that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.system.host import HostSample
from harness.system.usage import ProcessSample, increase


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The machine and our processes at one edge of a window. CPU seconds are by pid."""

    host: HostSample
    sut: ProcessSample | None
    yardstick_s: Mapping[int, float]
    others_s: Mapping[int, float]  # of our processes that are neither SUT nor yardstick
    driver_waited_s: Mapping[int, float]  # of each process that sends the load, by pid; empty where it is not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCores:
    """The cores that the SUT is pinned to, and those of our other processes; both empty where nothing is pinned."""

    sut: tuple[int, ...] = ()
    others: tuple[int, ...] = ()

    @property
    def are_shared(self) -> bool:
        """Whether our own processes may run on the SUT's cores."""
        return not self.sut or not set(self.sut).isdisjoint(self.others)


def contention(before: Edge, after: Edge, cores: TrialCores) -> dict[str, Any]:
    """Return the fields of TrialMetrics about the host, and about waiting for cores."""
    host, span_s = before.host, after.host.t_s - before.host.t_s
    return {
        "host_steal_share": host.steal_share_until(after.host),
        "host_pressure_share": host.pressure_share_until(after.host),
        "sut_steal_share": host.steal_share_until(after.host, cores.sut),
        "sut_runqueue_share": before.sut.runqueue_share_until(after.sut) if before.sut and after.sut else None,
        "driver_runqueue_share": _longest_wait(before.driver_waited_s, after.driver_waited_s, span_s),
        **_foreign(before, after, cores),
    }


def _longest_wait(before: Mapping[int, float], after: Mapping[int, float], span_s: float) -> float | None:
    """Return for which share of the time a process waited for its core; of several, the one that waited most."""
    waits = [waited - before[pid] for pid, waited in after.items() if pid in before]
    return max(waits) / span_s if waits else None


def _foreign(before: Edge, after: Edge, cores: TrialCores) -> dict[str, float]:
    """Return how many cores' worth of CPU processes used that are none of ours: anywhere, and on our cores."""
    if before.sut is None or after.sut is None:
        return {}
    span_s = after.host.t_s - before.host.t_s
    sut = before.sut.cpu_share_until(after.sut) + increase(before.yardstick_s, after.yardstick_s) / span_s
    others = increase(before.others_s, after.others_s) / span_s

    def beside(ours: float, where: tuple[int, ...] = ()) -> float:
        return max(0.0, before.host.busy_cores_until(after.host, where) - ours)

    everywhere = beside(sut + others)
    if cores.are_shared:
        both = beside(sut + others, tuple({*cores.sut, *cores.others}))
        return {"host_foreign_cores": everywhere, "sut_foreign_cores": both, "driver_foreign_cores": both}
    return {
        "host_foreign_cores": everywhere,
        "sut_foreign_cores": beside(sut, cores.sut),
        "driver_foreign_cores": beside(others, cores.others),
    }

"""What a soak noted, and whether it is flat and exact (pure, but for `Usage.of`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Self

import psutil

from benchmarks.talk import table

KINDS = ("closed", "open")
PROCESSES = ("harness", "driver", "sut")
MEASURES = ("rss_mib", "descriptors", "threads")
_MIB = 1024 * 1024
_SLACK = {"rss_mib": 1.05, "descriptors": 1.0, "threads": 1.0}
_MORE = {"rss_mib": 1.0, "descriptors": 0.0, "threads": 0.0}
"""The last third may have so many times, and so much more than, what the first third has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process holds at rest."""

    rss_mib: float
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> Self:
        """Read it. Raises psutil.Error for a process that is gone."""
        process = psutil.Process(pid)
        with process.oneshot():
            rss = process.memory_info().rss / _MIB
            return cls(rss_mib=round(rss, 2), descriptors=process.num_fds(), threads=process.num_threads())


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One turn of a load: what the driver sent, what the app served of it, and what everybody held afterwards."""

    kind: str
    variant: str
    window_s: float
    sent: int
    served: int
    failed: int  # wrong, in error, dropped, or a user without a connection
    usage: Mapping[str, Usage]

    @property
    def is_exact(self) -> bool:
        return self.sent == self.served and self.failed == 0

    def line(self) -> str:
        held = ", ".join(
            f"{name} {u.rss_mib:.1f} MiB {u.descriptors} descriptors {u.threads} threads"
            for name, u in self.usage.items()
        )
        return f"{self.kind}: sent {self.sent}, served {self.served}, failed {self.failed}; {held}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A measure of a process after one kind of load: the medians of the first and of the last third of turns."""

    process: str
    measure: str
    kind: str
    first: float
    last: float

    @property
    def is_flat(self) -> bool:
        return self.last <= self.first * _SLACK[self.measure] + _MORE[self.measure]


@dataclass(frozen=True, slots=True)
class Findings:
    """All turns so far."""

    segments: list[Segment] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(s.sent for s in self.segments)

    @property
    def served(self) -> int:
        return sum(s.served for s in self.segments)

    @property
    def failed(self) -> int:
        return sum(s.failed for s in self.segments)

    @property
    def growths(self) -> list[Growth]:
        """What each process held at first and at last; none before there are three turns of a kind to compare."""
        return [g for kind in KINDS for g in _growths(kind, [s for s in self.segments if s.kind == kind])]

    @property
    def is_sound(self) -> bool:
        """Whether every turn was counted exactly and nothing grew."""
        grown = self.growths
        return bool(grown) and all(g.is_flat for g in grown) and all(s.is_exact for s in self.segments)


def _growths(kind: str, turns: list[Segment]) -> Iterator[Growth]:
    settled = turns[1:]  # in the first turn pools and caches fill
    third = len(settled) // 3
    if not third:
        return
    for process in PROCESSES:
        for measure in MEASURES:
            values = [float(getattr(s.usage[process], measure)) for s in settled]
            first, last = median(values[:third]), median(values[-third:])
            yield Growth(process=process, measure=measure, kind=kind, first=first, last=last)


def lines(found: Findings) -> Iterator[str]:
    """Say what grew and what was counted."""
    rows = [
        (f"{g.process} {g.measure} after {g.kind} load", f"{g.first:g}", f"{g.last:g}", "flat" if g.is_flat else "GREW")
        for g in found.growths
    ]
    yield table(("held at rest", "first third", "last third", ""), rows)
    inexact = sum(not s.is_exact for s in found.segments)
    counted = f"the driver sent {found.sent}, the app served {found.served}, {found.failed} failed"
    yield f"{len(found.segments)} turns: {counted}"
    yield f"{inexact} turns were not counted exactly" if inexact else "every turn was counted exactly"

"""The yardstick: a small piece of Python work, always the same, timed on the SUT's core while a trial runs.

On a shared machine a core's speed changes from one second to the next: neighbours take cache, memory and the other half
of a hyperthreaded core. That slows the SUT and the yardstick alike. So the CPU time of one pass says how fast the core
was, and two trials can be compared as on cores of equal speed.

One process serves a whole campaign, because its layout in memory makes one process faster than another.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.system.places import python
from harness.system.process import child
from harness.system.services import clean_environment
from harness.system.yardstick_passes import PASS

_LATEST = 20_000


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass: when it began (time.monotonic(), seconds), and its CPU time (microseconds)."""

    t: float
    cpu_us: float


def pass_us(passes: Sequence[Pass], open_t: float, close_t: float) -> float | None:
    """Return the mean CPU time of a pass between two moments, in microseconds; None without any pass.

    The mean is harmonic: how much the SUT gets done in a window follows the mean of the speed, which is 1 / time.
    """
    inside = [p.cpu_us for p in passes if open_t <= p.t <= close_t and p.cpu_us > 0]
    return len(inside) / sum(1 / us for us in inside) if inside else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """A running yardstick: its process, and the file it writes to."""

    process: subprocess.Popen[bytes]
    path: Path

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def passes(self) -> list[Pass]:
        """Return the latest passes, those of about 100 s, without a half-written one."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                start = max(0, size - size % PASS.size - _LATEST * PASS.size)
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = len(data) - len(data) % PASS.size
        return [Pass(t, cpu_us) for t, cpu_us in PASS.iter_unpack(data[:whole])]


@contextmanager
def yardstick(path: Path, *, log: Path, cores: tuple[int, ...]) -> Iterator[Yardstick]:
    """Make passes on `cores` (anywhere if empty) until the block ends, and then remove the file."""
    command = [*python("harness.system.yardstick_passes"), str(path)]
    path.unlink(missing_ok=True)  # of a campaign that was killed
    # hashes that differ from process to process would make the work a little different in every trial
    env = clean_environment({"PYTHONHASHSEED": "0"})
    try:
        with child(command, log=log, cores=cores, env=env, patience_s=0) as process:
            yield Yardstick(process=process, path=path)
    finally:
        path.unlink(missing_ok=True)

"""The processes of a campaign, told apart by what they are, and what a campaign left behind when it was killed."""

import os
import secrets
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "HANDLERBENCH_CRASH"
"""The variable by which every process of a campaign is found, whoever its parent has become."""

HARNESS = "harness"
_BY_WORD = {
    "trials.py": "driver",
    "harness.system.fork_main": "forks or sut",
    "harness.system.upstream": "upstream",
    "harness.system.yardstick_passes": "yardstick",
    "harness.postgres.keeper": "keeper",
    "bench_app.app": "sut",
}
_END_LIMIT_S = 30.0
_SHARED_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a campaign is run: its temporary files, and the mark of its processes."""

    spool: Path
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    def environment(self) -> dict[str, str]:
        mpl = self.spool.parent / "matplotlib"  # kept from campaign to campaign: its font list takes seconds
        return {**os.environ, MARK: self.mark, "TMPDIR": str(self.spool), "MPLCONFIGDIR": str(mpl)}

    def processes(self) -> list[psutil.Process]:
        """Return the living processes that have the mark."""
        return [process for process in psutil.process_iter() if _mark_of(process) == self.mark]

    def wait_for_the_end(self) -> list[psutil.Process]:
        """Wait until no process has the mark; return those that still have it in the end."""
        deadline = time.monotonic() + _END_LIMIT_S
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def left(self, campaign: Path) -> list[str]:
        """Return the files that nobody needs any more: temporary ones, and halves of others."""
        halves = campaign.rglob(".*.new") if campaign.exists() else ()
        spooled = (path for path in self.spool.iterdir() if path.suffix != ".lock")
        return sorted(map(str, (*halves, *spooled)))


def _mark_of(process: psutil.Process) -> str | None:
    with suppress(psutil.Error, OSError):
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.environ().get(MARK)
    return None


def part_of(process: psutil.Process, harness: int) -> str:
    """Return what a process of a campaign is, in a word or two."""
    if process.pid == harness:
        return HARNESS
    with suppress(psutil.Error, OSError):
        words = process.cmdline()
        named = (part for word, part in _BY_WORD.items() if any(word in said for said in words))
        return next(named, "postgres" if "postgres" in process.name() else "helper")
    return "gone"


def kill(process: psutil.Process) -> bool:
    """Send SIGKILL; return whether there was anything to kill."""
    with suppress(psutil.Error, OSError):
        if process.status() != psutil.STATUS_ZOMBIE:
            process.send_signal(signal.SIGKILL)
            return True
    return False


def shared_memory() -> frozenset[str]:
    """Return the System V segments and the files of POSIX shared memory and semaphores that no process uses."""
    found: set[str] = set()
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]]
        found |= {f"System V segment {row[1]}" for row in rows if row[6] == "0"}
    with suppress(OSError):
        names = {path.name for path in Path("/dev/shm").iterdir()}  # noqa: S108 - named, not used
        mapped = "\n".join(map(_maps, psutil.pids())) if names else ""
        found |= {f"shared memory {name}" for name in names if name not in mapped}
    return frozenset(found)


def _maps(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    return ""


def still_left(before: frozenset[str]) -> list[str]:
    """Return what of shared memory nobody uses and was not there before; what a neighbour just makes goes by itself."""
    first = shared_memory() - before
    if first:
        time.sleep(_SHARED_LIMIT_S)
    return sorted(first & shared_memory())

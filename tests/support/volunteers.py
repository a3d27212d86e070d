"""Workers that others start: `bench worker` processes, as somebody types them on another machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from documented_commands import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCH = [sys.executable, "-m", "harness.commands.cli"]
LIMIT_S = 60.0


class Volunteer:
    """`bench worker` for the master at a port of 127.0.0.1; `prefix` is a command that runs it elsewhere."""

    def __init__(self, port: int, *words: str, host: str = "127.0.0.1", prefix: tuple[str, ...] = ()) -> None:
        """Start it; the master need not be there yet."""
        command = [*prefix, *BENCH, "worker", "--master", f"{host}:{port}", *words]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def driving(self) -> list[psutil.Process]:
        """Return the processes that it has started to drive."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end; return its code and what it said."""
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out, err

    def leave(self) -> tuple[int, str, str]:
        """End it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()


@contextmanager
def volunteers(port: int, count: int, *, host: str = "127.0.0.1") -> Iterator[list[Volunteer]]:
    """Start some, and end those that are left when the block ends."""
    started = [Volunteer(port, host=host) for _ in range(count)]
    try:
        yield started
    finally:
        for one in started:
            end(one)


def end(one: Volunteer) -> None:
    """End one in whatever state it is, with all that it started."""
    for process in one.driving():
        if process.is_running():
            process.kill()
    one.process.kill()
    one.process.communicate(timeout=LIMIT_S)


def all_gone(processes: list[psutil.Process], limit_s: float = 20.0) -> bool:
    """Say whether all have ended within the limit."""
    deadline = time.monotonic() + limit_s
    while any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

"""Processes of ours that outlived the command that started them.

On Linux the kernel ends them with it. Elsewhere, and where a process was stopped at the wrong moment, one may be left.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import psutil

_ASK_LIMIT_S = 10.0
_KILL_LIMIT_S = 5.0

_MODULES = frozenset(
    f"harness.{name}" for name in ("system.fork_main", "system.upstream", "system.yardstick_passes", "postgres.keeper")
)
_APPS = ("bench_app.app:", "handlerbench_guest.app:")
_DRIVER = "locustfiles/trials.py"
_POSTGRES = "/handlerbench-pg-"
_DRAWING = "from analysis.charts.two_processes import"


def orphans() -> list[psutil.Process]:
    """Return this user's processes that one of our commands started and that no such command has any more."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _is_of_this_user(process) and is_one_of_ours(process.cmdline()) and _is_adopted(process):
                found.append(process)
    return found


def end(processes: Sequence[psutil.Process]) -> None:
    """Ask them to end, the keeper of a database to clean up first, and kill what stays."""
    for ask, limit_s in ((psutil.Process.terminate, _ASK_LIMIT_S), (psutil.Process.kill, _KILL_LIMIT_S)):
        for process in processes:
            with suppress(psutil.Error):
                ask(process)
                process.resume()
        _, processes = psutil.wait_procs(processes, timeout=limit_s)


def is_one_of_ours(words: Sequence[str]) -> bool:
    """Say whether a command line is that of a process that we start beside a measurement (pure)."""
    after_m = {word for before, word in pairwise(words) if before == "-m"}
    return bool(after_m & _MODULES) or any(
        word.startswith((*_APPS, _DRAWING)) or word.endswith(_DRIVER) or _POSTGRES in word for word in words
    )


def _is_of_this_user(process: psutil.Process) -> bool:
    return os.geteuid() in {0, process.uids().effective}


def _is_adopted(process: psutil.Process) -> bool:
    """Say whether its parent died: the system's first process then takes it, or the one of the user's session."""
    parent = process.parent()
    if parent is None:
        return True
    words = parent.cmdline()
    if any(word.endswith(("bench", "pytest")) or word.startswith("harness.") for word in words):
        return False
    return parent.pid == 1 or (parent.name() == "systemd" and "--user" in words)

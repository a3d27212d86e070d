"""Run a command to its end and know what that one process used."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiment.errors import InvalidMeasurementError
from harness.system.pinning import running_on
from harness.system.process import end_group
from harness.system.services import clean_environment

ROOT = Path(__file__).resolve().parent.parent
# Kibibytes on Linux, bytes on macOS: getrusage(2) of each.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A command that ended well: what it printed (stdout and stderr), and what it used from start to end."""

    output: str
    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


def run(command: Sequence[str], *, cores: tuple[int, ...] = (), patience_s: float = 600.0) -> Metered:
    """Run a command in the project's folder, pinned to `cores` where any are given.

    Raises InvalidMeasurementError when it fails or outlasts `patience_s`; it never outlives this call.
    """
    start = time.monotonic()
    with tempfile.TemporaryFile() as sink:
        with running_on(cores, enforced=bool(cores)):
            process = subprocess.Popen(  # reaped here by wait4, since only that gives the usage of this one child
                list(command),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=clean_environment({}),
                start_new_session=True,
            )
        try:
            cpu_s, peak = _reap(process, start + patience_s)
        finally:
            if process.returncode is None:
                end_group(process, patience_s=0)
        wall_s = time.monotonic() - start
        sink.seek(0)
        output = sink.read().decode("utf-8", "replace")
    if process.returncode != 0:
        last = " ".join(output.strip().splitlines()[-1:])
        raise InvalidMeasurementError(f"{Path(command[0]).name} ended with code {process.returncode}: {last}")
    return Metered(output=output, wall_s=wall_s, cpu_s=cpu_s, peak_rss_bytes=peak)


def _reap(process: subprocess.Popen[bytes], deadline_t: float) -> tuple[float, int]:
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT
        if time.monotonic() > deadline_t:
            raise InvalidMeasurementError(f"{Path(str(process.args[0])).name} did not end in time")  # type: ignore[index]
        time.sleep(_POLL_S)

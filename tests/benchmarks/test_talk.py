"""A benchmark that is told to stop ends what it started."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benches import wait_until
from experiment.errors import Exit
from harness.system.places import HOME

if TYPE_CHECKING:
    from pathlib import Path

WAITS = """
import sys, tempfile, time
from pathlib import Path
from benchmarks.talk import leave_with

def main():
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        Path(sys.argv[1], "begun").touch()
        time.sleep(60)
    return 0

leave_with(main)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_benchmark_and_what_it_began(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, str(tmp_path)], cwd=HOME, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until((tmp_path / "begun").exists, process)
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (Exit.INTERRUPTED, "stopped before its end\n")
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]

"""A step of the wall clock (NTP, a resumed laptop) moves no duration: held against the source of what is timed."""

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.system.host import HostSample
from harness.system.pinning import usable_cores
from harness.system.usage import ProcessSample
from neighbours import burner
from real_servers import ROOT

SOURCES = [
    *ROOT.glob("harness/system/*.py"),
    *ROOT.glob("harness/trial/*.py"),
    *ROOT.glob("harness/postgres/*.py"),
    ROOT / "bench_app" / "probe.py",
]
WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "time.gmtime", "time.localtime"}


def wall_clocks(source: str) -> Iterator[str]:
    """Name each use of the wall clock, whether it is called, handed on or imported by its name."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute():
                names = {ast.unparse(node).replace("datetime.datetime", "datetime")}
            case ast.ImportFrom(module="time"):
                names = {f"time.{alias.name}" for alias in node.names}
            case _:
                continue
        if names & WALL_CLOCKS:
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_is_timed_by_the_wall_clock(source: Path) -> None:
    assert list(wall_clocks(source.read_text())) == []


@pytest.mark.parametrize("line", ["a = time.time()", "clock = time.time", "from time import time", "datetime.now(UTC)"])
def test_a_use_of_the_wall_clock_is_found(line: str) -> None:
    assert list(wall_clocks(line))


def test_samples_on_both_sides_of_a_step_say_what_they_would_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with burner(max(usable_cores())) as process:
        time.sleep(0.3)
        before = HostSample.now(), ProcessSample.of(process.pid)
        stepped = time.time() - 86_400
        monkeypatch.setattr(time, "time", lambda: stepped)
        time.sleep(0.3)
        after = HostSample.now(), ProcessSample.of(process.pid)
    assert before[1] is not None
    assert after[1] is not None
    assert 0 < before[1].cpu_share_until(after[1]) < 2
    assert 0 < after[0].t_s - before[0].t_s < 60

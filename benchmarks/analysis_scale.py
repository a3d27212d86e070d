"""What ten million requests cost recorder and analysis: `make bench-analysis`.

For 1e5, 1e6 and 1e7 requests, each step in a process of its own:

- the driver's recorder: how far resident memory grows while it records so many durations;
- `bench report` on a campaign folder that holds so many: wall time and peak memory, Python's start included, from the
  CSV files to every chart and the report.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.made_campaign import Made, write
from benchmarks.talk import say, table, write_json
from experiment.errors import BenchError, InvalidMeasurementError
from harness.host import facts, package_versions

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
SIZES = (100_000, 1_000_000, 10_000_000)
MOST_S, MOST_BYTES = 60.0, 1_000_000_000
_MB = 1e6
# Kibibytes on Linux, bytes on macOS: getrusage(2) of each.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording cost."""

    requests: int
    buckets: int
    rss_growth_bytes: int
    cpu_s_drawing_included: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a report cost: from the campaign's CSV files to every chart, in a fresh process."""

    requests: int
    trials: int
    csv_bytes: int
    pictures: int
    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


def record(requests: int) -> Recorded:
    """Record so many durations in a process of its own."""
    command = [sys.executable, str(ROOT / "benchmarks" / "record_many.py"), str(requests)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Recorded(**json.loads(done.stdout))


def report(requests: int, folder: Path) -> Reported:
    """Write a campaign of so many requests and make its report in a process of its own."""
    path = folder / f"campaign-{requests}"
    made = write(path, requests=requests)
    csv_bytes = sum(file.stat().st_size for file in path.glob("*.csv"))
    wall_s, usage = _run([sys.executable, "-m", "harness.cli", "report", str(path)], folder / f"report-{requests}.log")
    pictures = len([*path.rglob("*.png")])
    return _reported(made, csv_bytes, pictures, wall_s, usage)


def _reported(made: Made, csv_bytes: int, pictures: int, wall_s: float, usage: Any) -> Reported:
    return Reported(
        requests=made.requests,
        trials=made.trials,
        csv_bytes=csv_bytes,
        pictures=pictures,
        wall_s=round(wall_s, 2),
        cpu_s=round(usage.ru_utime + usage.ru_stime, 2),
        peak_rss_bytes=usage.ru_maxrss * _RSS_UNIT,
    )


def _run(command: Sequence[str], log: Path) -> tuple[float, Any]:
    """Run to the end; return wall seconds and the resource usage of this one child.

    Raises InvalidMeasurementError when it fails.
    """
    start = time.monotonic()
    with log.open("wb") as sink:
        process = subprocess.Popen(list(command), cwd=ROOT, stdout=sink, stderr=sink)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise InvalidMeasurementError(f"bench report ended with code {process.returncode}: {' '.join(last)}")
    return time.monotonic() - start, usage


def main() -> int:
    """Measure, print, write; return an exit code."""
    options = _options()
    try:
        recorded = [record(size) for size in options.sizes]
        _print_recorded(recorded)
        with tempfile.TemporaryDirectory(prefix="analysis-scale-") as folder:
            reported = [report(size, Path(folder)) for size in options.sizes]
    except BenchError as error:
        say(str(error))
        return int(error.exit_code)
    _print_reported(reported)
    say(f"\n{conclusion(reported[-1])}")
    data = {
        "command": "make bench-analysis",
        "host": facts(),
        "packages": package_versions(),
        "recorder": [asdict(r) for r in recorded],
        "report": [asdict(r) for r in reported],
        "conclusion": conclusion(reported[-1]),
    }
    write_json(options.out, data)
    return 0


def conclusion(largest: Reported) -> str:
    """Say whether the report of the largest campaign stays within its bounds."""
    holds = largest.wall_s < MOST_S and largest.peak_rss_bytes < MOST_BYTES
    return (
        f"At {largest.requests:,} requests the report {'stays' if holds else 'does NOT stay'} under {MOST_S:g} s and "
        f"1 GB: {largest.wall_s:.1f} s, {largest.peak_rss_bytes / _MB:.0f} MB at its peak."
    )


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis_scale", description=description)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="requests of each step, rising")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "analysis-scale.json", help="the JSON to write")
    return parser.parse_args()


def _print_recorded(recorded: Sequence[Recorded]) -> None:
    say("The driver's recorder, one histogram")
    rows = [(f"{r.requests:,}", f"{r.buckets:,}", f"{r.rss_growth_bytes / _MB:.2f} MB") for r in recorded]
    say(table(("requests", "buckets", "memory grown by"), rows))


def _print_reported(reported: Sequence[Reported]) -> None:
    say("\nFrom CSV files to every chart and the report, in a process of its own")
    rows = [
        (
            f"{r.requests:,}",
            r.trials,
            f"{r.csv_bytes / _MB:.1f} MB",
            r.pictures,
            f"{r.wall_s:.1f} s",
            f"{r.cpu_s:.1f} s",
            f"{r.peak_rss_bytes / _MB:.0f} MB",
        )
        for r in reported
    ]
    say(table(("requests", "trials", "CSV", "PNG files", "wall", "CPU", "peak memory"), rows))


if __name__ == "__main__":
    sys.exit(main())

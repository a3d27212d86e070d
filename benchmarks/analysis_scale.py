"""What ten million requests cost recorder and analysis: `make bench-analysis`.

For 1e5, 1e6 and 1e7 requests, each step in a process of its own:

- the driver's recorder: how far resident memory grows while it records so many durations;
- `bench report` on a campaign folder that holds so many: wall time and peak memory, Python's start included, from the
  CSV files to every chart and the report.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.made_campaign import write
from benchmarks.metered import ROOT, run
from benchmarks.talk import say, table, write_json
from experiment.errors import BenchError
from harness.system.host import facts, package_versions

SIZES = (100_000, 1_000_000, 10_000_000)
MOST_S, MOST_BYTES = 60.0, 1_000_000_000
_MB = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderCost:
    """How memory and CPU time grew while so many durations were recorded."""

    requests: int
    buckets: int
    rss_growth_bytes: int
    cpu_s_drawing_included: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCost:
    """What a report cost: from the campaign's CSV files to every chart, in a fresh process."""

    requests: int
    trials: int
    csv_bytes: int
    pictures: int
    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


def record(requests: int) -> RecorderCost:
    """Record so many durations in a process of its own."""
    done = run([sys.executable, str(ROOT / "benchmarks" / "record_many.py"), str(requests)])
    return RecorderCost(**json.loads(done.output))


def report(requests: int, folder: Path) -> ReportCost:
    """Write a campaign of so many requests and make its report in a process of its own.

    Raises InvalidMeasurementError when the report fails.
    """
    path = folder / f"campaign-{requests}"
    made = write(path, requests=requests)
    csv_bytes = sum(file.stat().st_size for file in path.glob("*.csv"))
    done = run([sys.executable, "-m", "harness.commands.cli", "report", str(path)])
    return ReportCost(
        requests=made.requests,
        trials=made.trials,
        csv_bytes=csv_bytes,
        pictures=len([*path.rglob("*.png")]),
        wall_s=round(done.wall_s, 2),
        cpu_s=round(done.cpu_s, 2),
        peak_rss_bytes=done.peak_rss_bytes,
    )


def main() -> int:
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


def conclusion(largest: ReportCost) -> str:
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


def _print_recorded(recorded: Sequence[RecorderCost]) -> None:
    say("The driver's recorder, one histogram")
    rows = [(f"{r.requests:,}", f"{r.buckets:,}", f"{r.rss_growth_bytes / _MB:.2f} MB") for r in recorded]
    say(table(("requests", "buckets", "memory grown by"), rows))


def _print_reported(reported: Sequence[ReportCost]) -> None:
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

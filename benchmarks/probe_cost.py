"""What the probe costs: `python -m benchmarks.probe_cost` prints its share of a core and its CPU time a second.

Runs an otherwise idle uvloop loop for a while without the probe and with it, and compares the process's CPU time.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import uvloop

from bench_app.probe import Probe, ServedCounter
from bench_app.settings import Settings


async def idle_cpu_s(seconds: float, path: Path | None) -> float:
    """Return the CPU seconds that this process uses in `seconds` of waiting, with the probe on if given a path."""
    settings = Settings()
    with ExitStack() as stack:
        if path is not None:
            tick_s, sample_s = settings.probe_tick_s, settings.probe_sample_s
            stack.enter_context(Probe(path=path, tick_s=tick_s, sample_s=sample_s, count_served=ServedCounter()))
        before_s = time.process_time()
        await asyncio.sleep(seconds)
        return time.process_time() - before_s


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probe_cost", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each half (default: 5)")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.jsonl"
        without_s = uvloop.run(idle_cpu_s(seconds, None))
        with_s = uvloop.run(idle_cpu_s(seconds, path))
        size_bytes = path.stat().st_size
    extra_us = (with_s - without_s) / seconds * 1e6
    share = f"{extra_us:.0f} CPU-us a second = {extra_us / 1e4:.2f} % of a core"
    print(f"probe: {share}; {size_bytes / seconds:.0f} bytes a second")


if __name__ == "__main__":
    main()

"""Does it scale: what two workers drive beside one, and what their master costs: `make bench-scale`.

- capacity: answers a second of one process, of one worker and of two, against a stub that is no limit, in interleaved
  rounds; ratios with intervals, and the reason where two free cores are not there (scale_capacity.py);
- the master: its CPU, memory and time to report with 1, 4, 16 and 64 workers that only report, over many trials
  (scale_master.py).

`--out docs/figures/scale.json` and `make schema` renew what docs/distributed.md computes from them.
"""

import argparse
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.metered import ROOT
from benchmarks.scale_capacity import Capacity, measure_capacity
from benchmarks.scale_master import measure_master, tell
from benchmarks.talk import leave_with, say, write_json
from experiment.errors import BenchError, InvalidMeasurementError
from experiment.records.scale_figures import MasterFigures, ScaleFigures
from harness.system.host import facts, git_state, package_versions
from harness.system.pinning import CorePlan, plan_cores
from harness.trial.driver import DriverFailedError

WORKERS = (1, 4, 16, 64)
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_PORTS = (32768, 60999)
_DESCRIPTORS_OF_A_DRIVER = 65536  # locustfiles/_process.py asks for so many


def main() -> int:
    """Measure, print, write; return an exit code: 0 whatever came out."""
    options, plan = _options(), plan_cores()
    if plan.note:
        say(f"Note: {plan.note}.")
    try:
        with tempfile.TemporaryDirectory(prefix="bench-scale-") as folder:
            capacity = _capacity(options, plan, Path(folder))
            master = _masters(options, plan, Path(folder))
    except BenchError as error:
        say(str(error))
        return int(error.exit_code)
    write_json(options.out, _figures(capacity, master))
    return 0


def _capacity(options: argparse.Namespace, plan: CorePlan, folder: Path) -> Capacity | None:
    if not options.rounds:
        return None
    found = measure_capacity(plan, folder, rounds=options.rounds, window_s=options.window, seed=options.seed)
    for line in found.lines():
        say(line)
    return found


def _masters(options: argparse.Namespace, plan: CorePlan, folder: Path) -> list[MasterFigures]:
    found = []
    for count in options.workers:
        say(f"master: {count} workers, {options.trials} trials")
        try:
            found.append(
                measure_master(plan, folder, count=count, trials=options.trials, window_s=options.master_window)
            )
        except DriverFailedError as error:
            raise InvalidMeasurementError(f"a master with {count} workers broke: {error}") from None
    tell(found)
    return found


def _figures(capacity: Capacity | None, master: Sequence[MasterFigures]) -> ScaleFigures:
    return ScaleFigures(
        command="make bench-scale",
        host=facts(),
        packages=package_versions(),
        git=git_state(ROOT),
        local_ports=local_ports(),
        descriptors=min(_DESCRIPTORS_OF_A_DRIVER, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        capacity=None if capacity is None else capacity.figures(),
        master=tuple(master),
    )


def local_ports() -> int:
    """Return how many ports this system gives to connections of one address to another; Linux' default elsewhere."""
    try:
        low, high = map(int, _PORT_RANGE.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        low, high = _USUAL_PORTS
    return high - low + 1


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=description)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of capacity (default 7); 0 leaves it out")
    parser.add_argument("--window", type=float, default=2.0, help="seconds of a reading of capacity")
    parser.add_argument("--trials", type=int, default=20, help="trials of each master (default 20)")
    parser.add_argument(
        "--master-window", type=float, default=2.5, help="seconds of such a window; the half has the last second inside"
    )
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS, metavar="N", help="default: 1 4 16 64")
    parser.add_argument("--seed", type=int, default=1, help="decides the order within the rounds")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "scale.json", help="the JSON to write")
    return parser.parse_args()


if __name__ == "__main__":
    leave_with(main)

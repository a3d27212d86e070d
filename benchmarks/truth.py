"""Tests of truth, through the real driver: `make bench-truth`.

- Planted routes (truth_planted.py): how often do intervals contain a truth that is known, and what do campaigns find?
- h2load (truth_driver.py): does our driver see the same response times far below and near capacity?

Wants a quiet machine. `--campaigns 3 --calibration-rounds 4 --pairs 4` is a quick try; 0 campaigns or pairs leave a
part out. It says at the start how long it takes, and writes what there is after every campaign.
"""

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.instruments import INSTRUMENTS
from benchmarks.metered import ROOT
from benchmarks.talk import leave_with, say, write_json
from benchmarks.truth_driver import USERS, measure
from benchmarks.truth_driver import seconds as driver_seconds
from benchmarks.truth_findings import PLANTED_LOADS, Findings, as_json, calibration_lines, lines
from benchmarks.truth_planted import Bounds, Ran, Stand, calibrate, campaigns, planting
from experiment.design.claims import A_A
from experiment.errors import BenchError
from harness.campaign.discarded import Discarded
from harness.campaign.events import Listener
from harness.campaign.unserved import given_database, missing_for
from harness.system.pinning import plan_cores
from harness.trial import app_settings
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig


class Aloud(Listener):
    """Says when trials keep being discarded."""

    def discarding(self, latest: Discarded) -> None:
        for line in latest.lines():
            say(f"  {line}")


def main() -> int:
    """Measure, print, write; return an exit code: 0 whatever came out."""
    options, found = _options(), Findings()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-truth-") as folder, planting():
            _measure(options, found, options.keep or Path(folder))
    except BenchError as error:
        say(str(error))
        return int(error.exit_code)
    finally:
        write_json(options.out, as_json(options, found))
    for line in lines(found):
        say(line)
    return 0


def _measure(options: argparse.Namespace, found: Findings, folder: Path) -> None:
    bounds = Bounds(calibration_rounds=options.calibration_rounds, campaigns=options.campaigns, rounds=options.rounds)
    variants = _variants(options, found)
    say(_expected(bounds, len(variants), options.pairs))
    logs = folder / "logs"
    logs.mkdir(parents=True)
    with ExitStack() as stack:
        settings = app_settings.todays()
        opened = rig(
            plan=plan_cores(),
            logs=logs,
            loads=PLANTED_LOADS,
            settings=settings,
            seed=options.seed,
            database_url=given_database(),
        )
        own = stack.enter_context(opened)
        found.left_out |= _prepare(own, variants)
        if options.campaigns:
            _plant(options, found, bounds, Stand(driver=own, loads=PLANTED_LOADS, folder=folder, listener=Aloud()))
        usable = tuple(v for v in variants if v not in found.left_out)
        found.pairs = measure(own, usable, pairs=options.pairs, seed=options.seed, body=folder / "body", say=say)


def _plant(options: argparse.Namespace, found: Findings, bounds: Bounds, stand: Stand) -> None:
    found.calibrated = calibrate(stand, bounds.calibration_rounds, options.seed)
    for line in calibration_lines(found.calibrated):
        say(line)

    def done(ran: Ran) -> None:
        found.campaigns.append(ran)
        covered = sum(a.is_covered for a in ran.answers)
        said = f"{ran.trials} trials, {covered} of {len(ran.answers)} intervals contain the truth"
        say(f"campaign {ran.number} of {bounds.campaigns}: {said}; discarded: {ran.discarded or 'none'}")
        write_json(options.out, as_json(options, found))

    campaigns(stand, found.calibrated, bounds, options.seed, done)


def _variants(options: argparse.Namespace, found: Findings) -> tuple[str, ...]:
    """Return the routes to compare with h2load; those that cannot be are left out with the reason."""
    if not options.pairs:
        return ()
    if not INSTRUMENTS["h2load"].is_installed:
        found.left_out = dict.fromkeys(USERS, "h2load is not installed here")
    found.left_out |= missing_for(USERS)
    for name, reason in found.left_out.items():
        say(f"{name} is left out: {reason}")
    return tuple(v for v in USERS if v not in found.left_out)


def _prepare(stand: Rig, variants: Sequence[str]) -> dict[str, str]:
    """Ask every route once and keep the right answers; return what is wrong with each that gives none."""
    report = preflight(stand, dict.fromkeys([*(t.variant for t in A_A.treatments), *variants]))
    stand.answers.update(report.answers)
    for name, complaint in report.complaints.items():
        say(f"{name} is left out: {complaint}")
    return dict(report.complaints)


def _expected(bounds: Bounds, variants: int, pairs: int) -> str:
    load = PLANTED_LOADS[A_A.treatment.load]
    long_ones, many = bounds.seconds(load) if bounds.campaigns else (0.0, 0.0)
    beside = driver_seconds(variants, pairs)
    parts = f"calibration {long_ones / 60:.0f}, campaigns {many / 60:.0f}, h2load {beside / 60:.0f}"
    longer = "; h2load takes longer where a fifth of capacity is few requests a second" if variants else ""
    return f"This takes about {(long_ones + many + beside) / 60:.0f} minutes ({parts}{longer})."


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=description)
    parser.add_argument("--campaigns", type=int, default=30, help="campaigns on planted routes (default 30)")
    parser.add_argument("--rounds", type=int, default=6, help="the most rounds of one of them (default 6)")
    parser.add_argument("--calibration-rounds", type=int, default=20, help="rounds that find the truth (default 20)")
    parser.add_argument("--pairs", type=int, default=20, help="pairs with h2load for each route and rate (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="decides orders, and the campaigns' own seeds")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the campaigns in this new folder")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "truth.json", help="the JSON to write")
    return parser.parse_args()


if __name__ == "__main__":
    leave_with(main)

"""Tests of truth, through the real driver: `make bench-truth`.

- Planted routes (truth_planted.py): how often do intervals contain a truth that is known, and what do campaigns find?
- h2load (truth_driver.py): does our driver see the same response times far below and near capacity?

Wants a quiet machine. `--campaigns 3 --calibration-rounds 4 --pairs 4` is a quick try; 0 campaigns or pairs leave a
part out. It says at the start how long it takes at most, and writes what there is after every campaign.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from math import comb
from pathlib import Path
from statistics import median
from typing import Any

from analysis.stats.judge import ALPHA
from analysis.stats.results import Estimate
from benchmarks.driver_cost import pair_json
from benchmarks.half_load import Pair
from benchmarks.instruments import INSTRUMENTS, tool_versions
from benchmarks.metered import ROOT
from benchmarks.talk import say, table, write_json
from benchmarks.targets import estimate_json, statement
from benchmarks.truth_driver import METRICS, POINTS, USERS, Point, estimate, measure
from benchmarks.truth_driver import seconds as driver_seconds
from benchmarks.truth_planted import (
    LIMIT,
    PERCENTS,
    SCATTER,
    Answer,
    Bounds,
    Calibrated,
    Ran,
    Stand,
    calibrate,
    campaigns,
    planting,
)
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import Metric
from experiment.errors import BenchError
from harness.campaign.discarded import Discarded
from harness.campaign.events import Listener
from harness.campaign.unserved import given_database, missing_for
from harness.system.host import facts, git_state, package_versions
from harness.system.pinning import plan_cores
from harness.trial import app_settings
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig

_LOADS = {load: LOADS[load] for load in {t.load for t in A_A.treatments}}
_MISS_RATE = 2 * ALPHA
"""A claim with one limit has an interval each of whose ends may miss the truth at the rate alpha."""


class Aloud(Listener):
    """Says when trials keep being discarded."""

    def discarding(self, latest: Discarded) -> None:
        for line in latest.lines():
            say(f"  {line}")


@dataclass(slots=True)
class Findings:
    """All that was measured so far, and what was left out with the reason."""

    calibrated: Calibrated | None = None
    campaigns: list[Ran] = field(default_factory=list)
    pairs: dict[Point, list[Pair]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def answers(self, percent: int, metric: Metric) -> list[Answer]:
        return [a for ran in self.campaigns for a in ran.answers if (a.percent, a.metric) == (percent, metric)]


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
            loads=_LOADS,
            settings=settings,
            seed=options.seed,
            database_url=given_database(),
        )
        own = stack.enter_context(opened)
        found.left_out |= _prepare(own, variants)
        if options.campaigns:
            _plant(options, found, bounds, Stand(driver=own, loads=_LOADS, folder=folder, listener=Aloud()))
        usable = tuple(v for v in variants if v not in found.left_out)
        found.pairs = measure(own, usable, pairs=options.pairs, seed=options.seed, body=folder / "body", say=say)


def _plant(options: argparse.Namespace, found: Findings, bounds: Bounds, stand: Stand) -> None:
    found.calibrated = calibrate(stand, bounds.calibration_rounds, options.seed)
    for line in _calibration_lines(found.calibrated):
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
    load = _LOADS[A_A.treatment.load]
    long_ones, many = bounds.seconds(load) if bounds.campaigns else (0.0, 0.0)
    beside = driver_seconds(variants, pairs)
    parts = f"calibration {long_ones / 60:.0f}, campaigns {many / 60:.0f}, h2load {beside / 60:.0f}"
    return f"This takes about {(long_ones + many + beside) / 60:.0f} minutes at most ({parts})."


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


def lines(found: Findings) -> list[str]:
    """Return what is printed in the end."""
    said: list[str] = []
    if found.campaigns:
        said += ["", f"{len(found.campaigns)} campaigns; the claim is «{LIMIT.describe()}»"]
        said += [table(_HEAD, [_row(found, p, m) for m in SCATTER for p in PERCENTS])]
        said += [_miss_line(found, metric) for metric in SCATTER]
    if found.pairs:
        said += ["", "Ours / h2load, the same arrivals"]
        said += [
            statement(p.target(m), estimate(found.pairs[p], m)) for p in POINTS if p in found.pairs for m in METRICS
        ]
    return said


_HEAD = ("planted", "truth", "contain it", "truth below", "truth above", "decided", "falsely", "pairs")


def _row(found: Findings, percent: int, metric: Metric) -> tuple[str, ...]:
    answers = found.answers(percent, metric)
    n = len(answers)
    return (
        f"{percent} %, {metric.label}",
        f"{answers[0].truth:.4f}",
        f"{sum(a.is_covered for a in answers)} of {n}",
        str(sum(a.truth < a.estimate.low for a in answers)),
        str(sum(a.truth > a.estimate.high for a in answers)),
        f"{sum(a.verdict.is_decided for a in answers)} of {n}",
        str(sum(a.is_false for a in answers)),
        f"{median(a.estimate.n for a in answers):g}",
    )


def _miss_line(found: Findings, metric: Metric) -> str:
    answers = [a for ran in found.campaigns for a in ran.answers if a.metric == metric]
    misses = sum(not a.is_covered for a in answers)
    chance = at_least_so_many(misses, len(answers), _MISS_RATE)
    return (
        f"{metric.label}: {misses} of {len(answers)} intervals miss the truth; "
        f"at {_MISS_RATE:.0%}, which is declared at most, there would be so many or more with probability {chance:.2g}"
    )


def at_least_so_many(hits: int, n: int, rate: float) -> float:
    """Return the binomial probability of `hits` or more in n independent tries."""
    return sum(comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(hits, n + 1))


def _calibration_lines(calibrated: Calibrated) -> list[str]:
    rows = [
        (f"{turns} turns", *(f"{slope.truth(turns):.4f} ± {slope.error * turns:.4f}" for slope in slopes.values()))
        for turns, slopes in calibrated.by_loop.items()
    ]
    rows += [
        (
            f"{percent} %: {turns} turns",
            *(f"{s.truth(turns):.4f} ± {s.error * turns:.4f}" for s in calibrated.slopes.values()),
        )
        for percent, turns in calibrated.turns.items()
    ]
    return [
        "True ratios; the long loops as measured, the others from all of them",
        table(("", *(m.label for m in calibrated.slopes)), rows),
    ]


def as_json(options: argparse.Namespace, found: Findings) -> dict[str, Any]:
    return {
        "command": "make bench-truth",
        "campaigns_asked": options.campaigns,
        "most_rounds": options.rounds,
        "pairs_asked": options.pairs,
        "seed": options.seed,
        "alpha": ALPHA,
        "host": facts(),
        "packages": package_versions(),
        "tools": tool_versions(),
        "git": git_state(ROOT),
        "pinning": plan_cores().as_manifest(),
        "load": asdict(_LOADS[A_A.treatment.load]),
        "claim": LIMIT.describe(),
        "scatter": {metric.name: scatter for metric, scatter in SCATTER.items()},
        "left_out": found.left_out,
        "calibration": None if found.calibrated is None else _calibration_json(found.calibrated),
        "campaigns": [_ran_json(ran) for ran in found.campaigns],
        "h2load": [_point_json(point, pairs) for point, pairs in found.pairs.items()],
        "printed": lines(found),
    }


def _calibration_json(calibrated: Calibrated) -> dict[str, Any]:
    return {
        "turns": calibrated.turns,
        "slopes": _slopes_json(calibrated.slopes),
        "by_loop": {turns: _slopes_json(slopes) for turns, slopes in calibrated.by_loop.items()},
    }


def _slopes_json(slopes: Any) -> dict[str, Any]:
    return {metric.name: asdict(slope) for metric, slope in slopes.items()}


def _ran_json(ran: Ran) -> dict[str, Any]:
    answers = [_answer_json(answer) for answer in ran.answers]
    return {"seed": ran.seed, "trials": ran.trials, "discarded": ran.discarded, "ended": ran.stopped_because} | {
        "answers": answers
    }


def _answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "percent": answer.percent,
        "metric": answer.metric.name,
        "truth": answer.truth,
        **_finite(answer.estimate),
        "verdict": answer.verdict,
    }


def _finite(found: Estimate) -> dict[str, Any]:
    return estimate_json(found) | {"alpha": found.alpha}


def _point_json(point: Point, pairs: list[Pair]) -> dict[str, Any]:
    return {
        "route": point.variant,
        "share": point.share,
        "users_for_capacity": USERS[point.variant],
        **{metric: estimate_json(estimate(pairs, metric)) for metric in METRICS},
        "pairs": [pair_json(pair) for pair in pairs],
    }


if __name__ == "__main__":
    sys.exit(main())

"""What the tests of truth found, as it is printed and as it is written."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import comb
from statistics import median
from typing import Any

from analysis.stats.judge import ALPHA
from benchmarks.driver_cost import pair_json
from benchmarks.half_load import Pair
from benchmarks.instruments import tool_versions
from benchmarks.metered import ROOT
from benchmarks.talk import table
from benchmarks.targets import estimate_json, statement
from benchmarks.truth_driver import METRICS, POINTS, USERS, Point, estimate
from benchmarks.truth_planted import LIMIT, PERCENTS, SCATTER, Answer, Calibrated, Ran, Slope
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import Metric
from harness.system.host import facts, git_state, package_versions
from harness.system.pinning import plan_cores

PLANTED_LOADS = {load: LOADS[load] for load in {t.load for t in A_A.treatments}}
_MISS_RATE = 2 * ALPHA
"""A claim with one limit has an interval each of whose ends may miss the truth at the rate alpha."""


@dataclass(slots=True)
class Findings:
    """All that was measured so far, and what was left out with the reason."""

    calibrated: Calibrated | None = None
    campaigns: list[Ran] = field(default_factory=list)
    pairs: dict[Point, list[Pair]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def answers(self, percent: int, metric: Metric) -> list[Answer]:
        return [a for ran in self.campaigns for a in ran.answers if (a.percent, a.metric) == (percent, metric)]


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


def calibration_lines(calibrated: Calibrated) -> list[str]:
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
        "load": asdict(PLANTED_LOADS[A_A.treatment.load]),
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


def _slopes_json(slopes: Mapping[Metric, Slope]) -> dict[str, Any]:
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
        **estimate_json(answer.estimate),
        "alpha": answer.estimate.alpha,
        "verdict": answer.verdict,
    }


def _point_json(point: Point, pairs: list[Pair]) -> dict[str, Any]:
    return {
        "route": point.variant,
        "share": point.share,
        "users_for_capacity": USERS[point.variant],
        **{metric: estimate_json(estimate(pairs, metric)) for metric in METRICS},
        "pairs": [pair_json(pair) for pair in pairs],
    }

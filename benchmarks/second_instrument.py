"""Claims about goodput once more, with wrk in place of our driver.

Run `python -m benchmarks.second_instrument B15 B16`. In each round both routes of a comparison are served anew, in an
order left to chance, and wrk asks with as many connections as the claim has users. The interval is that of the rounds
alone; two rounds have none. What wrk cannot do is said: open loads, bodies, other metrics.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from statistics import median

from analysis.stats.estimate import ratio_estimate
from analysis.stats.judge import ALPHA
from analysis.wording import markdown
from bench_app.catalogue import CATALOGUE
from benchmarks.instruments import INSTRUMENTS, Bench, Reading
from benchmarks.talk import leave_with, say
from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT, NORMALIZED_GOODPUT
from experiment.design.model import Comparison, LoadKind, Treatment
from experiment.errors import EnvironmentUnfitError
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.rig import Rig, rig

_WINDOW_S = 3.0
_HEAD = ("claim", "comparison", "by wrk", "requests a second", "rounds")
Row = tuple[str, str, str, str, str]


def unfit(comparison: Comparison) -> str | None:
    """Return why wrk cannot measure a comparison, or None if it can."""
    if comparison.baseline is None or comparison.metric not in (GOODPUT, NORMALIZED_GOODPUT):
        return "no ratio of goodput"
    if any(LOADS[each.load].kind is not LoadKind.CLOSED for each in comparison.treatments):
        return "no closed load"
    if any(CATALOGUE[each.variant].request.method != "GET" for each in comparison.treatments):
        return "its request has a body"
    return None


def row(claim: str, comparison: Comparison, readings: Sequence[tuple[Reading, Reading]]) -> Row:
    """Return what the rounds of a comparison say, treatment before baseline; a round with a failure is left out."""
    pairs = [(a.rps, b.rps) for a, b in readings if a.rps and b.rps]
    name = " / ".join(each.id for each in comparison.treatments)
    if not pairs:
        return claim, name, "\N{EN DASH}", next(r.problem for pair in readings for r in pair if r.problem), "0"
    found = ratio_estimate(pairs, ALPHA)
    interval = f" ({found.low:.2f} to {found.high:.2f})" if isfinite(found.high) else ""
    ratio = "\N{EN DASH}" if found.effect is None else f"{found.effect:.2f}x{interval}"
    rates = " and ".join(f"{median(side):,.0f}" for side in zip(*pairs, strict=True))
    return claim, name, ratio, rates, f"{len(pairs)}"


def measured(claims: Sequence[str], rounds: int, seed: int) -> Iterator[Row]:
    """Measure each comparison of the claims in so many rounds; yield what came out."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    with (
        tempfile.TemporaryDirectory(prefix="handlerbench-") as folder,
        rig(plan=plan_cores(), logs=Path(folder), loads=LOADS, settings=todays(), seed=seed) as stand,
    ):
        for claim, comparison in ((name, each) for name in claims for each in CLAIMS[name].comparisons):
            if reason := unfit(comparison):
                yield claim, comparison.treatment.id, "\N{EN DASH}", reason, "0"
            else:
                yield row(claim, comparison, [_round(stand, comparison, chance) for _ in range(rounds)])


def _round(stand: Rig, comparison: Comparison, chance: random.Random) -> tuple[Reading, Reading]:
    treatment, baseline = comparison.treatments
    order = chance.sample(comparison.treatments, 2)
    found = {each: _read(stand, each) for each in order}
    return found[treatment], found[baseline]


def _read(stand: Rig, treatment: Treatment) -> Reading:
    variant = CATALOGUE[treatment.variant]
    with stand.serving({variant.id: variant}, treatment.server, "wrk") as service:
        bench = Bench(
            drivers={},
            cores=stand.plan.for_others,
            port=service.port,
            request=stand.call_for(variant),
            window_s=_WINDOW_S,
        )
        return INSTRUMENTS["wrk"].read(bench, LOADS[treatment.load].users)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.second_instrument")
    parser.add_argument("claims", nargs="+", choices=sorted(CLAIMS), metavar="CLAIM", help="an id, such as B15")
    parser.add_argument("--rounds", type=int, default=4, help="how often each comparison is measured (default: 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the two sides in each round")
    asked = parser.parse_args()
    if not INSTRUMENTS["wrk"].is_installed:
        raise EnvironmentUnfitError("wrk is not installed; Debian's package is called wrk")
    say(markdown.table(_HEAD, list(measured(asked.claims, asked.rounds, asked.seed))).rstrip())
    return 0


if __name__ == "__main__":
    leave_with(main)

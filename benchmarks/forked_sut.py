"""Is a forked SUT the same as one started the usual way? Run `python -m benchmarks.forked_sut`.

Pairs of trials, one each way in random order, through the real driver. It prints the ratio forked / usual of goodput,
CPU and response times with the judge's interval, and the time until each was ready.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from analysis.stats.estimate import ratio_estimate
from benchmarks.talk import say, table
from experiment.design.loads import LOADS
from experiment.design.metrics import CPU_PER_REQUEST, GOODPUT, RESPONSE_P50, RESPONSE_P99, Metric
from experiment.design.model import PlannedTrial, Treatment
from experiment.records.trial import TrialMetrics
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.preflight import preflight
from harness.trial.rig import Rig, rig

SUBJECTS = (
    ("noop.async-native", "closed-20"),
    ("noop.def", "closed-20"),
    ("sleep.def", "closed-80"),
    ("upload.async-offload", "closed-8"),
)
METRICS = (GOODPUT, CPU_PER_REQUEST, RESPONSE_P50, RESPONSE_P99)
SEED = 20261125
Pair = tuple[TrialMetrics, TrialMetrics]  # forked, usual


def main() -> None:
    options = _options()
    treatments = [Treatment(variant=variant, load=load) for variant, load in SUBJECTS]
    loads = {t.load: LOADS[t.load] for t in treatments}
    with (
        tempfile.TemporaryDirectory(prefix="handlerbench-") as name,
        rig(plan=plan_cores(), logs=_logs(name), loads=loads, settings=todays(), seed=SEED) as stand,
    ):
        stand.answers.update(preflight(stand, [t.variant for t in treatments]).answers)
        pairs = _measure(stand, treatments, options.rounds)
    for treatment in treatments:
        _print(treatment, pairs[treatment])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forked_sut", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=12, help="pairs of trials of each route (default: 12)")
    return parser.parse_args()


def _logs(folder: str) -> Path:
    logs = Path(folder) / "logs"
    logs.mkdir()
    return logs


def _measure(stand: Rig, treatments: list[Treatment], rounds: int) -> dict[Treatment, list[Pair]]:
    source = random.Random(SEED)  # noqa: S311 - a reproducible order, not a secret
    found: defaultdict[Treatment, list[Pair]] = defaultdict(list)
    for number in range(1, rounds + 1):
        for treatment in source.sample(treatments, len(treatments)):
            by_way = {}
            for is_forking in source.sample((True, False), 2):
                stand.is_forking = is_forking
                trial = f"{number}-{treatment.variant}-{is_forking}"
                planned = PlannedTrial(trial_id=trial, round=number, position=0, attempt=1, treatment=treatment)
                by_way[is_forking] = stand.measure(planned, lambda _: None).metrics
            found[treatment].append((by_way[True], by_way[False]))
    return found


def _print(treatment: Treatment, pairs: list[Pair]) -> None:
    ready = [median(p[side].sut_ready_s or 0.0 for p in pairs) for side in (0, 1)]
    say(f"\n{treatment.id}: ready after {ready[0]:.2f} s forked, {ready[1]:.2f} s as usual (medians)")
    say(table(("metric", "forked / usual", "interval", "pairs"), [_row(metric, pairs) for metric in METRICS]))


def _row(metric: Metric, pairs: list[Pair]) -> tuple[str, ...]:
    values = [(a, b) for forked, usual in pairs if (a := forked.value(metric)) and (b := usual.value(metric))]
    found = ratio_estimate(values, 0.05)
    effect = "-" if found.effect is None else f"{found.effect:.3f}"
    return metric.label, effect, f"{found.low:.3f} to {found.high:.3f}", str(found.n)


if __name__ == "__main__":
    main()

"""Is the schedule better than whole rounds? Both are replayed on the durations and the scatter of a real campaign.

`python -m benchmarks.scheduling` judges the claims of a campaign's manifest with the real loop, and FakeDriver in the
driver's place. What is planted is the geometric mean of each treatment's trials; each metric scatters from trial to
trial as it did there, and each trial lasts as long as there, on the average. The scatter of three to eleven trials is
itself uncertain, and nothing drifts here, so closer sides do not help: only the choice of trials is compared.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, inf, log
from pathlib import Path
from statistics import fmean, median, stdev

from analysis.reading.campaign import Campaign as Measured
from analysis.reading.campaign import load_campaign
from analysis.stats.estimate import log_ratios
from analysis.stats.judge import ALPHA
from benchmarks.campaigns import unsynced
from benchmarks.talk import say, table
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import Metric
from experiment.design.model import Claim, Comparison, LoadKind, PlannedTrial, Treatment
from experiment.design.plan import comparisons_of, treatments_for
from experiment.design.profiles import PROFILES
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from experiment.records.trial import TrialRecord
from harness.campaign.campaign import Campaign
from harness.campaign.fake import FakeDriver, Planted
from harness.campaign.schedule import Rules, Schedule, Step, Stop

ROOT = Path(__file__).resolve().parent.parent
FOR_EVER_S = 3600.0
_MOST_AA_PAIRS, _TREATMENTS_A_PAIR = 3, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRounds(Schedule):
    """The schedule of 0.2: every treatment that an open claim needs in every round, the A/A pair up to three times."""

    def next(self, number: int, before: Sequence[TrialRecord]) -> Step | Stop:
        ids = [r.claim.id for r in self.open_claims(before)]
        if not ids:
            return Stop.DECIDED
        if number > self.rules.max_rounds:
            return Stop.ROUNDS
        wanted = treatments_for((c for c in self.claims if c.id in ids), with_aa=False)
        others = [t for t in wanted if t not in A_A.treatments]
        pairs = max(1, min(_MOST_AA_PAIRS, -(-len(others) // _TREATMENTS_A_PAIR)))
        order = (*others, *(A_A.treatments * pairs))
        return Step(round=number, order=order, claims=tuple(ids), open_claims=len(ids), is_pass=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a real campaign says of its treatments: by id, and of the scatter of each metric (of ln)."""

    claims: tuple[Claim, ...]
    manifest: Manifest
    planted: Mapping[str, Planted]
    scatter: Mapping[tuple[str, Metric], float]
    lasts_s: Mapping[str, float]


def world_of(real: Measured) -> World:
    """Return what is planted. A treatment with a single trial gets the median scatter of the others.

    A comparison without a registered scatter gets the one it had, and trials last as long as today's loads make them.
    """
    measured = (r.claim for r in real.results if r.comparisons and _has_values(r.claim, real.trials))
    claims = tuple(_with_floors(claim, real.trials) for claim in measured)
    asked = dict.fromkeys((t, c.metric) for c in (*comparisons_of(claims), A_A) for t in c.treatments)
    values = {key: _values(real.trials, *key) for key in asked}
    known = {
        key: stdev(map(log, found)) for key, found in values.items() if len(found) > 1 and not key[1].is_structural
    }
    planted: dict[str, Planted] = {t.id: {} for t, _ in asked}
    for (treatment, metric), found in values.items():
        if found:
            planted[treatment.id][metric] = median(found) if metric.is_structural else exp(fmean(map(log, found)))
    usual = median(known.values())
    return World(
        claims=claims,
        manifest=real.manifest,
        planted=planted,
        scatter={(t.id, metric): known.get((t, metric), usual) for t, metric in asked},
        lasts_s={t.id: _lasts_s(t, real) for t, _ in asked},
    )


def _has_values(claim: Claim, trials: Sequence[TrialRecord]) -> bool:
    """Return whether each side of each comparison was measured at all; what was not cannot be planted."""
    return all(_values(trials, t, c.metric) for c in claim.comparisons for t in c.treatments)


def _with_floors(claim: Claim, trials: Sequence[TrialRecord]) -> Claim:
    return replace(claim, comparisons=tuple(_with_floor(c, trials) for c in claim.comparisons))


def _with_floor(comparison: Comparison, trials: Sequence[TrialRecord]) -> Comparison:
    logs = log_ratios(comparison, trials)
    return comparison if comparison.scatter or len(logs) < 2 else replace(comparison, scatter=stdev(logs))  # noqa: PLR2004 - a spread needs two


def _lasts_s(treatment: Treatment, real: Measured) -> float:
    lasted = fmean(t.duration_s for t in real.trials if t.treatment == treatment.id)
    then, now = real.loads[treatment.load], LOADS.get(treatment.load, real.loads[treatment.load])
    is_timed = now.kind is not LoadKind.BURST
    return lasted + (now.warmup_s + now.window_s - then.warmup_s - then.window_s if is_timed else 0.0)


def _values(trials: Sequence[TrialRecord], treatment: Treatment, metric: Metric) -> list[float]:
    valid = (t.metrics.value(metric) for t in trials if t.treatment == treatment.id and t.is_valid)
    return [value for value in valid if value is not None and (value > 0 or metric.is_structural)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How one simulated campaign ended."""

    stopped: Stop
    elapsed_s: float
    decided: float  # share of the claims
    aa_pairs: int


def replay(world: World, schedule: type[Schedule], *, seed: int, budget_s: float, max_rounds: int) -> Replay:
    """Run one campaign in a folder that is gone afterwards."""
    now = [0.0]

    def tick(planned: PlannedTrial) -> None:
        now[0] += world.lasts_s[planned.treatment.id]

    driver = FakeDriver(planted=world.planted, scatter=world.scatter, seed=seed, on_trial=tick)
    with tempfile.TemporaryDirectory(prefix="scheduling-") as folder:
        campaign = Campaign(
            folder=CampaignFolder.create(Path(folder) / "campaign", Manifest(campaign="replayed")),
            driver=driver,
            claims=world.claims,
            loads=world.manifest.loads,
            skipped={},
            rules=Rules(seed=seed, alpha=ALPHA, budget_s=budget_s, max_rounds=max_rounds),
            clock=lambda: now[0],
            scheduled_by=schedule,
        )
        results, stopped = campaign.run()
    decided = fmean(r.verdict.is_decided for r in results)
    pairs = sum(p.treatment == A_A.treatment for p in driver.measured)
    return Replay(stopped=stopped, elapsed_s=now[0], decided=decided, aa_pairs=pairs)


SCHEDULES: Mapping[str, type[Schedule]] = {"whole rounds": WholeRounds, "steps": Schedule}


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    world = world_of(load_campaign(options.campaign))
    rounds = PROFILES["article"].max_rounds
    say(f"{len(world.claims)} claims of {options.campaign.name}, {options.seeds} seeds, at most {rounds} turns a claim")
    rows = [_row(name, world, schedule, options, rounds) for name, schedule in SCHEDULES.items()]
    within = f"within {options.budget:g} s"
    head = ("schedule", "median s to decide all", "nine in ten", "claims decided", "campaigns decided", "A/A pairs")
    say(f"Seconds with a budget of {FOR_EVER_S:g} s; the last three columns {within}.")
    say(table(head, rows))
    return 0


def _row(
    name: str, world: World, schedule: type[Schedule], options: argparse.Namespace, rounds: int
) -> tuple[object, ...]:
    with unsynced():
        free, bound = (
            [replay(world, schedule, seed=seed, budget_s=s, max_rounds=rounds) for seed in range(options.seeds)]
            for s in (FOR_EVER_S, options.budget)
        )
    needed = sorted(r.elapsed_s if r.stopped is Stop.DECIDED else inf for r in free)
    return (
        name,
        f"{median(needed):.0f}",
        f"{needed[ceil(0.9 * len(needed)) - 1]:.0f}",
        f"{fmean(r.decided for r in bound):.1%}",
        f"{fmean(r.stopped is Stop.DECIDED for r in bound):.0%}",
        f"{fmean(r.aa_pairs for r in bound):.1f}",
    )


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scheduling", description="steps beside whole rounds")
    parser.add_argument("--campaign", type=Path, default=ROOT / "results" / "reference", help="a measured campaign")
    parser.add_argument("--seeds", type=int, default=50, help="how many campaigns each (default 50)")
    parser.add_argument("--budget", type=float, default=PROFILES["article"].budget_s, help="seconds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

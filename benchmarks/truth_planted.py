"""Routes with a known difference, through the real driver and the real loop, and what campaigns say of them.

The plain route is measured beside its copy, in which a loop of so many turns is planted (planted_app.py). What a turn
costs is measured in place, in the served app: a loop costs more there than alone. That is done with loops that are much
longer than those to be found, so that their own noise counts little, and scaled down in proportion. The copy without a
loop is the same code as the plain route, so its true ratio is 1.

Then come short campaigns, each with a seed of its own, under the same load. Of each they say "costs at least 1.015
times as much", once as measured and once at equal core speed: true of every loop, false of the copy without one. Their
last intervals ought to contain the truth; each end of a claim's interval may miss it in one campaign of twenty.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import exp, sqrt
from pathlib import Path
from statistics import fmean, stdev

from analysis.stats.estimate import log_ratios
from analysis.stats.judge import ALPHA
from analysis.stats.results import ClaimResult, Estimate, Verdict
from benchmarks import planted_app
from experiment.design.claims import A_A
from experiment.design.factor import Factor, Launch, Value
from experiment.design.factors import FACTORS, ServerConfig, server
from experiment.design.metrics import CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST, Metric
from experiment.design.model import Claim, Comparison, Load, at_least
from experiment.errors import InvalidMeasurementError
from experiment.records.store import CampaignFolder
from experiment.records.trial import TrialRecord
from harness.campaign.campaign import Campaign
from harness.campaign.events import Listener
from harness.campaign.run import new_manifest, run_spec
from harness.campaign.schedule import Rules
from harness.trial.driver import Driver

PERCENTS = (0, 3, 5, 10)
LIMIT = at_least(1.015)
"""Half of the least that is planted: the copy without a loop lies as far below it as the shortest loop above."""

SCATTER: Mapping[Metric, float] = {CPU_PER_REQUEST: 0.04, NORMALIZED_CPU_PER_REQUEST: 0.02}
"""Registered with the claims. Planted routes scattered by 0.035 and 0.039 over 16 rounds as measured (methodology.md,
"Core speed"); at equal core speed they get what the A/A pair has."""

LONG_PERCENTS = (10, 20, 40)  # of the loops by which a turn is measured
PILOT_TURNS, PILOT_ROUNDS = 3000, 3
TRIAL_EXTRA_S = 1.2  # a trial beyond its load: the SUT starts, connections are made, the probe's last word


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """What one turn costs, as a share of the plain route's CPU a request, and the standard error of that."""

    share: float
    error: float
    rounds: int

    def truth(self, turns: int) -> float:
        """Return the true ratio of a copy with so many turns to the plain route."""
        return 1 + self.share * turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """The turns for each percentage, what a turn costs by each metric, and by each long loop alone, to compare."""

    turns: Mapping[int, int]
    slopes: Mapping[Metric, Slope]
    by_loop: Mapping[int, Mapping[Metric, Slope]]

    def truth(self, percent: int, metric: Metric) -> float:
        return self.slopes[metric].truth(self.turns[percent])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one campaign said in the end of one planted percentage by one metric."""

    campaign: int
    percent: int
    metric: Metric
    truth: float
    estimate: Estimate
    verdict: Verdict

    @property
    def is_covered(self) -> bool:
        return self.estimate.low <= self.truth <= self.estimate.high

    @property
    def is_false(self) -> bool:
        right = Verdict.SUPPORTED if LIMIT.low <= self.truth else Verdict.REFUTED
        return self.verdict.is_decided and self.verdict is not right


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A campaign that ran: its seed, its trials, those discarded by rule, and what it said."""

    number: int
    seed: int
    trials: int
    discarded: Mapping[str, int]
    stopped_because: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is measured: rounds of the calibration, campaigns, and the most rounds of each."""

    calibration_rounds: int
    campaigns: int
    rounds: int

    def seconds(self, load: Load) -> tuple[float, float]:
        """Return how long calibration and campaigns take at most, if no trial is discarded."""
        trial_s = load.warmup_s + load.window_s + TRIAL_EXTRA_S
        long_ones = (3 * PILOT_ROUNDS + (2 + len(LONG_PERCENTS)) * self.calibration_rounds) * trial_s
        return long_ones, self.campaigns * self.budget_s(load)

    def budget_s(self, load: Load) -> float:
        """Return the time that one campaign gets: enough for all of its rounds to measure everything."""
        return self.rounds * (1 + len(PERCENTS)) * (load.warmup_s + load.window_s + TRIAL_EXTRA_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where campaigns are run: the driver, the load by its id, the folder for what they measure, and who is told."""

    driver: Driver
    loads: Mapping[str, Load]
    folder: Path
    listener: Listener

    @property
    def load(self) -> Load:
        return self.loads[A_A.treatment.load]


@contextmanager
def planting() -> Iterator[None]:
    """Have the server factor `planted` while the block runs: its value is the number of turns."""
    FACTORS.add(
        Factor(
            name="planted", default=None, is_count=True, suffix="planted-{}", words="{} turns planted", launch=_planted
        )
    )
    try:
        yield
    finally:
        FACTORS.remove("planted")


def _planted(before: Launch, value: Value) -> Launch:
    if value is None:
        return before
    variables = (*before.environment, (planted_app.TURNS, str(value)))
    return replace(before, app=f"{planted_app.__name__}:{planted_app.create_app.__name__}", environment=variables)


def comparison(turns: int, metric: Metric) -> Comparison:
    """Return the copy with so many turns against the plain route; without a turn they are the A/A pair's sides."""
    planted = server(planted=turns) if turns else ServerConfig()
    return replace(
        A_A, treatment=replace(A_A.treatment, server=planted), metric=metric, expected=LIMIT, scatter=SCATTER[metric]
    )


def claims_on(turns: Mapping[int, int]) -> dict[str, tuple[int, Metric, Claim]]:
    """Return a claim for each percentage and metric, by its id."""
    found = {}
    for percent, count in turns.items():
        for metric in SCATTER:
            name = f"P{percent}-{metric.name}"
            claim = Claim(
                id=name,
                slug=name,
                statement=f"{count} turns planted cost at least {LIMIT.low:g} times the {metric.label}",
                source="benchmarks/truth_planted.py",
                comparisons=(comparison(count, metric),),
            )
            found[name] = (percent, metric, claim)
    return found


def run_campaign(
    stand: Stand, claims: Sequence[Claim], *, name: str, seed: int, rounds: int, budget_s: float, is_whole: bool = False
) -> tuple[Campaign, tuple[ClaimResult, ...], str]:
    """Run the real loop on these claims; `is_whole`: measure everything in every round, decided or not."""
    order = run_spec("article", claims=[c.id for c in claims], seed=seed, rounds=rounds, out=stand.folder / name)
    manifest = new_manifest(order, claims, stand.loads, {})
    campaign = Campaign(
        folder=CampaignFolder.create(order.out, manifest),
        driver=stand.driver,
        claims=claims,
        loads=stand.loads,
        skipped={},
        always=tuple(dict.fromkeys(t for c in claims for t in c.treatments)) if is_whole else (),
        listener=stand.listener,
        rules=Rules(seed=seed, alpha=ALPHA, budget_s=budget_s, max_rounds=rounds),
    )
    results, stopped = campaign.run()
    return campaign, results, stopped


def calibrate(stand: Stand, rounds: int, seed: int) -> Calibrated:
    """Measure what a turn costs and choose the turns. Raises InvalidMeasurementError where trials are missing."""
    pilot = _measured(stand, [PILOT_TURNS], name="pilot", rounds=PILOT_ROUNDS, seed=seed)
    rough = slope(pilot, [PILOT_TURNS], NORMALIZED_CPU_PER_REQUEST).share
    long_loops = [round(percent / 100 / rough) for percent in LONG_PERCENTS]
    trials = _measured(stand, long_loops, name="calibration", rounds=rounds, seed=seed)
    slopes = {metric: slope(trials, long_loops, metric) for metric in SCATTER}
    share = slopes[NORMALIZED_CPU_PER_REQUEST].share
    return Calibrated(
        turns={percent: round(percent / 100 / share) for percent in PERCENTS},
        slopes=slopes,
        by_loop={turns: {metric: slope(trials, [turns], metric) for metric in SCATTER} for turns in long_loops},
    )


def _measured(stand: Stand, loops: Sequence[int], *, name: str, rounds: int, seed: int) -> list[TrialRecord]:
    claims = [c for _, _, c in claims_on({turns: turns for turns in loops}).values()]
    campaign, _, _ = run_campaign(
        stand, claims, name=name, seed=seed, rounds=rounds, budget_s=float("inf"), is_whole=True
    )
    return campaign.trials


def slope(trials: Sequence[TrialRecord], loops: Sequence[int], metric: Metric) -> Slope:
    """Return the cost of a turn by least squares through the plain route; its error from what each round says alone.

    Raises InvalidMeasurementError with fewer than two rounds in which each of the loops has a valid pair.
    """
    logs = {turns: log_ratios(comparison(turns, metric), trials) for turns in loops}
    rounds = min(map(len, logs.values()))
    if rounds < 2:  # noqa: PLR2004 - a spread needs two
        raise InvalidMeasurementError(f"only {rounds} rounds of the calibration are valid; is the machine busy?")
    single = [_least_squares({turns: logs[turns][i] for turns in loops}) for i in range(rounds)]
    share = _least_squares({turns: fmean(logs[turns]) for turns in loops})
    return Slope(share=share, error=stdev(single) / sqrt(rounds), rounds=rounds)


def _least_squares(logs: Mapping[int, float]) -> float:
    """Return the slope through the origin of ratio - 1 over turns, from ln(ratio) by turns."""
    return sum(turns * (exp(x) - 1) for turns, x in logs.items()) / sum(turns**2 for turns in logs)


def campaigns(stand: Stand, calibrated: Calibrated, bounds: Bounds, seed: int, done: Callable[[Ran], None]) -> None:
    """Run the campaigns, each with a seed of its own, and hand each over when it has ended."""
    chance = random.Random(seed)  # noqa: S311 - reproducible seeds, not secrets
    claims = claims_on(calibrated.turns)
    asked = [claim for _, _, claim in claims.values()]
    for number in range(1, bounds.campaigns + 1):
        own = chance.randrange(1_000_000)
        campaign, results, stopped = run_campaign(
            stand,
            asked,
            name=f"campaign-{number:02d}",
            seed=own,
            rounds=bounds.rounds,
            budget_s=bounds.budget_s(stand.load),
        )
        answers = (_answer(number, *claims[r.claim.id][:2], calibrated, r) for r in results)
        done(
            Ran(
                number=number,
                seed=own,
                trials=len(campaign.trials),
                discarded=_discarded(campaign.trials),
                stopped_because=stopped,
                answers=tuple(answers),
            )
        )


def _answer(number: int, percent: int, metric: Metric, calibrated: Calibrated, result: ClaimResult) -> Answer:
    return Answer(
        campaign=number,
        percent=percent,
        metric=metric,
        truth=calibrated.truth(percent, metric),
        estimate=result.comparisons[0].estimate,
        verdict=result.verdict,
    )


def _discarded(trials: Sequence[TrialRecord]) -> dict[str, int]:
    rules = [rule for trial in trials for rule in trial.rules]
    return {rule: rules.count(rule) for rule in dict.fromkeys(rules)}

"""This machine's noise floor, from a quick A/A run before any claim is measured."""

from dataclasses import dataclass, replace
from math import exp, inf
from statistics import stdev

from analysis.stats.estimate import half_width_factor, log_ratios
from analysis.stats.judge import ALPHA
from analysis.stats.rule import LATEST
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT, NORMALIZED_GOODPUT
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from experiment.records.trial import TrialRecord
from harness.campaign.campaign import Campaign
from harness.campaign.schedule import Rules
from harness.system.lock import alone
from harness.system.pinning import plan_cores
from harness.system.scratch import scratch
from harness.trial.app_settings import todays
from harness.trial.preflight import preflight
from harness.trial.rig import rig

ROUNDS = 8
_WINDOW_S = 1.0
_BUDGET_S = 60.0
TYPICAL_ROUNDS = 4  # how many rounds the article profile's budget has for a claim that is not decided at once


_LEAST_PAIRS = 2  # the spread means something only with more pairs than these


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFloor:
    """How far apart the results of two identical routes are here, and which effects can still be decided."""

    spread: float | None  # standard deviation of ln(ratio) of a pair, at equal core speed
    spread_as_measured: float | None  # the same of goodput, not converted
    pairs: int
    invalid: tuple[str, ...]  # validity rules that fired

    @property
    def smallest_effect(self) -> float | None:
        """The factor (above 1) by which an effect must exceed its claim's limit, to be decided in a usual campaign."""
        if self.spread is None:
            return None
        half = half_width_factor(TYPICAL_ROUNDS, LATEST.supporting_level(ALPHA)) * self.spread
        return None if half == inf else exp(half)


def measure_noise() -> NoiseFloor:
    """Run the A/A pair for a few short rounds, about 40 s. Raises EnvironmentUnfitError if a service cannot start.

    Raises UsageError while a campaign is being measured on this machine.
    """
    pair = A_A.treatments
    loads = {t.load: replace(LOADS[t.load], warmup_s=0.5, window_s=_WINDOW_S) for t in pair}
    with alone("bench doctor"), scratch("noise-") as place:
        folder = CampaignFolder.create(place / "noise", Manifest(campaign="noise"))
        with rig(plan=plan_cores(), logs=folder.path / "logs", loads=loads, settings=todays(), seed=1) as stand:
            stand.answers.update(preflight(stand, [t.variant for t in pair]).answers)
            rules = Rules(seed=1, alpha=ALPHA, budget_s=_BUDGET_S, max_rounds=ROUNDS)
            campaign = Campaign(
                folder=folder, driver=stand, claims=(), loads=loads, skipped={}, rules=rules, always=pair
            )
            campaign.run()
        return noise_of(campaign.trials)


def noise_of(trials: list[TrialRecord]) -> NoiseFloor:
    """Return the noise floor of these trials of the A/A pair (pure)."""
    even, plain = (log_ratios(replace(A_A, metric=m), trials) for m in (NORMALIZED_GOODPUT, GOODPUT))
    fired = tuple(sorted({rule for t in trials for rule in t.rules}))
    return NoiseFloor(spread=_spread(even), spread_as_measured=_spread(plain), pairs=len(plain), invalid=fired)


def _spread(logs: list[float]) -> float | None:
    return stdev(logs) if len(logs) > _LEAST_PAIRS else None

"""What must be so of a campaign that was killed again and again: nothing reported is lost, and the plan is the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from analysis.stats.rule import RULES
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from experiment.records.trial import TrialRecord
from harness.campaign.campaign import MAX_ATTEMPTS
from harness.campaign.run import always_of
from harness.campaign.schedule import Rules, Schedule, Step, Stop

_SAME = ("trial_id", "round", "position", "attempt", "treatment", "variant", "load", "started_at", "reasons")
_COUNTED = ("sent", "answers", "wrong", "errors")
PLAN = ("seed", "alpha", "judge", "profile", "claims", "treatments", "sweep", "loads", "settings", "skipped")


def lost(reported: Iterable[Mapping[str, Any]], folder: CampaignFolder) -> Iterator[str]:
    """Yield each trial that was reported and is not on disk as it was reported."""
    on_disk = {trial.trial_id: trial for trial in folder.trials()}
    for said in reported:
        trial = on_disk.get(said["trial_id"])
        if trial is None:
            yield f"{said['trial_id']} was reported and is not on disk"
        elif differing := list(_differing(said, trial)):
            yield f"{said['trial_id']} is on disk with other values of {', '.join(differing)}"


def _differing(said: Mapping[str, Any], trial: TrialRecord) -> Iterator[str]:
    yield from (name for name in _SAME if said[name] != getattr(trial, name))
    yield from (name for name in _COUNTED if said["metrics"][name] != getattr(trial.metrics, name))


def replanned(first: Manifest, last: Manifest) -> Iterator[str]:
    """Yield what of the plan differs between a campaign's first manifest and its last."""
    for name in PLAN:
        if getattr(first, name) != getattr(last, name):
            yield f"the manifest's {name} changed: {getattr(first, name)!r} became {getattr(last, name)!r}"[:400]


def strayed(manifest: Manifest, trials: Sequence[TrialRecord]) -> Iterator[str]:
    """Yield where a campaign that ended differs from what its manifest alone makes of its trials."""
    ids = [trial.trial_id for trial in trials]
    if len(set(ids)) != len(ids):
        yield "two trials have one id"
    schedule, number = _schedule(manifest), 1
    while not isinstance(step := schedule.next(number, [t for t in trials if t.round < number]), Stop):
        yield from _strayed_in(step, [t for t in trials if t.round == number])
        number += 1
    if extra := [t.trial_id for t in trials if t.round >= number]:
        yield f"round {number} was not planned, and {', '.join(extra)} belong to it"


def _strayed_in(step: Step, trials: Sequence[TrialRecord]) -> Iterator[str]:
    for trial in trials:
        planned = step.order[trial.position].id if trial.position < len(step.order) else None
        if planned != trial.treatment:
            yield f"{trial.trial_id} measured {trial.treatment} where the plan has {planned}"
    for position, treatment in enumerate(step.order):
        here = [t for t in trials if t.position == position]
        if not any(t.is_valid for t in here) and len(here) < MAX_ATTEMPTS:
            yield f"round {step.round} lacks {treatment.id}: {len(here)} of {MAX_ATTEMPTS} attempts"


def _schedule(manifest: Manifest) -> Schedule:
    assert manifest.profile is not None  # noqa: S101 - for the type checker: `bench run` writes both
    assert manifest.seed is not None  # noqa: S101
    rules = Rules(
        seed=manifest.seed,
        alpha=manifest.alpha,
        budget_s=manifest.profile.budget_s,
        max_rounds=manifest.profile.max_rounds,
        judge=RULES[manifest.judge],
    )
    claims = manifest.asked()
    return Schedule(
        claims=claims, loads=manifest.loads, skipped=manifest.skipped, rules=rules, always=always_of(manifest, claims)
    )

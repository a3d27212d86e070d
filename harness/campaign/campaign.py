"""The campaign's loop: rounds of trials until every claim is decided, or the budget or the rounds are spent.

The trials on disk alone determine the loop's state, so a campaign that was interrupted continues where it stopped.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from analysis.stats.judge import judge_all
from analysis.stats.results import ClaimResult
from analysis.stats.rule import LATEST, DecisionRule
from analysis.wording.names import parse_variant
from experiment.design.model import Claim, Load, PlannedTrial, Treatment
from experiment.design.plan import plan_round, treatments_for, trial_id
from experiment.records.store import CampaignFolder
from experiment.records.trial import TrialRecord
from experiment.theory.pool_occupancy import connection_hold
from experiment.theory.validity import RuleContext, findings
from harness.campaign.events import CampaignProgress, Listener
from harness.trial.driver import Driver

MAX_ATTEMPTS = 2
"""How often a treatment is tried within one round.

The second attempt is at the round's end: what disturbed the first (a backup, a neighbour) often lasts a while.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits of a campaign, its seed, and the judge's alpha and rule."""

    seed: int
    alpha: float
    budget_s: float
    max_rounds: int
    judge: DecisionRule = LATEST


@dataclass(slots=True)
class Campaign:
    """A campaign that runs: the loop and its trials so far."""

    folder: CampaignFolder
    driver: Driver
    claims: Sequence[Claim]
    loads: Mapping[str, Load]
    skipped: Mapping[str, str]
    rules: Rules
    always: Sequence[Treatment] = ()  # in every round, whatever is decided: a sweep's steps, or everything
    listener: Listener = field(default_factory=Listener)
    clock: Callable[[], float] = time.monotonic
    trials: list[TrialRecord] = field(default_factory=list)
    _began: float = 0.0
    _spent_before_s: float = 0.0
    _next_number: int = 1
    _settings: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> tuple[tuple[ClaimResult, ...], str]:
        """Run to the end; return the verdicts and why it stopped: "all decided", "budget" or "rounds"."""
        self._resume()
        stopped = "rounds"
        for number in range(1, self.rules.max_rounds + 1):
            needed = self.needed(number)
            if not needed:
                stopped = "all decided"
                break
            if not self._run_round(number, needed):
                stopped = "budget"
                break
        results = self.judge()
        if not self.always and all(r.verdict.is_decided for r in results):
            stopped = "all decided"
        self.listener.ended(results, stopped)
        return results, stopped

    def judge(self, before_round: int | None = None) -> tuple[ClaimResult, ...]:
        """Judge every claim by the trials so far, or by those of the rounds before `before_round`."""
        seen = [t for t in self.trials if before_round is None or t.round < before_round]
        return judge_all(self.claims, seen, skipped=self.skipped, alpha=self.rules.alpha, rule=self.rules.judge)

    def undecided(self, round_number: int) -> tuple[Claim, ...]:
        """Return the claims that are not decided before a round."""
        return tuple(r.claim for r in self.judge(before_round=round_number) if not r.verdict.is_decided)

    def needed(self, round_number: int) -> tuple[Treatment, ...]:
        """Return the treatments of a round: those that undecided claims need, and the A/A pair."""
        claims = self.undecided(round_number)
        if not claims and not self.always:
            return ()
        return tuple(t for t in (*self.always, *treatments_for(claims)) if t.skip_reason(self.skipped) is None)

    def _resume(self) -> None:
        self.trials = self.folder.trials()
        self._settings = self.folder.manifest().settings
        self._next_number = self.folder.next_trial_number()
        self._spent_before_s = sum(t.duration_s for t in self.trials)
        self._began = self.clock()

    def _run_round(self, number: int, needed: Sequence[Treatment]) -> bool:
        """Run the rest of a round; return False when the budget was too small for all of it.

        A trial that is too long for the time left is skipped, and shorter ones still run.
        """
        has_room = True
        order = plan_round(needed, seed=self.rules.seed, round_number=number)
        self.listener.round_started(self._standing(number, 0, order), [c.id for c in self.undecided(number)])
        for attempt in range(1, MAX_ATTEMPTS + 1):
            for position, treatment in enumerate(order):
                if self._is_settled(number, position, treatment, attempt):
                    continue
                if self.elapsed_s + self._expected_s(treatment) > self.rules.budget_s:
                    has_room = False
                    continue
                self._run_trial(number, position, attempt, treatment, order)
        if has_room:
            self.listener.judged(self.judge(), self._standing(number, len(order), order))
        return has_room

    def _is_settled(self, number: int, position: int, treatment: Treatment, attempt: int) -> bool:
        """Return whether a place in a round has a valid trial, or had this attempt already (before an interruption)."""
        here = (number, position, treatment.id)
        tried = [t for t in self.trials if (t.round, t.position, t.treatment) == here]
        return len(tried) >= attempt or any(t.is_valid for t in tried)

    def _run_trial(
        self, number: int, position: int, attempt: int, treatment: Treatment, order: Sequence[Treatment]
    ) -> TrialRecord:
        planned = PlannedTrial(
            trial_id=trial_id(self._next_number), round=number, position=position, attempt=attempt, treatment=treatment
        )
        self._next_number += 1
        # a repetition runs after all others
        place = position if attempt == 1 else len(order) - 1
        self.listener.trial_started(planned, self._standing(number, place, order))
        started_at, start = datetime.now(UTC), self.clock()
        measurement = self.driver.measure(planned, lambda p: self.listener.trial_progress(planned, p))
        fired = findings(measurement, self._asked(treatment))
        record = TrialRecord(
            trial_id=planned.trial_id,
            round=number,
            position=position,
            attempt=attempt,
            treatment=treatment.id,
            variant=treatment.variant,
            load=treatment.load,
            started_at=started_at.isoformat(timespec="milliseconds"),
            duration_s=self.clock() - start,
            rules=tuple(f.rule for f in fired),
            reasons="; ".join(f.reason for f in fired),
            metrics=measurement.metrics,
        )
        self.folder.append(record, measurement.histograms, measurement.seconds)
        self.trials.append(record)
        self.listener.trial_ended(record, self._standing(number, place + 1, order))
        return record

    def _asked(self, treatment: Treatment) -> RuleContext:
        """Return what the validity rules must know of the plan, from the settings in the manifest."""
        held = connection_hold(parse_variant(treatment.variant), self._settings)
        return RuleContext(load=self.loads[treatment.load], hold=held)

    @property
    def elapsed_s(self) -> float:
        """The time used of the budget, including earlier runs of this campaign."""
        return self._spent_before_s + self.clock() - self._began

    def _expected_s(self, treatment: Treatment) -> float:
        """How long a trial of this treatment will take: as long as before, else its load's own times."""
        name = treatment.id  # put together from its parts each time
        before = [t.duration_s for t in self.trials if t.treatment == name]
        if before:
            return fmean(before)
        load = self.loads[treatment.load]
        return load.warmup_s + min(load.window_s, 3.0) + load.drain_s

    def _standing(self, number: int, position: int, order: Sequence[Treatment]) -> CampaignProgress:
        left = [self._expected_s(t) for t in order[position:]]
        return CampaignProgress(
            round=number,
            max_rounds=self.rules.max_rounds,
            trials_done=len(self.trials),
            trials_in_round=len(order),
            position=position,
            elapsed_s=self.elapsed_s,
            budget_s=self.rules.budget_s,
            round_left_s=sum(left) if self.trials else None,
        )

"""The campaign's loop: round after round is measured and judged until nothing is open, or budget or turns are spent.

What a round measures is chosen in harness/campaign/schedule.py. The trials on disk alone determine the loop's state, so
a campaign that was interrupted continues where it stopped.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any

from analysis.stats.judge import judge_all
from analysis.stats.results import ClaimResult
from analysis.wording.names import parse_variant
from experiment.design.claims import A_A
from experiment.design.model import Claim, Load, PlannedTrial, Treatment
from experiment.design.plan import trial_id
from experiment.records.store import CampaignFolder
from experiment.records.trial import TrialRecord
from experiment.theory.pool_occupancy import ConnectionHold, connection_hold
from experiment.theory.validity import RuleContext, findings
from harness.campaign.discarded import MOST_IN_A_ROW, Discarded
from harness.campaign.events import CampaignProgress, Listener
from harness.campaign.keeping import keep
from harness.campaign.schedule import Durations, Rules, Schedule, Step, Stop
from harness.system import interruption
from harness.trial.driver import Driver


def _hold_of_variant(variant: str, settings: Mapping[str, Any]) -> ConnectionHold | None:
    return connection_hold(parse_variant(variant), settings)


MAX_ATTEMPTS = 2
"""How often a treatment is tried within one round.

The second attempt is at the end of the pass or step: what disturbed the first (a backup, a neighbour) often lasts a
while.
"""


@dataclass(slots=True)
class Campaign:
    """A campaign that runs: the loop and its trials so far."""

    folder: CampaignFolder
    driver: Driver
    claims: Sequence[Claim]
    loads: Mapping[str, Load]
    skipped: Mapping[str, str]
    rules: Rules
    pair: tuple[Treatment, ...] = A_A.treatments  # the A/A pair of the app under test, if it has one
    always: Sequence[Treatment] = ()  # in every round, whatever is decided: a sweep's steps, or everything
    listener: Listener = field(default_factory=Listener)
    clock: Callable[[], float] = time.monotonic
    scheduled_by: type[Schedule] = Schedule
    hold_of: Callable[[str, Mapping[str, Any]], ConnectionHold | None] = _hold_of_variant  # by variant and settings
    pause_s: float = 0.0  # of RuleContext
    trials: list[TrialRecord] = field(default_factory=list)
    _began: float = 0.0
    _spent_before_s: float = 0.0
    _next_number: int = 1
    _discarded: Discarded = field(default_factory=Discarded)  # the latest in a row; a resumed campaign starts with none
    _settings: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> tuple[tuple[ClaimResult, ...], Stop]:
        """Run to the end; return the verdicts and why it stopped."""
        self._resume()
        schedule = self._schedule()
        number = max((t.round for t in self.trials), default=1)
        while not isinstance(step := schedule.next(number, [t for t in self.trials if t.round < number]), Stop):
            stopped = self._run_round(step)
            if stopped is not None:
                break
            number += 1
        else:
            stopped = step
        results = self.judge()
        if stopped is not Stop.DISCARDED and not self.always and all(r.verdict.is_decided for r in results):
            stopped = Stop.DECIDED
        self.listener.ended(results, stopped)
        return results, stopped

    def _schedule(self) -> Schedule:
        return self.scheduled_by(
            claims=self.claims,
            loads=self.loads,
            skipped=self.skipped,
            rules=self.rules,
            always=self.always,
            pair=self.pair,
        )

    def judge(self) -> tuple[ClaimResult, ...]:
        """Judge every claim by the trials so far."""
        return judge_all(self.claims, self.trials, skipped=self.skipped, alpha=self.rules.alpha, rule=self.rules.judge)

    def _resume(self) -> None:
        self.trials = self.folder.trials()
        self._settings = self.folder.manifest().settings
        self._next_number = self.folder.next_trial_number()
        self._spent_before_s = sum(t.duration_s for t in self.trials)
        self._began = self.clock()

    def _run_round(self, step: Step) -> Stop | None:
        """Run the rest of a round; return why the campaign must end with it, if it must.

        A trial that is too long for the time left is skipped, and shorter ones of a pass still run.
        """
        had, has_room = len(self.trials), True
        self.listener.round_started(self._standing(step, 0))
        for attempt, position in product(range(1, MAX_ATTEMPTS + 1), range(len(step.order))):
            if self._is_settled(step, position, attempt):
                continue
            if self.elapsed_s + self._lasts_s(step.order[position]) > self.rules.budget_s:
                has_room = False
                continue
            self._run_trial(step, position, attempt)
            if self._discarded.in_a_row >= MOST_IN_A_ROW:
                return Stop.DISCARDED
        self.listener.judged(self.judge(), self._standing(step, len(step.order)))
        may_go_on = has_room or (step.is_pass and len(self.trials) > had)
        return None if may_go_on else Stop.BUDGET

    def _is_settled(self, step: Step, position: int, attempt: int) -> bool:
        """Return whether a place in a round has a valid trial, or had this attempt already (before an interruption)."""
        here = (step.round, position, step.order[position].id)
        tried = [t for t in self.trials if (t.round, t.position, t.treatment) == here]
        return len(tried) >= attempt or any(t.is_valid for t in tried)

    def _run_trial(self, step: Step, position: int, attempt: int) -> None:
        interruption.check()
        treatment = step.order[position]
        planned = PlannedTrial(
            trial_id=trial_id(self._next_number),
            round=step.round,
            position=position,
            attempt=attempt,
            treatment=treatment,
        )
        self._next_number += 1
        # a repetition runs after all others
        place = position if attempt == 1 else len(step.order) - 1
        self.listener.trial_started(planned, self._standing(step, place))
        started_at, start = datetime.now(UTC), self.clock()
        measurement = self.driver.measure(planned, lambda p: self.listener.trial_progress(planned, p))
        fired = findings(measurement, self._asked(treatment))
        record = TrialRecord(
            trial_id=planned.trial_id,
            round=step.round,
            position=position,
            attempt=attempt,
            treatment=treatment.id,
            variant=treatment.variant,
            load=treatment.load,
            started_at=started_at.isoformat(timespec="milliseconds"),
            duration_s=round(self.clock() - start, 6),  # as it is read again from disk
            rules=tuple(f.rule for f in fired),
            reasons="; ".join(f.reason for f in fired),
            metrics=measurement.metrics,
        )
        keep(self.folder, record, measurement, note=self.listener.note)
        self.trials.append(record)
        self._discarded = self._discarded.and_then(record)
        self.listener.trial_ended(record, self._standing(step, place + 1))
        if self._discarded.is_worth_saying:
            self.listener.discarding(self._discarded)

    def _asked(self, treatment: Treatment) -> RuleContext:
        """Return what the validity rules must know of the plan, from the settings in the manifest."""
        held = self.hold_of(treatment.variant, treatment.server.settings(self._settings))
        return RuleContext(load=self.loads[treatment.load], hold=held, pause_s=self.pause_s)

    @property
    def elapsed_s(self) -> float:
        """The time used of the budget, including earlier runs of this campaign."""
        return self._spent_before_s + self.clock() - self._began

    def _lasts_s(self, treatment: Treatment) -> float:
        return Durations(self.trials, self.loads).expected_s(treatment)

    def _standing(self, step: Step, position: int) -> CampaignProgress:
        lasted = Durations(self.trials, self.loads)
        return CampaignProgress(
            round=step.round,
            is_pass=step.is_pass,
            claims=step.claims,
            open_claims=step.open_claims,
            all_claims=len(self.claims),
            trials_done=len(self.trials),
            trials_in_round=len(step.order),
            position=position,
            elapsed_s=self.elapsed_s,
            budget_s=self.rules.budget_s,
            round_left_s=sum(map(lasted.expected_s, step.order[position:])) if self.trials else None,
        )

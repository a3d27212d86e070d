"""What a campaign measures next: a pass or two over everything that is open, then one claim's step at a time.

A pass measures every treatment that an open claim needs. The second is left out where the budget has no room for a
third. A step measures the treatments of one claim: of all open claims the one that the least time would decide. Claims
that share treatments join its step as long as that does not raise the time for each. Everything follows from the trials
of the rounds before and the seed, so a campaign that broke off goes on with the steps that it would have taken.

Which claim comes next depends on what was seen. The confidence sequence allows that: it holds however many pairs there
are, and whatever made us stop or go on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from analysis.stats.judge import judge_all
from analysis.stats.outlook import pairs_needed
from analysis.stats.results import ClaimResult
from analysis.stats.rule import LATEST, DecisionRule
from experiment.design.claims import A_A
from experiment.design.model import Claim, Comparison, Load, Treatment
from experiment.design.plan import AA_EVERY, comparisons_of, plan_round
from experiment.records.trial import TrialRecord

PASSES = 2
"""At most so many rounds measure everything: little is known of a claim's scatter before it has two pairs."""

LAST_PART = 0.2
"""In this part of the budget, its last, the A/A pair gives way to the claims that are still open."""


class Stop(StrEnum):
    """Why a campaign ended."""

    DECIDED = "all decided"
    BUDGET = "budget"
    ROUNDS = "rounds"
    DISCARDED = "trials discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits of a campaign, its seed, and the judge's alpha and rule. No claim has over `max_rounds` turns."""

    seed: int
    alpha: float
    budget_s: float
    max_rounds: int
    judge: DecisionRule = LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One round: a pass over everything that is open, or the step of one claim."""

    round: int
    order: tuple[Treatment, ...]
    claims: tuple[str, ...]  # those it is for, by id; of a step also those that need no other treatments
    open_claims: int
    is_pass: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What an open claim is expected to need: so many turns more, in each of which its treatments run once."""

    claim: str
    comparisons: tuple[Comparison, ...]  # those that are open
    seconds: Mapping[Treatment, float]  # of one trial
    turns: int  # in how many rounds all of its treatments had a trial
    turns_needed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Chooses each round from the trials of the rounds before it. `always` is measured in every round.

    `pair`: the A/A pair of the app under test, if it has one.
    """

    claims: Sequence[Claim]
    loads: Mapping[str, Load]
    skipped: Mapping[str, str]
    rules: Rules
    always: Sequence[Treatment] = ()
    pair: tuple[Treatment, ...] = A_A.treatments

    def next(self, number: int, before: Sequence[TrialRecord]) -> Step | Stop:
        """Return round `number`, or why there is none; `before` are the trials of the rounds before it."""
        still_open = self.open_claims(before)
        if not still_open and not self.always:
            return Stop.DECIDED
        if self.always and number > self.rules.max_rounds:
            return Stop.ROUNDS
        whole, most = self._pass(number, still_open), min(PASSES, self.rules.max_rounds)
        if self.always or number == 1 or (number <= most and self._has_room(whole, before)):
            return whole
        return self._step(number, still_open, before)

    def open_claims(self, before: Sequence[TrialRecord]) -> tuple[ClaimResult, ...]:
        rules = self.rules
        results = judge_all(self.claims, before, skipped=self.skipped, alpha=rules.alpha, rule=rules.judge)
        return tuple(r for r in results if not r.verdict.is_decided)

    def _pass(self, number: int, still_open: Sequence[ClaimResult]) -> Step:
        comparisons = [c for r in still_open for c in open_comparisons(r)]
        wanted = {*self.always, *self.pair, *(t for c in comparisons for t in c.treatments)}
        order = self._plan(number, wanted, comparisons_of(self.claims))
        ids = tuple(r.claim.id for r in still_open)
        return Step(round=number, order=order, claims=ids, open_claims=len(ids), is_pass=True)

    def _has_room(self, whole: Step, before: Sequence[TrialRecord]) -> bool:
        """Return whether a pass leaves time for another one; if not, claims are better decided one by one."""
        lasted = Durations(before, self.loads)
        return 2 * sum(map(lasted.expected_s, whole.order)) <= self._left_s(before)

    def _left_s(self, before: Sequence[TrialRecord]) -> float:
        return self.rules.budget_s - sum(t.duration_s for t in before)

    def _step(self, number: int, still_open: Sequence[ClaimResult], before: Sequence[TrialRecord]) -> Step | Stop:
        allowed = [r for r in self.remaining(still_open, before) if r.turns < self.rules.max_rounds]
        if not allowed:
            return Stop.ROUNDS
        left_s = self._left_s(before)
        chosen = cheapest(allowed, left_s)
        if not chosen:
            return Stop.BUDGET
        pair = self.pair if self._has_pair(number, left_s - _step_s(chosen), before) else ()
        comparisons = [c for r in chosen for c in r.comparisons]
        return Step(
            round=number,
            order=self._plan(number, {*pair, *(t for c in comparisons for t in c.treatments)}, comparisons),
            claims=tuple(r.claim for r in chosen),
            open_claims=len(still_open),
            is_pass=False,
        )

    def _plan(
        self, number: int, wanted: Iterable[Treatment], comparisons: Sequence[Comparison]
    ) -> tuple[Treatment, ...]:
        can_run = [t for t in wanted if t.skip_reason(self.skipped) is None]
        return plan_round(can_run, seed=self.rules.seed, round_number=number, comparisons=comparisons)

    def _has_pair(self, number: int, left_s: float, before: Sequence[TrialRecord]) -> bool:
        """Return whether the A/A pair joins a step: the first one, for one more pair, and every sixth from there."""
        lasted = Durations(before, self.loads)
        afterwards_s = left_s - sum(lasted.expected_s(t) for t in self.pair)
        return (number - PASSES - 1) % AA_EVERY == 0 and afterwards_s >= LAST_PART * self.rules.budget_s

    def remaining(self, still_open: Iterable[ClaimResult], before: Sequence[TrialRecord]) -> list[Remaining]:
        """Return what each open claim is expected to need."""
        lasted, rounds = Durations(before, self.loads), _rounds(before)
        return [self._remaining(result, before, lasted, rounds) for result in still_open]

    def _remaining(
        self, result: ClaimResult, before: Sequence[TrialRecord], lasted: "Durations", rounds: Mapping[str, set[int]]
    ) -> Remaining:
        undecided = [r for r in result.comparisons if not r.verdict.is_decided]
        comparisons = tuple(r.comparison for r in undecided)
        treatments = frozenset(t for c in comparisons for t in c.treatments)
        turns = len(set.intersection(*(rounds[t.id] for t in treatments)))
        pairs = max(1, *(self._pairs_needed(c, before, len(result.comparisons)) for c in comparisons))
        valid = min(r.estimate.n for r in undecided)
        return Remaining(
            claim=result.claim.id,
            comparisons=comparisons,
            seconds={t: lasted.expected_s(t) for t in treatments},
            turns=turns,
            # where trials are discarded, a pair takes more than one turn
            turns_needed=pairs * (turns + 1) / (valid + 1),
        )

    def _pairs_needed(self, comparison: Comparison, before: Sequence[TrialRecord], parts: int) -> int:
        return pairs_needed(comparison, before, self.rules.alpha, parts=parts, rule=self.rules.judge)


def cheapest(remaining: Sequence[Remaining], left_s: float) -> tuple[Remaining, ...]:
    """Return the claims whose common steps take the least time for each of them; () if no step fits the time left."""
    groups = [_grown(r, remaining, left_s) for r in remaining if _step_s([r]) <= left_s]
    chosen = min(groups, key=lambda group: (_share_s(group), sorted(r.claim for r in group)), default=[])
    return tuple(r for r in remaining if r in chosen)


def _grown(seed: Remaining, others: Sequence[Remaining], left_s: float) -> list[Remaining]:
    """Return a claim and those that share its treatments, as long as none that joins raises the time for one."""
    group, joining = [seed], [r for r in others if r is not seed]
    while joining := [r for r in joining if _touch(r, group) and _step_s([*group, r]) <= left_s and r not in group]:
        best = min(joining, key=lambda r: (_share_s([*group, r]), r.claim))
        if _share_s([*group, best]) > _share_s(group):
            break
        group.append(best)
    return group


def _touch(one: Remaining, group: Iterable[Remaining]) -> bool:
    return any(one.seconds.keys() & other.seconds.keys() for other in group)


def _step_s(group: Iterable[Remaining]) -> float:
    return sum({t: s for r in group for t, s in r.seconds.items()}.values())


def _share_s(group: Sequence[Remaining]) -> float:
    """Return the seconds until all of a group are decided, for each of them: a trial serves all that share it."""
    needed: dict[Treatment, float] = {}
    for one in group:
        for treatment, seconds in one.seconds.items():
            needed[treatment] = max(needed.get(treatment, 0.0), one.turns_needed * seconds)
    return sum(needed.values()) / len(group)


def open_comparisons(result: ClaimResult) -> tuple[Comparison, ...]:
    """Return what a claim's next trials must decide."""
    return tuple(r.comparison for r in result.comparisons if not r.verdict.is_decided)


def _rounds(trials: Iterable[TrialRecord]) -> Mapping[str, set[int]]:
    """Return in which rounds each treatment had a trial, valid or not."""
    rounds: defaultdict[str, set[int]] = defaultdict(set)
    for trial in trials:
        rounds[trial.treatment].add(trial.round)
    return rounds


class Durations:
    """How long trials last: as long as before on the average, else by their load's own times."""

    def __init__(self, trials: Iterable[TrialRecord], loads: Mapping[str, Load]) -> None:
        self._loads = loads
        self._lasted: defaultdict[str, list[float]] = defaultdict(list)
        for trial in trials:
            self._lasted[trial.treatment].append(trial.duration_s)

    def expected_s(self, treatment: Treatment) -> float:
        before = self._lasted[treatment.id]
        load = self._loads[treatment.load]
        return fmean(before) if before else load.warmup_s + min(load.window_s, 3.0) + load.drain_s

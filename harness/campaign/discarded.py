"""Trials discarded one after the other: something is wrong that repeating them does not mend."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.reading.rules import advice_on
from experiment.records.trial import TrialRecord

MOST_IN_A_ROW = 10
"""After so many in a row a campaign stops: what disturbs it is not chance, and every further trial is wasted."""

WORTH_SAYING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """The latest trials, as long as all of them were discarded."""

    trials: tuple[TrialRecord, ...] = ()

    @classmethod
    def last_of(cls, trials: Iterable[TrialRecord]) -> "Discarded":
        found = cls()
        for trial in trials:
            found = found.and_then(trial)
        return found

    def and_then(self, trial: TrialRecord) -> "Discarded":
        return Discarded() if trial.is_valid else Discarded(trials=(*self.trials, trial))

    @property
    def in_a_row(self) -> int:
        return len(self.trials)

    @property
    def is_worth_saying(self) -> bool:
        return self.in_a_row >= WORTH_SAYING

    def rules(self) -> dict[str, int]:
        """Return which rules discarded how many of them, the most frequent first."""
        return dict(Counter(rule for trial in self.trials for rule in trial.rules).most_common())

    def advice(self) -> tuple[str, ...]:
        return advice_on(self.rules())

    def lines(self) -> list[str]:
        """Say how many there are and by which rules, then what to do about each."""
        named = ", ".join(f"{rule} {times}" for rule, times in self.rules().items())
        more = f"the campaign stops after {MOST_IN_A_ROW}" if self.in_a_row < MOST_IN_A_ROW else "the campaign stops"
        return [f"{self.in_a_row} trials in a row were discarded ({named}); {more}", *self.advice()]

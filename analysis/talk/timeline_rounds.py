"""Which round a timeline shows: one of them, chosen by its place and not by what came out in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.reading.campaign import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrials:
    """A round, and its trials by treatment."""

    number: int
    among: int
    trials: Mapping[str, str]

    @property
    def words(self) -> str:
        """Which round is shown."""
        return f"round {self.number}, the middle one of {self.among}" if self.among > 1 else f"round {self.number}"


def middle_round(campaign: Campaign, treatments: Sequence[str]) -> RoundTrials | None:
    """Return the middle one of the rounds in which all of these have a valid trial, or None without one."""
    by_round: dict[int, dict[str, str]] = {}
    for trial in campaign.trials:
        if trial.is_valid and trial.treatment in treatments:
            by_round.setdefault(trial.round, {})[trial.treatment] = trial.trial_id
    whole = sorted(number for number, found in by_round.items() if len(found) == len(set(treatments)))
    if not whole:
        return None
    number = whole[(len(whole) - 1) // 2]
    return RoundTrials(number=number, among=len(whole), trials=by_round[number])

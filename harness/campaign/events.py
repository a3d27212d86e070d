"""What a campaign tells whoever watches: one method an event, all optional.

Live progress, plain lines and JSON events are listeners; none of them can change what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.stats.results import ClaimResult
    from experiment.design.model import PlannedTrial
    from experiment.records.trial import TrialRecord
    from harness.trial.driver import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a campaign stands: shown beside every event."""

    round: int
    max_rounds: int
    trials_done: int
    trials_in_round: int
    position: int
    elapsed_s: float
    budget_s: float
    round_left_s: float | None  # expected time to the end of this round, None before anything was timed


class Listener:
    """Hears everything and does nothing; subclass and override what matters."""

    def note(self, text: str) -> None:
        """Hear that something worth a line happened (a service started, a variant is skipped)."""

    def round_started(self, standing: Standing, undecided: Sequence[str]) -> None:
        """Hear that a round begins; `undecided` are the ids of the claims it is for."""

    def trial_started(self, planned: PlannedTrial, standing: Standing) -> None:
        """Hear that a trial begins."""

    def trial_progress(self, planned: PlannedTrial, progress: Progress) -> None:
        """Hear that a second of the trial's window is over."""

    def trial_ended(self, record: TrialRecord, standing: Standing) -> None:
        """Hear that a trial is on disk."""

    def judged(self, results: Sequence[ClaimResult], standing: Standing) -> None:
        """Hear what the judge says after a round."""

    def ended(self, results: Sequence[ClaimResult], stopped_because: str) -> None:
        """Hear that the campaign is over."""

"""The events of a campaign, for live progress: one method per event, all optional.

Live progress, plain lines and JSON events are listeners. None of them can change what is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.stats.results import ClaimResult
from experiment.design.model import PlannedTrial
from experiment.records.trial import TrialRecord
from harness.trial.driver import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignProgress:
    """The progress of a campaign, shown with every event."""

    round: int
    max_rounds: int
    trials_done: int
    trials_in_round: int
    position: int
    elapsed_s: float
    budget_s: float
    round_left_s: float | None  # expected time to the end of this round; None before the first trial


class Listener:
    """Receives every event and does nothing. Subclass it and override the events you need."""

    def note(self, text: str) -> None:
        """Receive a line for the user (a service started, a variant is skipped)."""

    def round_started(self, standing: CampaignProgress, undecided: Sequence[str]) -> None:
        """Receive the begin of a round; `undecided` are the ids of the claims that it is for."""

    def trial_started(self, planned: PlannedTrial, standing: CampaignProgress) -> None:
        """Receive the begin of a trial."""

    def trial_progress(self, planned: PlannedTrial, progress: Progress) -> None:
        """Receive the numbers of one second of the trial's window."""

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:
        """Receive a trial that is on disk."""

    def judged(self, results: Sequence[ClaimResult], standing: CampaignProgress) -> None:
        """Receive the verdicts after a round."""

    def ended(self, results: Sequence[ClaimResult], stopped_because: str) -> None:
        """Receive the verdicts at the end of the campaign."""

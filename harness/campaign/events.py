"""The events of a campaign, for live progress: one method per event, all optional.

Live progress, plain lines and JSON events are listeners. None of them can change what is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.stats.results import ClaimResult
from experiment.design.model import PlannedTrial
from experiment.records.trial import TrialRecord
from harness.campaign.discarded import Discarded
from harness.trial.driver import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignProgress:
    """The progress of a campaign, shown with every event."""

    round: int
    is_pass: bool  # over everything that is open; else the step of `claims`
    claims: tuple[str, ...]  # ids of those that the round is for
    open_claims: int  # when the round began
    all_claims: int
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

    def round_started(self, standing: CampaignProgress) -> None:
        """Receive the begin of a pass or a step."""

    def trial_started(self, planned: PlannedTrial, standing: CampaignProgress) -> None:
        """Receive the begin of a trial."""

    def trial_progress(self, planned: PlannedTrial, progress: Progress) -> None:
        """Receive the numbers of one second of the trial's window."""

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:
        """Receive a trial that is on disk."""

    def discarding(self, latest: Discarded) -> None:
        """Receive the latest trials when several in a row were discarded, after each more."""

    def judged(self, results: Sequence[ClaimResult], standing: CampaignProgress) -> None:
        """Receive the verdicts after a round."""

    def ended(self, results: Sequence[ClaimResult], stopped_because: str) -> None:
        """Receive the verdicts at the end of the campaign."""

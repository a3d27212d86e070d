"""What comes next in a campaign over somebody's app: as for any, but a route that keeps failing is given up."""

from collections.abc import Sequence

from analysis.stats.results import ClaimResult
from experiment.design.model import Claim
from experiment.records.trial import TrialRecord
from harness.campaign.schedule import Schedule

FAILURES_ENOUGH = 4
"""Two rounds with two attempts each: what an app still does wrong then is a finding, and no disturbance."""

_OF_THE_APP = {"wrong-answers", "errors", "sut-died", "sut-not-ready"}


class AppSchedule(Schedule):
    """A schedule that leaves out claims whose treatments the app cannot serve."""

    def open_claims(self, before: Sequence[TrialRecord]) -> tuple[ClaimResult, ...]:
        still_open = Schedule.open_claims(self, before)
        return tuple(result for result in still_open if not is_hopeless(result.claim, before))


def is_hopeless(claim: Claim, trials: Sequence[TrialRecord]) -> bool:
    """Return whether one of a claim's treatments failed by the app's own doing, again and again, and never worked."""
    return any(_fails(treatment.id, trials) for treatment in claim.treatments)


def _fails(treatment: str, trials: Sequence[TrialRecord]) -> bool:
    own = [t for t in trials if t.treatment == treatment]
    failed = [t for t in own if _OF_THE_APP & set(t.rules)]
    return len(failed) >= FAILURES_ENOUGH and len(failed) == len(own)

"""What must stand on top of a report because it casts doubt on the whole campaign."""

from collections.abc import Iterator

from analysis.reading.campaign import Campaign
from analysis.reading.summary import treatment_ceiling
from analysis.wording import words
from analysis.wording.names import parse_variant
from experiment.design.claims import A_A
from experiment.design.model import Treatment
from experiment.records.trial import TrialRecord
from experiment.theory.ceilings import Ceiling, wait_of

_LEAST_SLACK, _BESIDE_VOLLEY = 1.05, 1.02
"""A window can hold one more volley of answers than its length allows on average: 3 % of 3 s with waits of 100 ms, and
more with longer ones."""
_CPU_SLACK = 1.5  # ceilings by CPU rest on medians of this campaign's own costs, and a core's speed swings


def alarms(campaign: Campaign) -> tuple[str, ...]:
    """Return every reason to distrust the campaign, in sentences; none is the usual case."""
    return (*_unequal_twins(campaign), *_above_ceilings(campaign))


def _unequal_twins(campaign: Campaign) -> Iterator[str]:
    found = campaign.aa.estimate
    if found.effect is None:
        return
    if found.low > 1 or found.high < 1:
        yield (
            f"Two byte-identical routes came out different ({words.span(found.interval)} times): effects of this size "
            "may be nothing but this machine. Measure again, on a quieter one."
        )
    elif A_A.expected.disjoint(found.interval):
        yield "Two byte-identical routes differ by over 10 %: distrust every small effect of this campaign."


def _above_ceilings(campaign: Campaign) -> Iterator[str]:
    for trial in campaign.trials:
        treatment = campaign.treatments.get(trial.treatment)
        limit = treatment_ceiling(campaign, treatment) if treatment is not None else None
        if treatment is not None and limit is not None and is_above(trial, limit, _volley(campaign, treatment)):
            yield (
                f"Trial {trial.trial_id} ({trial.treatment}) has {words.rate(trial.metrics.goodput_rps or 0)}, above "
                f"the {words.rate(limit.goodput_rps)} that theory allows ({limit.decided_by}): a bug of this suite's. "
                "Please report it with this campaign's folder."
            )


def is_above(trial: TrialRecord, limit: Ceiling, volley: float = 0.0) -> bool:
    """Whether a valid trial's goodput lies above its ceiling by more than the window's edges explain (pure).

    `volley`: the wait of one request as a share of the window.
    """
    rate = trial.metrics.goodput_rps
    slack = _CPU_SLACK if limit.is_cpu else max(_LEAST_SLACK, _BESIDE_VOLLEY + volley)
    return trial.is_valid and rate is not None and rate > limit.goodput_rps * slack


def _volley(campaign: Campaign, treatment: Treatment) -> float:
    """Return the share of a window that one wait takes, by the campaign's own settings and loads."""
    wait_s = wait_of(parse_variant(treatment.variant), treatment.server.settings(campaign.costs.waits_s)) or 0.0
    return wait_s / campaign.loads[treatment.load].window_s

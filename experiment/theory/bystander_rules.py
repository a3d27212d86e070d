"""The validity rules that look at the bystander."""

from experiment.records.trial import TrialMetrics
from experiment.theory.rules import RuleContext, rule


@rule(
    "bystander-cold",
    limit=0.01,
    meaning="At most one bystander call in a hundred may open a connection inside the window.",
    advice="The SUT closes connections, or was too slow to accept them before the load: see its log.",
)
def bystander_cold(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    cold, sent = metrics.bystander_cold_calls, metrics.bystander_sent
    if cold is None or not sent or cold <= limit * sent:
        return None
    return f"{cold} of {sent} bystander calls opened a connection inside the window"


@rule(
    "bystander-not-steady",
    limit=2.0,  # beside a loop blocked for S a call waits S/2 or 3/2 S, and that may change: a factor of three
    meaning="Half of the window may not have bystander medians that are all over three times those of the other half.",
    advice="The start of the window is a transient: the warm-up is too short, or the machine's speed changed.",
)
def bystander_not_steady(metrics: TrialMetrics, _context: RuleContext, limit: float) -> str | None:
    shift, first, second = (
        metrics.bystander_shift,
        metrics.bystander_first_half_p50_us,
        metrics.bystander_second_half_p50_us,
    )
    if shift is None or shift <= limit or first is None or second is None:
        return None
    return (
        f"the median bystander waited {first / 1000:.1f} ms in the first half and {second / 1000:.1f} ms in the second"
    )

"""Why a claim is not decided, in words: what was lost, how few trials are left, or which interval reaches too far."""

from collections import Counter
from collections.abc import Sequence
from math import isinf

from analysis.stats.results import Estimate
from analysis.wording import words
from experiment.design.model import Comparison
from experiment.records.trial import TrialRecord

_FEW = 3
"""With so many pairs there is an interval, unless both sides of the ratio are only bounds."""

_SHORT = {"cpu": "CPU", "sut": "SUT", "db": "database", "littles": "Little's"}


def rule_name(rule: str) -> str:
    """Return a validity rule's id as words: `driver CPU`, `not steady`."""
    return " ".join(_SHORT.get(part, part) for part in rule.split("-"))


def not_decided(comparison: Comparison, found: Estimate, trials: Sequence[TrialRecord]) -> str:
    """Say why a comparison is neither supported nor refuted."""
    lost = _discarded(comparison, trials)
    if found.low <= 0 and isinf(found.high):
        few = _without_figure(comparison, trials) or _too_few(comparison, found.n)
        return "; ".join(filter(None, (lost, few)))
    said = words.span(found.interval, None if comparison.is_ratio else comparison.metric)
    after = words.plural(found.n, _unit(comparison))
    return "; ".join(filter(None, (f"the interval reaches across the limit after {after}: {said}", lost)))


def no_valid_trial(comparison: Comparison, _found: Estimate, trials: Sequence[TrialRecord]) -> str:
    """Name the treatments without a valid trial, and the rules that took their trials."""
    valid = {t.treatment for t in trials if t.is_valid}
    missing = [t.id for t in comparison.treatments if t.id not in valid]
    return f"no valid trial of {words.listing(missing)}: {_discarded(comparison, trials)}"


def _discarded(comparison: Comparison, trials: Sequence[TrialRecord]) -> str:
    ids = {t.id for t in comparison.treatments}
    mine = [t for t in trials if t.treatment in ids]
    fired = Counter(rule for t in mine for rule in t.rules)
    if not fired:
        return ""
    lost = sum(not t.is_valid for t in mine)
    named = words.listing([rule_name(rule) for rule, _ in fired.most_common()])
    return f"{lost} of {words.plural(len(mine), 'trial')} discarded: {named}"


def _without_figure(comparison: Comparison, trials: Sequence[TrialRecord]) -> str:
    """Name the treatments whose valid trials all lack a figure: a p99 needs 100 answers, CPU a request some as well."""
    valid = [t for t in trials if t.is_valid]
    missing = [
        treatment.id
        for treatment in comparison.treatments
        if (mine := [t.metrics.value(comparison.metric) for t in valid if t.treatment == treatment.id])
        and all(value is None for value in mine)
    ]
    if not missing:
        return ""
    return f"too few answers for a {comparison.metric.label} in every valid trial of {words.listing(missing)}"


def _too_few(comparison: Comparison, n: int) -> str:
    unit = "pair of valid trials" if comparison.is_ratio else "valid trial"
    if n == 0:
        return f"no {unit}"
    if n < _FEW:
        counted = f"{n} pairs of valid trials" if comparison.is_ratio else f"{n} valid trials"
        return f"only {f'1 {unit}' if n == 1 else counted}"
    return f"after {words.plural(n, _unit(comparison))} there are bounds only, since too few requests got an answer"


def _unit(comparison: Comparison) -> str:
    return "pair" if comparison.is_ratio else "trial"

"""How many more pairs an undecided comparison probably needs. A guess for planning; no verdict rests on it."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, log

from analysis.stats.estimate import MIN_STRUCTURAL_TRIALS, LogSample, estimate, log_sample
from analysis.stats.judge import decide
from analysis.stats.results import Verdict
from analysis.stats.rule import LATEST, DecisionRule, has_one_end
from experiment.design.model import Comparison
from experiment.records.trial import TrialRecord

MOST_PAIRS = 40
_FEWEST = 2  # a spread needs two


def pairs_needed(
    comparison: Comparison,
    trials: Sequence[TrialRecord],
    alpha: float,
    *,
    parts: int = 1,
    rule: DecisionRule = LATEST,
    most: int = MOST_PAIRS,
) -> int:
    """Return after how many more pairs (without a baseline: trials) the comparison is probably decided.

    Mean and scatter are taken to stay as they are so far, with what is registered of the scatter. 0 if it is decided,
    at most `most`. With fewer than two pairs: up to the first look at which it can be supported at all.
    """
    if comparison.is_structural:
        return max(0, MIN_STRUCTURAL_TRIALS - estimate(comparison, trials, alpha).n)
    sample = log_sample(comparison, trials)
    is_enough = _can_support if sample.n < _FEWEST else _decides
    for n in range(sample.n, sample.n + most):
        if is_enough(comparison, replace(sample, n=n), alpha, parts, rule):
            return n - sample.n
    return most


def _decides(comparison: Comparison, sample: LogSample, alpha: float, parts: int, rule: DecisionRule) -> bool:
    prior = rule.prior(comparison.scatter)
    verdict, _ = decide(lambda level: sample.estimate(level, prior), comparison.expected, alpha, parts, rule)
    return verdict is not Verdict.INCONCLUSIVE


def _can_support(comparison: Comparison, sample: LogSample, alpha: float, _parts: int, rule: DecisionRule) -> bool:
    """Return whether the narrowest interval after so many pairs fits between the limits."""
    prior, expected = rule.prior(comparison.scatter), comparison.expected
    half = replace(sample, spread=prior.usual_spread).half_width(rule.supporting_level(alpha), prior)
    return half < inf if has_one_end(expected) else 2 * half <= log(expected.high / expected.low)

"""How many more pairs a comparison probably needs."""

from dataclasses import replace

from analysis.stats.judge import judge_comparison
from analysis.stats.outlook import MOST_PAIRS, pairs_needed
from analysis.stats.rule import RULES
from experiment.design.metrics import TOKENS_PEAK
from experiment.design.model import Comparison, Interval, at_least, at_most
from made_trials import FAST, comparison, ratio_trials, trial

ALPHA = 0.05
STEADY = [1.0, 1.01, 0.99, 1.0, 1.005]
WIDE = [1.0, 1.4, 0.8, 1.2]


def test_a_decided_comparison_needs_none() -> None:
    assert pairs_needed(comparison(Interval(0.9, 1.1)), ratio_trials(STEADY), ALPHA) == 0


def test_an_interval_needs_three_pairs_without_a_registered_scatter_and_two_with_one() -> None:
    bare = comparison(at_most(0.1))
    assert pairs_needed(bare, [], ALPHA) == 3
    assert pairs_needed(bare, ratio_trials([0.02]), ALPHA) == 2
    assert pairs_needed(replace(bare, scatter=0.05), [], ALPHA) == 2
    assert pairs_needed(bare, [], ALPHA, rule=RULES["1"]) == 3


def test_a_narrow_equivalence_needs_more_pairs_from_the_start() -> None:
    wide, narrow = (replace(comparison(Interval(1 / k, k)), scatter=0.15) for k in (2.0, 1.1))
    assert 2 < pairs_needed(wide, [], ALPHA) < pairs_needed(narrow, [], ALPHA) < MOST_PAIRS


def test_if_mean_and_scatter_stay_it_is_decided_then_and_not_before() -> None:
    asked = comparison(at_least(0.9))
    pair_of_rounds = [0.98, 1.12]  # their mean and spread repeat, so that the guess can be held against the judge
    trials = ratio_trials(pair_of_rounds)
    needed = pairs_needed(asked, trials, ALPHA)
    assert 0 < needed < MOST_PAIRS
    later = ratio_trials(pair_of_rounds * (needed + 2))
    decided = [
        n
        for n in range(2, 2 * needed)
        if judge_comparison(asked, [t for t in later if t.round <= n], alpha=ALPHA, parts=1).verdict.is_decided
    ]
    assert abs(decided[0] - (2 + needed)) <= 2


def test_the_wider_the_scatter_the_more_pairs() -> None:
    asked = comparison(at_least(0.8))
    assert pairs_needed(asked, ratio_trials(STEADY[:2]), ALPHA) < pairs_needed(asked, ratio_trials(WIDE), ALPHA)


def test_an_effect_on_its_limit_is_given_up_at_the_bound() -> None:
    on_the_limit = comparison(at_least(1.0))
    trials = ratio_trials([1.1, 1 / 1.1, 1.1, 1 / 1.1])
    assert pairs_needed(on_the_limit, trials, ALPHA) == MOST_PAIRS
    assert pairs_needed(on_the_limit, trials, ALPHA, most=7) == 7


def test_a_structural_statement_needs_three_trials() -> None:
    asked = Comparison(treatment=FAST, baseline=None, metric=TOKENS_PEAK, expected=Interval(40, 40))
    assert pairs_needed(asked, [trial(FAST, 1, tokens_peak=40)], ALPHA) == 2

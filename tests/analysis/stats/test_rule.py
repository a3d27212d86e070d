"""The rules of the judge: what each takes for granted and at which level it decides."""

from dataclasses import replace
from math import log, sqrt
from random import Random

import pytest

from analysis.stats.estimate import LogSample
from analysis.stats.judge import decide, judge_claim, judge_comparison
from analysis.stats.results import Verdict
from analysis.stats.rule import LATEST, LEAST_SPREAD, RULES, Prior
from experiment.design.model import Interval, at_least, at_most
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.registered import ClaimEntry
from made_trials import claim, comparison, ratio_trials

ALPHA = 0.05
STEADY = [1.0, 1.01, 0.99, 1.0, 1.005]
EQUAL = Interval(0.9, 1.1)


@pytest.mark.parametrize("name", ["1", "2", "3"])
def test_a_rule_stands_under_its_name(name: str) -> None:
    assert [rule.name for key, rule in RULES.items() if key == name] == [name]


def test_a_new_campaign_names_the_latest_rule_and_one_that_names_none_keeps_the_first() -> None:
    new = Manifest(campaign="new")
    assert new.judge == LATEST.name
    written = new.model_dump(mode="json")
    assert read_manifest(written, "new").judge == LATEST.name
    del written["judge"]
    assert read_manifest(written, "old").judge == "1"


def test_what_a_claim_registers_of_its_scatter_comes_back_from_the_manifest() -> None:
    shown = replace(comparison(at_least(2)), scatter=0.07, is_alike=True)
    asked = replace(claim(replace(comparison(EQUAL), scatter=0.02)), beside=(shown,), refuted_by="a ratio below 0.9")
    assert ClaimEntry.of(asked).value == asked


def test_one_limit_gets_the_whole_alpha_on_its_side_and_two_share_it_for_refuting() -> None:
    assert LATEST.supporting_level(ALPHA) == 2 * ALPHA
    assert LATEST.refuting_level(ALPHA, 1, at_most(0.1)) == 2 * ALPHA
    assert LATEST.refuting_level(ALPHA, 1, EQUAL) == ALPHA
    assert LATEST.refuting_level(ALPHA, 4, at_least(2)) == ALPHA / 2


def test_the_old_rule_is_two_sided_throughout() -> None:
    old = RULES["1"]
    assert old.supporting_level(ALPHA) == ALPHA
    assert old.refuting_level(ALPHA, 2, at_most(0.1)) == old.refuting_level(ALPHA, 2, EQUAL) == ALPHA / 2


def test_only_a_registered_scatter_changes_the_prior() -> None:
    assert LATEST.prior(0.05) == Prior(g=30, known_spread=0.05, degrees=1)
    assert RULES["2"].prior(0.05) == Prior(g=100, least_spread=0.05)
    assert LATEST.prior(0.0) == Prior() == RULES["1"].prior(0.05)


def test_a_registered_scatter_counts_as_one_degree_of_freedom() -> None:
    prior = LATEST.prior(0.3)
    assert prior.variance(5, 0.01) == pytest.approx((0.3**2 + 4 * 0.01) / 5)
    assert prior.spread(5, 0.1) == pytest.approx(sqrt(prior.variance(5, 0.1**2)))
    assert prior.usual_spread == 0.3


def test_no_pair_scatters_by_less_than_a_clock_can_tell() -> None:
    assert LATEST.prior(1e-9).spread(4, 0.0) == LEAST_SPREAD == RULES["2"].prior(1e-9).spread(4, 0.0)


def test_the_interval_with_a_known_scatter_is_where_its_bayes_factor_is_one_over_alpha() -> None:
    """The factor of N(0, g s^2) against 0 for the mean, the variance having an inverse gamma prior, written out."""
    prior, n, spread, alpha = LATEST.prior(0.1), 4, 0.07, 0.05
    half = LogSample(n=n, spread=spread).half_width(alpha, prior)
    r = 1 + n * prior.g
    within = prior.degrees * prior.known_spread**2 + (n - 1) * spread**2
    factor = ((within + n * half**2) / (within + n * half**2 / r)) ** ((prior.degrees + n) / 2) / sqrt(r)
    assert factor == pytest.approx(1 / alpha)


def test_equivalence_is_two_one_sided_tests() -> None:
    """Supported where both ends hold at alpha each; refuted only where one is excluded at alpha / 2."""
    sample = LogSample(n=8, mean=0.0, spread=0.05)
    supporting, refuting = sample.half_width(2 * ALPHA, Prior()), sample.half_width(ALPHA, Prior())
    assert supporting < refuting
    limit = Interval(0.9, 1.1)

    def at_mean(mean: float) -> Verdict:
        moved = LogSample(n=8, mean=mean, spread=0.05)
        return decide(moved.estimate, limit, ALPHA, 1, LATEST)[0]

    hair = 1e-9
    assert at_mean(log(1.1) - supporting - hair) is Verdict.SUPPORTED
    assert at_mean(log(1.1) - supporting + hair) is Verdict.INCONCLUSIVE
    assert at_mean(log(1.1) + refuting - hair) is Verdict.INCONCLUSIVE
    assert at_mean(log(1.1) + refuting + hair) is Verdict.REFUTED


def test_the_interval_shown_is_the_one_that_decides() -> None:
    holds, fails = comparison(at_least(0.9)), comparison(at_least(2.0))
    result = judge_claim(claim(holds, fails), ratio_trials(STEADY), skipped={}, alpha=ALPHA)
    supported, refuted = result.comparisons
    assert (supported.verdict, supported.estimate.alpha, supported.alpha) == (Verdict.SUPPORTED, 0.1, 0.05)
    assert (refuted.verdict, refuted.estimate.alpha, refuted.alpha) == (Verdict.REFUTED, 0.05, 0.025)
    assert fails.expected.disjoint(refuted.estimate.interval)


def test_between_the_two_levels_the_wider_interval_is_shown_since_it_still_reaches_the_limit() -> None:
    trials = ratio_trials(STEADY)
    shown = judge_comparison(comparison(at_least(0.9)), trials, alpha=ALPHA, parts=1).estimate
    asked = comparison(at_least(shown.high * 1.0001))
    result = judge_comparison(asked, trials, alpha=ALPHA, parts=4)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.estimate.alpha == pytest.approx(2 * ALPHA / 4)
    assert not asked.expected.disjoint(result.estimate.interval)


def test_a_one_sided_claim_is_decided_no_later_than_by_the_old_rule() -> None:
    rng = Random(3)
    asked = comparison(at_least(0.9))
    for _ in range(50):
        trials = ratio_trials([rng.lognormvariate(0, 0.05) for _ in range(5)])
        now, then = (
            judge_comparison(asked, trials, alpha=ALPHA, parts=1, rule=r).verdict for r in (LATEST, RULES["1"])
        )
        assert now.is_decided or not then.is_decided


def test_a_registered_scatter_keeps_rounds_that_happen_to_agree_from_deciding() -> None:
    clumped = ratio_trials([1.05, 1.05, 1.05])
    bare = comparison(at_least(1.0))
    assert judge_comparison(bare, clumped, alpha=ALPHA, parts=1).verdict is Verdict.SUPPORTED
    assert judge_comparison(replace(bare, scatter=0.05), clumped, alpha=ALPHA, parts=1).verdict is Verdict.INCONCLUSIVE

"""The judge: one rule, fixed before anything was measured."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from analysis.stats.judge import judge_claim, verdict_of
from analysis.stats.results import Verdict
from experiment.design.metrics import BYSTANDER_P50, GOODPUT, RESPONSE_P50, TOKENS_PEAK
from experiment.design.model import Claim, Comparison, Interval, at_least, at_most
from made_trials import FAST, SLOW, claim, comparison, ratio_trials, trial

STEADY = [1.0, 1.01, 0.99, 1.0, 1.005]


@pytest.mark.parametrize(
    ("interval", "expected", "verdict"),
    [
        (Interval(0.02, 0.03), at_most(0.1), Verdict.SUPPORTED),
        (Interval(0.2, 0.3), at_most(0.1), Verdict.REFUTED),
        (Interval(0.05, 0.2), at_most(0.1), Verdict.INCONCLUSIVE),
        (Interval(1.9, 2.1), at_least(1.5), Verdict.SUPPORTED),
        (Interval(30, inf), at_least(20), Verdict.SUPPORTED),
        (Interval(10, inf), at_least(20), Verdict.INCONCLUSIVE),
        (Interval(0.95, 1.05), Interval(0.9, 1.1), Verdict.SUPPORTED),
        (Interval(0.85, 0.95), Interval(0.9, 1.1), Verdict.INCONCLUSIVE),
        (Interval(1.2, 1.3), Interval(0.9, 1.1), Verdict.REFUTED),
        (Interval(0.0, inf), Interval(0.9, 1.1), Verdict.INCONCLUSIVE),
    ],
)
def test_the_truth_table(interval: Interval, expected: Interval, verdict: Verdict) -> None:
    assert verdict_of(interval, expected) is verdict


def test_equal_routes_are_judged_equal_and_not_merely_not_different() -> None:
    result = judge_claim(claim(comparison(Interval(0.9, 1.1))), ratio_trials(STEADY), skipped={})
    assert result.verdict is Verdict.SUPPORTED


def test_a_large_effect_refutes_a_claim_of_equality() -> None:
    trials = ratio_trials([2 * r for r in STEADY])
    assert judge_claim(claim(comparison(Interval(0.9, 1.1))), trials, skipped={}).verdict is Verdict.REFUTED


def test_a_claim_falls_with_one_of_its_comparisons() -> None:
    holds, fails = comparison(Interval(0.9, 1.1)), comparison(at_least(2.0))
    result = judge_claim(claim(holds, fails), ratio_trials(STEADY), skipped={})
    assert [r.verdict for r in result.comparisons] == [Verdict.SUPPORTED, Verdict.REFUTED]
    assert [(r.alpha, r.estimate.alpha) for r in result.comparisons] == [(0.05, 0.1), (0.025, 0.05)]
    assert result.verdict is Verdict.REFUTED


def test_invalid_trials_are_left_out() -> None:
    spoiled = [trial(FAST, 6, rules=("driver-cpu",), goodput_rps=1.0), trial(SLOW, 6, goodput_rps=100.0)]
    result = judge_claim(claim(comparison(Interval(0.9, 1.1))), [*ratio_trials(STEADY), *spoiled], skipped={})
    assert result.comparisons[0].estimate.n == len(STEADY)
    assert result.verdict is Verdict.SUPPORTED


def test_a_treatment_with_invalid_trials_only_makes_the_claim_invalid() -> None:
    trials = [trial(FAST, 1, rules=("sut-died",)), trial(SLOW, 1, goodput_rps=100.0)]
    result = judge_claim(claim(comparison(at_least(1.0))), trials, skipped={})
    assert result.verdict is Verdict.INVALID
    assert FAST.id in result.reason


def test_unpaired_trials_wait_for_their_partner() -> None:
    trials = [trial(FAST, n, goodput_rps=100.0) for n in range(1, 6)]
    result = judge_claim(claim(comparison(at_least(1.0))), trials, skipped={})
    assert result.comparisons[0].estimate.n == 0
    assert result.verdict is Verdict.INCONCLUSIVE


def test_a_goodput_of_zero_is_no_ratio_and_no_crash() -> None:
    trials = [trial(FAST, 1, goodput_rps=0.0), trial(SLOW, 1, goodput_rps=100.0)]
    assert judge_claim(claim(comparison(at_most(0.1))), trials, skipped={}).verdict is Verdict.INCONCLUSIVE


def test_a_missing_service_skips_the_claim_with_the_reason() -> None:
    result = judge_claim(claim(comparison(at_least(1.0))), [], skipped={SLOW.variant: "no PostgreSQL"})
    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "no PostgreSQL")


def test_what_load_cannot_show_is_said_to_be_not_measurable() -> None:
    unmeasurable = Claim(id="Y", slug="y", statement="s", source="t", note="a survey")
    assert judge_claim(unmeasurable, [], skipped={}).verdict is Verdict.NOT_MEASURABLE


def _structural(expected: Interval) -> Claim:
    return claim(Comparison(treatment=FAST, baseline=None, metric=TOKENS_PEAK, expected=expected))


def test_a_structural_statement_must_hold_in_every_trial() -> None:
    forty = [trial(FAST, n, tokens_peak=40) for n in (1, 2, 3)]
    exactly = _structural(Interval(40, 40))
    assert judge_claim(exactly, forty[:2], skipped={}).verdict is Verdict.INCONCLUSIVE
    assert judge_claim(exactly, forty, skipped={}).verdict is Verdict.SUPPORTED
    assert judge_claim(exactly, [*forty, trial(FAST, 4, tokens_peak=41)], skipped={}).verdict is Verdict.REFUTED


def test_a_floor_can_support_at_least_but_never_equality() -> None:
    trials = []
    for n in range(1, 6):
        trials.append(trial(FAST, n, bystander_p50_us=3e6 + n, bystander_p50_is_floor=True))
        trials.append(trial(SLOW, n, bystander_p50_us=1e3, bystander_p50_is_floor=False))
    stalls = claim(comparison(at_least(20), BYSTANDER_P50))
    equal = claim(comparison(Interval(2000, 4000), BYSTANDER_P50))
    assert judge_claim(stalls, trials, skipped={}).verdict is Verdict.SUPPORTED
    assert judge_claim(equal, trials, skipped={}).verdict is Verdict.INCONCLUSIVE


def _mean_value(expected: Interval) -> Claim:
    return claim(Comparison(treatment=FAST, baseline=None, metric=RESPONSE_P50, expected=expected))


def test_a_mean_value_is_judged_by_the_mean_of_its_logarithm_in_its_own_unit() -> None:
    trials = [trial(FAST, n, response_p50_us=v) for n, v in enumerate([99e3, 101e3, 100e3, 100e3], start=1)]
    result = judge_claim(_mean_value(Interval(90e3, 110e3)), trials, skipped={})
    found = result.comparisons[0].estimate
    assert result.verdict is Verdict.SUPPORTED
    assert found.effect == pytest.approx(100e3, rel=1e-3)
    assert 90e3 < found.low < found.high < 110e3
    assert judge_claim(_mean_value(at_most(50e3)), trials, skipped={}).verdict is Verdict.REFUTED


def test_one_trial_outside_does_not_refute_a_mean_value_as_it_does_a_structural_statement() -> None:
    trials = [trial(FAST, n, response_p50_us=v) for n, v in enumerate([99e3, 101e3, 115e3, 100e3], start=1)]
    assert judge_claim(_mean_value(at_most(110e3)), trials, skipped={}).verdict is Verdict.INCONCLUSIVE


def test_a_mean_value_without_an_answer_in_the_window_is_only_known_to_be_small() -> None:
    trials = [trial(FAST, n, goodput_rps=0.0, window_s=4.0) for n in range(1, 5)]
    asked = Comparison(treatment=FAST, baseline=None, metric=GOODPUT, expected=at_most(10))
    result = judge_claim(claim(asked), trials, skipped={})
    assert result.verdict is Verdict.SUPPORTED
    assert result.comparisons[0].estimate.low == 0.0


def test_what_stands_beside_a_claim_is_estimated_and_never_judged() -> None:
    against_it = replace(comparison(at_least(5.0)), scatter=0.02)
    asked = replace(claim(comparison(Interval(0.9, 1.1))), beside=(against_it,))
    result = judge_claim(asked, ratio_trials(STEADY), skipped={})
    assert result.verdict is Verdict.SUPPORTED
    assert len(result.comparisons) == 1
    (beside,) = result.beside
    assert beside.comparison is against_it
    assert beside.estimate.n == len(STEADY)
    assert beside.estimate.effect == pytest.approx(1.0, abs=0.01)


def test_a_claim_asks_for_no_trial_of_what_stands_beside_it() -> None:
    other = replace(FAST, load="closed-80")
    asked = replace(claim(comparison(at_least(1))), beside=(replace(comparison(at_least(1)), treatment=other),))
    assert other not in asked.treatments

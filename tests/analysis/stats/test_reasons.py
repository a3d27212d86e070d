"""Why a claim is not decided: the true reason, in words."""

from dataclasses import replace

from analysis.stats.judge import judge_claim
from analysis.stats.reasons import rule_name
from analysis.stats.results import ClaimResult, Verdict
from experiment.design.metrics import BYSTANDER_P50, RESPONSE_P50, RESPONSE_P99, TOKENS_PEAK
from experiment.design.model import Comparison, Interval, at_least, at_most
from experiment.records.trial import TrialRecord
from experiment.theory.validity import FAILURE_RULES, RULES
from made_trials import FAST, SLOW, claim, comparison, ratio_trials, trial


def _undecided(asked: Comparison, trials: list[TrialRecord]) -> ClaimResult:
    result = judge_claim(claim(asked), trials, skipped={})
    assert result.verdict is Verdict.INCONCLUSIVE
    return result


def test_an_interval_that_reaches_across_the_limit_is_named() -> None:
    result = _undecided(comparison(at_least(1.0)), ratio_trials([0.9, 1.1, 1.0, 1.05]))
    found = result.comparisons[0].estimate
    expected = f"the interval reaches across the limit after 4 pairs: {found.low:.2f} to {found.high:.2f}"
    assert result.reason == expected


def test_too_few_pairs_are_counted_and_no_interval_is_spoken_of() -> None:
    asked = comparison(at_least(1.0))
    assert _undecided(asked, []).reason == "no pair of valid trials"
    assert _undecided(asked, ratio_trials([1.0])).reason == "only 1 pair of valid trials"
    assert _undecided(asked, ratio_trials([1.0, 1.1])).reason == "only 2 pairs of valid trials"


def test_what_was_discarded_is_named_with_its_rules() -> None:
    lost = [
        trial(FAST, 2, rules=("driver-cpu",)),
        trial(SLOW, 2, rules=("driver-cpu", "not-steady")),
        trial(FAST, 3, rules=("driver-cpu",)),
    ]
    result = _undecided(comparison(at_least(1.0)), [*ratio_trials([1.0]), *lost])
    assert result.reason == "3 of 5 trials discarded: driver CPU and not steady; only 1 pair of valid trials"


def test_a_treatment_without_a_valid_trial_is_named_with_the_rules() -> None:
    trials = [trial(FAST, 1, rules=("sut-died",)), trial(SLOW, 1, goodput_rps=100.0)]
    result = judge_claim(claim(comparison(at_least(1.0))), trials, skipped={})
    assert result.verdict is Verdict.INVALID
    assert result.reason == f"no valid trial of {FAST.id}: 1 of 2 trials discarded: SUT died"


def test_bounds_on_both_sides_are_no_interval() -> None:
    trials = []
    for n in range(1, 5):
        trials.append(trial(FAST, n, bystander_p50_us=3e6, bystander_p50_is_floor=True))
        trials.append(trial(SLOW, n, bystander_p50_us=1e6, bystander_p50_is_floor=True))
    reason = _undecided(comparison(at_least(1.0), BYSTANDER_P50), trials).reason
    assert reason == "after 4 pairs there are bounds only, since too few requests got an answer"


def test_of_several_comparisons_each_that_is_open_says_which_it_is() -> None:
    other = replace(comparison(at_most(3)), treatment=replace(FAST, load="closed-80"))
    result = judge_claim(claim(comparison(at_least(1.0)), other), ratio_trials([1.0]), skipped={})
    assert result.reason == f"{FAST.id}: only 1 pair of valid trials; {FAST.variant}@closed-80: no pair of valid trials"


def test_a_mean_value_speaks_of_trials_in_its_own_unit() -> None:
    asked = Comparison(treatment=FAST, baseline=None, metric=RESPONSE_P50, expected=Interval(90_000, 101_000))
    trials = [trial(FAST, n, response_p50_us=v) for n, v in enumerate([90e3, 100e3, 110e3], start=1)]
    assert _undecided(asked, trials[:1]).reason == "only 1 valid trial"
    reason = _undecided(asked, trials).reason
    assert reason.startswith("the interval reaches across the limit after 3 trials: ")
    assert reason.endswith(" ms")


def test_a_structural_statement_counts_its_trials() -> None:
    asked = Comparison(treatment=FAST, baseline=None, metric=TOKENS_PEAK, expected=Interval(40, 40))
    assert _undecided(asked, [trial(FAST, 1, tokens_peak=40)]).reason == "only 1 valid trial"


def test_every_rule_has_words_for_a_name() -> None:
    names = {rule: rule_name(rule) for rule in (*RULES, *FAILURE_RULES)}
    assert names["driver-cpu"] == "driver CPU"
    assert names["littles-law"] == "Little's law"
    assert not any("-" in name for name in names.values())


def test_valid_trials_without_a_figure_are_not_called_invalid() -> None:
    trials = [trial(side, n, goodput_rps=20.0) for n in (1, 2) for side in (FAST, SLOW)]
    trials = [
        replace(t, metrics=replace(t.metrics, response_p99_us=9e5)) if t.treatment == SLOW.id else t for t in trials
    ]
    reason = _undecided(comparison(at_least(1.0), RESPONSE_P99), trials).reason
    assert reason == f"too few answers for a response time p99 in every valid trial of {FAST.id}"

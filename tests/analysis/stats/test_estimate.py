"""Estimates: what the confidence sequence promises, and what censoring does to it."""

from __future__ import annotations

import random
from dataclasses import replace
from math import exp, inf, log

import pytest

from analysis.stats.estimate import LogSample, estimate, half_width, log_ratios, ratio_estimate, structural_estimate
from experiment.design.model import Treatment, at_least
from experiment.records.trial import TrialRecord
from made_trials import FAST, SLOW, comparison, trial

ALPHA = 0.05


def test_the_effect_is_the_geometric_mean_of_the_paired_ratios() -> None:
    estimate = ratio_estimate([(2.0, 1.0), (8.0, 1.0)], ALPHA)
    assert estimate.effect == pytest.approx(4.0)
    assert estimate.n == 2


def test_two_rounds_are_too_few_for_any_interval() -> None:
    estimate = ratio_estimate([(2.0, 1.0), (2.1, 1.0)], ALPHA)
    assert (estimate.low, estimate.high) == (0.0, inf)


def test_the_half_width_follows_the_published_formula() -> None:
    logs = [0.10, 0.20, 0.15, 0.12]
    # r = 1 + 4 * 10, K = (sqrt(r) / 0.05) ** (2 / 4), u = (K - 1) / (1 - K / r); worked by hand
    r = 41.0
    k = (r**0.5 / 0.05) ** 0.5
    u = (k - 1) / (1 - k / r)
    mean = sum(logs) / 4
    s = (sum((x - mean) ** 2 for x in logs) / 3) ** 0.5
    assert half_width(logs, ALPHA) == pytest.approx((3 * u) ** 0.5 * s / 2)


def test_the_interval_narrows_as_rounds_are_added() -> None:
    rng = random.Random(1)
    logs = [rng.gauss(0, 0.1) for _ in range(30)]
    widths = [half_width(logs[:n], ALPHA) for n in (3, 6, 12, 30)]
    assert widths == sorted(widths, reverse=True)


def test_a_stricter_level_widens_the_interval() -> None:
    logs = [0.0, 0.1, 0.05, 0.02, 0.07]
    assert half_width(logs, 0.01) > half_width(logs, 0.05)


def test_a_floor_leaves_the_interval_open_above() -> None:
    estimate = LogSample.of([log(50.0)] * 4, is_floor=True).estimate(ALPHA)
    assert estimate.high == inf
    assert estimate.low == pytest.approx(50.0, rel=0.05)


def test_a_floor_in_the_baseline_leaves_the_interval_open_below() -> None:
    estimate = LogSample.of([log(50.0)] * 4, is_cap=True).estimate(ALPHA)
    assert estimate.low == 0.0


def test_identical_rounds_still_have_a_spread() -> None:
    estimate = ratio_estimate([(1.0, 1.0)] * 3, ALPHA)
    assert estimate.low < 1.0 < estimate.high


def test_a_structural_value_shows_its_whole_range_after_three_trials() -> None:
    assert structural_estimate([40.0, 40.0], ALPHA).high == inf
    estimate = structural_estimate([40.0, 39.0, 40.0], ALPHA)
    assert (estimate.low, estimate.effect, estimate.high) == (39.0, 40.0, 40.0)


def _ever_excludes(truth: float, rng: random.Random, *, spread: float, rounds: int) -> bool:
    """Whether the interval excludes the truth at any look, from the first round on."""
    logs: list[float] = []
    for _ in range(rounds):
        logs.append(rng.gauss(truth, spread))
        half = half_width(logs, ALPHA)
        if half < inf and abs(sum(logs) / len(logs) - truth) > half:
            return True
    return False


def test_looking_after_every_round_errs_less_often_than_declared() -> None:
    rng = random.Random(20261122)
    runs = 2000
    false = sum(_ever_excludes(0.0, rng, spread=0.1, rounds=20) for _ in range(runs))
    assert false / runs <= ALPHA


def test_a_fixed_sample_interval_would_err_far_more_often() -> None:
    # the reason for the confidence sequence: a t interval looked at from n = 3 to 20 (critical values of Student's t)
    critical = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262, 15: 2.145, 20: 2.093}
    rng = random.Random(7)
    runs, false = 1000, 0
    for _ in range(runs):
        logs = [rng.gauss(0, 1) for _ in range(20)]
        for n, t in critical.items():
            mean = sum(logs[:n]) / n
            s = (sum((x - mean) ** 2 for x in logs[:n]) / (n - 1)) ** 0.5
            if abs(mean) > t * s / n**0.5:
                false += 1
                break
    assert false / runs > 2 * ALPHA


def test_effects_are_on_the_scale_of_ratios() -> None:
    estimate = ratio_estimate([(exp(1), 1.0), (exp(1.01), 1.0), (exp(0.99), 1.0), (exp(1.0), 1.0)], ALPHA)
    assert estimate.effect is not None
    assert log(estimate.effect) == pytest.approx(1.0)


def test_pairs_of_one_round_are_paired_in_the_order_they_ran_in() -> None:
    placed = [(FAST, 0, 1.0), (SLOW, 1, 2.0), (SLOW, 2, 8.0), (FAST, 3, 2.0)]
    trials = [replace(trial(t, 1, goodput_rps=rps), position=p, trial_id=f"t{p}") for t, p, rps in placed]
    assert log_ratios(comparison(at_least(1)), trials) == pytest.approx([log(1 / 2), log(2 / 8)])


def test_a_round_with_two_trials_on_one_side_only_is_one_pair() -> None:
    placed = [(FAST, 0, 1.0), (SLOW, 1, 2.0), (FAST, 2, 9.0)]
    trials = [replace(trial(t, 1, goodput_rps=rps), position=p, trial_id=f"t{p}") for t, p, rps in placed]
    assert estimate(comparison(at_least(1)), trials, ALPHA).n == 1


def _placed(*places: tuple[Treatment, int, float], round_number: int = 1) -> list[TrialRecord]:
    """Return trials (treatment, position, goodput); a negative goodput is a discarded trial."""
    return [
        replace(
            trial(t, round_number, rules=("host-busy",) if rps < 0 else (), goodput_rps=abs(rps)),
            position=position,
            trial_id=f"t{n}",
        )
        for n, (t, position, rps) in enumerate(places)
    ]


def test_a_repetition_takes_the_place_of_the_trial_it_repeats() -> None:
    """Not that of the next pair, although the pair before it has one valid trial fewer at first."""
    trials = _placed((FAST, 0, -1.0), (SLOW, 1, 2.0), (FAST, 2, 8.0), (SLOW, 3, 4.0), (FAST, 0, 1.0))
    assert log_ratios(comparison(at_least(1)), trials) == pytest.approx([log(1 / 2), log(8 / 4)])


def test_a_side_that_stays_discarded_takes_only_its_own_pair_with_it() -> None:
    trials = _placed((FAST, 0, -1.0), (SLOW, 1, 2.0), (FAST, 2, 8.0), (SLOW, 3, 4.0), (FAST, 0, -1.0))
    assert log_ratios(comparison(at_least(1)), trials) == pytest.approx([log(8 / 4)])


@pytest.mark.parametrize("apart", [1, 2, 5])
def test_sides_pair_by_their_order_however_far_apart_they_ran(apart: int) -> None:
    """An A/A pair may be as far apart within its step as a claim's sides are, with others between."""
    other = Treatment(variant="noop.def", load="closed-20")
    between = [(other, k, 7.0) for k in range(1, apart)]
    trials = _placed((SLOW, 0, 2.0), *between, (FAST, apart, 1.0), (FAST, apart + 1, 9.0), (SLOW, 2 * apart + 1, 3.0))
    assert log_ratios(comparison(at_least(1)), trials) == pytest.approx([log(1 / 2), log(9 / 3)])


def test_pairs_never_reach_from_one_round_into_another() -> None:
    trials = [*_placed((FAST, 0, 1.0)), *_placed((SLOW, 0, 2.0), round_number=2)]
    assert log_ratios(comparison(at_least(1)), trials) == []

"""The order of one round: by the seed alone, the sides of comparisons close together, the A/A pair among them."""

from collections import Counter
from collections.abc import Sequence

import pytest

from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import GOODPUT
from experiment.design.model import Comparison, Treatment, at_least
from experiment.design.plan import AA_EVERY, comparisons_of, linked, plan_round, treatments_for
from experiment.design.profiles import PROFILES

ARTICLE = [CLAIMS[name] for name in PROFILES["article"].claims]
EVERYTHING, COMPARISONS = treatments_for(ARTICLE), comparisons_of(ARTICLE)
SEEDS = range(20)


def _order(seed: int = 1, number: int = 1) -> tuple[Treatment, ...]:
    return plan_round(EVERYTHING, seed=seed, round_number=number, comparisons=COMPARISONS)


def _made(*names: str) -> list[Treatment]:
    return [Treatment(variant=name, load="closed-80") for name in names]


def _compared(one: Treatment, other: Treatment) -> Comparison:
    return Comparison(treatment=one, baseline=other, metric=GOODPUT, expected=at_least(1))


def _aa_places(order: Sequence[Treatment]) -> list[int]:
    """Return the places of the copy: it serves nothing but the A/A pair."""
    return [i for i, t in enumerate(order) if t == A_A.treatment]


def test_the_same_seed_gives_the_same_order_whatever_the_claims_order() -> None:
    backwards = treatments_for(ARTICLE[::-1]), comparisons_of(ARTICLE[::-1])
    assert _order(3, 2) == plan_round(backwards[0], seed=3, round_number=2, comparisons=backwards[1])


def test_rounds_and_seeds_differ_in_order() -> None:
    assert len({_order(seed, number) for seed in (1, 2) for number in (1, 2)}) == 4


def test_a_round_runs_each_treatment_once_and_only_the_aa_pair_more_often() -> None:
    counted = Counter(_order())
    assert set(counted) == set(EVERYTHING)
    assert {n for t, n in counted.items() if t not in A_A.treatments} == {1}


def test_treatments_that_comparisons_link_directly_or_not_are_one_group() -> None:
    a, b, c, d = _made("a", "b", "c", "d")
    assert linked([d, c, b, a], [_compared(a, b), _compared(b, c)]) == [[a, b, c], [d]]


def test_a_comparison_of_what_is_not_measured_links_nothing() -> None:
    a, b, other = _made("a", "b", "other")
    assert linked([a, b], [_compared(other, other)]) == [[a], [b]]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_of_a_comparison_run_within_their_group(seed: int) -> None:
    order = [t for t in _order(seed) if t not in A_A.treatments]
    for group in linked(order, COMPARISONS):
        places = [order.index(t) for t in group]
        assert max(places) - min(places) == len(group) - 1


@pytest.mark.parametrize("seed", SEEDS)
def test_what_four_others_are_compared_with_stands_between_them(seed: int) -> None:
    centre, *others = _made("def", "a", "b", "c", "d")
    order = plan_round([centre, *others], seed=seed, round_number=1, comparisons=[_compared(t, centre) for t in others])
    assert order.index(centre) == 2


def test_the_aa_pair_runs_once_for_every_six_groups() -> None:
    groups = len(linked({*EVERYTHING} - {A_A.treatment}, COMPARISONS))
    assert {len(_aa_places(_order(seed))) for seed in SEEDS} == {-(-groups // AA_EVERY)}


def test_the_sides_of_the_aa_pair_are_adjacent_or_apart_by_one_trial_and_both_happen() -> None:
    distances: Counter[int] = Counter()
    for seed in SEEDS:
        order = _order(seed)
        for place in _aa_places(order):
            distances[min(abs(place - i) for i, t in enumerate(order) if t == A_A.baseline)] += 1
    assert set(distances) == {1, 2}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_group_that_shares_the_aa_pairs_route_measures_it_once_and_first(seed: int) -> None:
    assert A_A.baseline is not None
    (noop,) = _made("noop.def")
    others = [_made(f"{name}.x", f"{name}.y") for name in "abcdefgh"]
    comparisons = [_compared(A_A.baseline, noop), *(_compared(x, y) for x, y in others)]
    wanted = [noop, *A_A.treatments, *(t for pair in others for t in pair)]
    order = plan_round(wanted, seed=seed, round_number=1, comparisons=comparisons)
    first = order.index(A_A.baseline)
    assert Counter(order)[A_A.baseline] == 2
    assert abs(order.index(noop) - first) <= 2
    assert abs(order.index(A_A.treatment) - first) <= 2


def test_the_aa_pair_alone_is_a_round() -> None:
    assert set(plan_round(A_A.treatments, seed=1, round_number=1)) == set(A_A.treatments)

"""Comparing two campaigns: planted changes are found, equals are never worse, and nothing unlike is compared."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from analysis.comparing.compare import comparable, compare
from analysis.comparing.compare_text import advice, as_json, as_junit, as_markdown
from analysis.reading.campaign import load_campaign
from analysis.stats.direction import Direction
from analysis.stats.results import Verdict
from analysis.wording import markdown
from comparable_campaigns import ALL_ROUNDS, ASKED, BAD, BLOCKING, NATIVE, POOLED, SLOWER, measured, suite_of
from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import BYSTANDER_P50, CPU_PER_REQUEST, GOODPUT, MAKESPAN, RESPONSE_P99, TOKENS_PEAK
from experiment.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.comparing.compare import CampaignComparison
    from analysis.reading.campaign import Campaign


def _changes(found: CampaignComparison) -> dict[str, Direction]:
    return {row.treatment: row.change for row in found.rows}


def test_a_planted_slowdown_is_found_and_nothing_else(of: Callable[[str], Campaign]) -> None:
    found = _changes(compare(of("before"), of("slower")))
    assert {name for name, change in found.items() if change is Direction.WORSE} == set(SLOWER)
    assert Direction.BETTER not in found.values()


def test_the_other_way_round_it_is_an_improvement(of: Callable[[str], Campaign]) -> None:
    found = _changes(compare(of("slower"), of("before")))
    assert {name for name, change in found.items() if change is Direction.BETTER} == set(SLOWER)


def test_a_planted_ratio_lies_in_its_interval(of: Callable[[str], Campaign]) -> None:
    row = next(r for r in compare(of("before"), of("slower")).rows if r.treatment == NATIVE)
    assert row.primary.low < 0.8 < row.primary.high
    assert row.primary.n_before == row.primary.n_after == 8


def test_identical_campaigns_are_the_same(of: Callable[[str], Campaign]) -> None:
    assert set(_changes(compare(of("before"), of("same"))).values()) == {Direction.SAME}


def test_too_few_noisy_trials_are_undecided_and_never_the_same(tmp_path: Path) -> None:
    a, b = (measured(tmp_path / name, rounds=2, seed=n, spread=0.1) for n, name in enumerate("ab"))
    assert set(_changes(compare(load_campaign(a), load_campaign(b))).values()) == {Direction.UNDECIDED}


def test_equal_truths_are_hardly_ever_called_different(tmp_path: Path) -> None:
    """Thirty comparisons of equals under noise: by Bonferroni at most one in twenty may name anything at all."""
    campaigns = [
        load_campaign(measured(tmp_path / f"{n}", claims=[CLAIMS["A1"]], rounds=4, seed=n, spread=0.1))
        for n in range(12)
    ]
    pairs = [(a, b) for a, b in product(campaigns[:6], campaigns[6:])][:30]
    wrong = [f for f in (compare(a, b) for a, b in pairs) if f.count(Direction.WORSE) + f.count(Direction.BETTER)]
    assert len(wrong) <= 4  # the 98th percentile of 30 throws at 5 %


def test_a_precise_small_difference_counts_as_the_same(tmp_path: Path) -> None:
    slightly = load_campaign(measured(tmp_path / "b", seed=5, factors={POOLED: 0.97}, spread=0.002))
    precise = load_campaign(measured(tmp_path / "a", seed=6, spread=0.002))
    assert _changes(compare(precise, slightly))[POOLED] is Direction.SAME
    assert _changes(compare(precise, slightly, margin=0.01))[POOLED] is Direction.WORSE


def test_each_load_is_compared_by_its_own_metric(of: Callable[[str], Campaign]) -> None:
    metrics = {r.treatment: r.primary.metric for r in compare(of("before"), of("same")).rows}
    assert (metrics[NATIVE], metrics[BAD]) == (GOODPUT, MAKESPAN)


def test_another_metric_can_be_chosen_and_names_who_lacks_it(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("same"), metric=CPU_PER_REQUEST)
    assert {r.primary.metric for r in found.rows} == {CPU_PER_REQUEST}
    assert "SUT CPU a request was not measured" in next(m.reason for m in found.missing if m.treatment == BAD)


def test_a_metric_without_a_better_direction_is_refused(of: Callable[[str], Campaign]) -> None:
    with pytest.raises(UsageError, match="no better direction"):
        compare(of("before"), of("same"), metric=TOKENS_PEAK)


def test_figures_beside_the_own_metric_are_listed(of: Callable[[str], Campaign]) -> None:
    row = next(r for r in compare(of("before"), of("same")).rows if r.treatment == NATIVE)
    assert [r.metric for r in row.beside] == [RESPONSE_P99, BYSTANDER_P50, CPU_PER_REQUEST]


def test_each_interval_pays_for_all_treatments(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("same"))
    assert {r.primary.alpha for r in found.rows} == {0.05 / len(found.rows)}


def test_treatments_of_one_campaign_alone_are_named(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    fewer = load_campaign(measured(tmp_path / "fewer", claims=ASKED[:2]))
    found = compare(of("before"), fewer)
    assert {(m.treatment, m.reason, m.is_lost) for m in found.missing} >= {(BAD, "B: not planned", True)}
    assert not [m for m in compare(fewer, of("before")).missing if m.is_lost]
    assert BAD not in _changes(found)


def test_a_treatment_without_valid_trials_is_named_with_the_rule(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    spoiled = load_campaign(measured(tmp_path / "spoiled", spoiled=[NATIVE]))
    missing = compare(of("before"), spoiled).missing
    assert [(m.treatment, m.reason) for m in missing] == [(NATIVE, "B: no valid trial: sut-died")]


def test_a_treatment_that_answers_nothing_any_more_is_lost_not_infinitely_slow(
    of: Callable[[str], Campaign], tmp_path: Path
) -> None:
    dead = load_campaign(measured(tmp_path / "dead", factors={BLOCKING: 0.0}))
    (missing,) = compare(of("before"), dead).missing
    assert missing.is_lost
    assert "was 0 in a valid trial" in missing.reason


def test_claims_whose_verdict_turned_are_shown(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    turned = load_campaign(measured(tmp_path / "turned", factors={NATIVE: 0.6}))
    found = compare(of("before"), turned)
    pair = next(p for p in found.verdicts.claims if p.claim.id == "A8")
    assert (pair.original, pair.again) == (Verdict.SUPPORTED, Verdict.REFUTED)
    assert "| A8 sync-just-less-scalable | supported | refuted | turned round |" in as_markdown(found)


def test_a_shift_that_all_share_is_blamed_on_the_machine_first(of: Callable[[str], Campaign], tmp_path: Path) -> None:
    everything = dict.fromkeys((NATIVE, POOLED, BLOCKING, *(t.id for t in A_A.treatments)), 0.9)
    slow_day = load_campaign(measured(tmp_path / "slow-day", factors=everything))
    assert "as likely the machine's" in as_markdown(compare(of("before"), slow_day))
    assert "as likely the machine's" not in as_markdown(compare(of("before"), of("same")))


# --- undecided for lack of trials


def _two(tmp_path: Path, *, rounds: int, spread: float, **changes: Any) -> CampaignComparison:
    a, b = (
        load_campaign(measured(tmp_path / name, rounds=rounds, seed=seed, spread=spread, **changes))
        for seed, name in enumerate("ab")
    )
    return compare(a, b)


def test_many_undecided_for_lack_of_trials_name_the_flag_on_every_page(tmp_path: Path) -> None:
    found = _two(tmp_path, rounds=3, spread=0.05)
    said = advice(found)
    assert said.startswith(f"{found.count(Direction.UNDECIDED)} of 8 treatments undecided with fewer than 10 trials")
    assert "`bench run --all-rounds`" in said
    assert markdown.cell(said) in as_markdown(found)
    assert as_json(found, (), ())["advice"] == said
    assert said in {p.attrib["value"] for p in suite_of(as_junit(found, (), ())).iter("property")}


def test_campaigns_that_measured_all_rounds_are_advised_to_have_more(tmp_path: Path) -> None:
    said = advice(_two(tmp_path, rounds=3, spread=0.05, profile=ALL_ROUNDS))
    assert "larger --budget" in said
    assert "--all-rounds" not in said


def test_undecided_with_trials_enough_is_no_lack_of_them(tmp_path: Path) -> None:
    found = _two(tmp_path, rounds=10, spread=0.3)
    assert found.count(Direction.UNDECIDED) == 8
    assert advice(found) == ""


def test_a_few_undecided_are_no_reason_for_advice(of: Callable[[str], Campaign]) -> None:
    found = compare(of("before"), of("slower"))
    assert found.short_of_trials == ()
    rows = (replace(found.rows[0], change=Direction.UNDECIDED), *found.rows[1:])
    assert advice(replace(found, rows=rows)) == ""


def test_only_what_can_be_better_or_worse_is_compared() -> None:
    assert {GOODPUT.name, MAKESPAN.name} < set(comparable())
    assert not any(metric.is_structural for metric in comparable().values())

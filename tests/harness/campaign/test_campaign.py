"""The campaign's loop with FakeDriver: planted effects must come back as verdicts, in seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.stats.results import Verdict
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT
from experiment.design.model import Claim, Comparison, Interval, Treatment, at_least
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from harness.campaign.campaign import MAX_ATTEMPTS, Campaign
from harness.campaign.fake import FakeDriver, Noise, Planted
from harness.campaign.schedule import Rules
from made_trials import claim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from experiment.design.model import PlannedTrial
    from experiment.records.trial import Measurement
    from harness.trial.driver import Progress

LOAD = "closed-80"
BASE, DOUBLE, SAME = (
    Treatment(variant=v, load=LOAD) for v in ("sleep.def", "sleep.async-native", "sleep.async-offload")
)


def _compare(treatment: Treatment, expected: Interval) -> Comparison:
    return Comparison(treatment=treatment, baseline=BASE, metric=GOODPUT, expected=expected)


TWICE = claim(_compare(DOUBLE, at_least(1.5)), id="TWICE")
THRICE = claim(_compare(DOUBLE, at_least(3.0)), id="THRICE")
EQUAL = claim(_compare(SAME, Interval(0.9, 1.1)), id="EQUAL")
AT_THE_LIMIT = claim(_compare(DOUBLE, at_least(2.0)), id="LIMIT")


def _planted() -> dict[str, Planted]:
    goodput = {BASE.id: 400.0, DOUBLE.id: 800.0, SAME.id: 400.0}
    goodput |= {t.id: 5000.0 for t in A_A.treatments}
    return {name: {GOODPUT: value} for name, value in goodput.items()}


def _campaign(tmp_path: Path, *claims: Claim, driver: FakeDriver, **rules: float) -> Campaign:
    folder = CampaignFolder.create(tmp_path / "campaign", Manifest(campaign="made-up"))
    return _on(folder, *claims, driver=driver, **rules)


def _on(folder: CampaignFolder, *claims: Claim, driver: FakeDriver, **rules: float) -> Campaign:
    bounds = {"seed": 1, "alpha": 0.05, "budget_s": 1e9, "max_rounds": 12, **rules}
    return Campaign(
        folder=folder,
        driver=driver,
        claims=claims,
        loads=LOADS,
        skipped={},
        rules=Rules(**bounds),  # type: ignore[arg-type]
        clock=lambda: 0.0,  # what comes next depends on how long trials last
    )


def test_planted_effects_come_back_as_verdicts(tmp_path: Path) -> None:
    driver = FakeDriver(planted=_planted(), spread=0.02)
    results, stopped = _campaign(tmp_path, TWICE, THRICE, EQUAL, driver=driver).run()
    assert [r.verdict for r in results] == [Verdict.SUPPORTED, Verdict.REFUTED, Verdict.SUPPORTED]
    assert stopped == "all decided"


def test_an_effect_that_sits_on_the_limit_stays_inconclusive(tmp_path: Path) -> None:
    driver = FakeDriver(planted=_planted(), spread=0.05)
    results, stopped = _campaign(tmp_path, AT_THE_LIMIT, driver=driver).run()
    assert (results[0].verdict, stopped) == (Verdict.INCONCLUSIVE, "rounds")


def test_a_decided_claim_costs_no_more_trials(tmp_path: Path) -> None:
    driver = FakeDriver(planted=_planted(), spread=0.02)
    _campaign(tmp_path, EQUAL, AT_THE_LIMIT, driver=driver).run()
    runs = Counter(p.treatment.id for p in driver.measured)
    assert runs[SAME.id] < runs[DOUBLE.id] == 12


def test_a_spoiled_trial_is_kept_named_and_repeated(tmp_path: Path) -> None:
    driver = FakeDriver(planted=_planted(), spread=0.02, spoiled=frozenset({(BASE.id, 1)}))
    campaign = _campaign(tmp_path, TWICE, driver=driver)
    results, _ = campaign.run()
    attempts = [t for t in campaign.trials if t.round == 1 and t.treatment == BASE.id]
    assert [t.is_valid for t in attempts] == [False, True]
    assert attempts[0].rules == ("sut-died",)
    assert results[0].verdict is Verdict.SUPPORTED


def test_a_repetition_comes_when_all_others_of_the_round_have_run(tmp_path: Path) -> None:
    driver = FakeDriver(planted=_planted(), spread=0.02, spoiled=frozenset({(BASE.id, 1)}))
    campaign = _campaign(tmp_path, TWICE, EQUAL, driver=driver)
    campaign.run()
    first_round = [t for t in campaign.trials if t.round == 1]
    assert [t.attempt for t in first_round] == [*[1] * 5, 2]
    assert (first_round[-1].treatment, first_round[-1].is_valid) == (BASE.id, True)


def test_what_is_too_long_for_the_time_left_is_passed_over_for_what_is_not(tmp_path: Path) -> None:
    now = [0.0]

    def tick(planned: PlannedTrial) -> None:
        now[0] += 50.0 if planned.treatment == DOUBLE else 1.0

    driver = FakeDriver(planted=_planted(), spread=0.02, on_trial=tick)
    campaign = _campaign(tmp_path, TWICE, EQUAL, driver=driver, budget_s=80.0)
    campaign.clock = lambda: now[0]
    _, stopped = campaign.run()
    later = [p.treatment for p in driver.measured if p.round > 1]
    assert stopped == "budget"
    assert {BASE, SAME} <= set(later)
    assert DOUBLE not in later


def test_repeats_are_bounded(tmp_path: Path) -> None:
    class AlwaysSpoiled(FakeDriver):
        def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:
            return super().measure(replace(planned, attempt=1), on_progress)

    spoiled = frozenset((BASE.id, n) for n in range(1, 4))
    campaign = _campaign(tmp_path, TWICE, driver=AlwaysSpoiled(planted=_planted(), spoiled=spoiled), max_rounds=3)
    results, _ = campaign.run()
    assert Counter(t.round for t in campaign.trials if t.treatment == BASE.id) == dict.fromkeys((1, 2, 3), MAX_ATTEMPTS)
    assert results[0].verdict is Verdict.INVALID


def test_the_budget_stops_it_and_what_was_measured_stays(tmp_path: Path) -> None:
    now = [0.0]

    def tick(_planned: object) -> None:
        now[0] += 10.0

    driver = FakeDriver(planted=_planted(), spread=0.05, seed=2, on_trial=tick)
    campaign = _campaign(tmp_path, AT_THE_LIMIT, driver=driver, budget_s=95.0)
    campaign.clock = lambda: now[0]
    _, stopped = campaign.run()
    assert stopped == "budget"
    assert campaign.elapsed_s <= 95.0
    assert len(campaign.folder.trials()) == len(driver.measured) == 8  # half a step would decide nothing


class _PowerCutError(Exception):
    pass


def test_a_campaign_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = FakeDriver(planted=_planted(), spread=0.005)
    _campaign(tmp_path / "whole", TWICE, EQUAL, driver=whole).run()

    def cut(_planned: object) -> None:
        if len(broken.measured) == 7:
            raise _PowerCutError

    broken = FakeDriver(planted=_planted(), spread=0.005, on_trial=cut)
    campaign = _campaign(tmp_path / "cut", TWICE, EQUAL, driver=broken)
    with pytest.raises(_PowerCutError):
        campaign.run()
    rest = FakeDriver(planted=_planted(), spread=0.005, seed=5)
    results, _ = _on(campaign.folder, TWICE, EQUAL, driver=rest).run()

    order = [(p.round, p.treatment.id) for p in whole.measured]
    assert [(p.round, p.treatment.id) for p in [*broken.measured, *rest.measured]][: len(order)] == order
    ids = [t.trial_id for t in campaign.folder.trials()]
    assert len(ids) == len(set(ids))
    assert [r.verdict for r in results] == [Verdict.SUPPORTED, Verdict.SUPPORTED]


@pytest.mark.parametrize("noise", list(Noise))
def test_false_verdicts_stay_below_the_declared_rate_under(noise: Noise, tmp_path: Path) -> None:
    """Plant nothing where the claim says 'at least a tenth more': supporting it would be false."""
    wrong = claim(_compare(SAME, at_least(1.1)), id="WRONG")
    campaigns, false = 60, 0
    for seed in range(campaigns):
        driver = FakeDriver(planted=_planted(), spread=0.1, noise=noise, seed=seed)
        results, _ = _campaign(tmp_path / f"{noise}-{seed}", wrong, driver=driver, max_rounds=8).run()
        false += results[0].verdict is Verdict.SUPPORTED
    assert false / campaigns <= 0.05

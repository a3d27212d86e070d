"""The replay of schedules on a real campaign: what it plants, and that both schedules run to an end."""

from pathlib import Path

import pytest

from analysis.reading.campaign import load_campaign
from benchmarks.campaigns import unsynced
from benchmarks.scheduling import SCHEDULES, World, main, replay, world_of
from experiment.design.plan import comparisons_of
from harness.campaign.schedule import Stop

REFERENCE = Path(__file__).resolve().parents[2] / "results" / "reference"


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(load_campaign(REFERENCE))


def test_every_treatment_of_every_claim_is_planted_scatters_and_lasts(world: World) -> None:
    for comparison in comparisons_of(world.claims):
        for treatment in comparison.treatments:
            assert world.planted[treatment.id][comparison.metric] >= 0
            assert (treatment.id, comparison.metric) in world.scatter
            assert world.lasts_s[treatment.id] > 0


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_keeps_its_budget(name: str, world: World) -> None:
    with unsynced():
        ended = replay(world, SCHEDULES[name], seed=1, budget_s=300.0, max_rounds=20)
    assert ended.stopped in {Stop.BUDGET, Stop.DECIDED}
    assert ended.elapsed_s <= 320.0  # a treatment that never ran is expected to be short
    assert 0 < ended.decided <= 1


def test_both_schedules_stand_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--campaign", str(REFERENCE), "--seeds", "1"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in SCHEDULES)

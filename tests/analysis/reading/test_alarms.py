"""What must stand on top of a report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.reading.alarms import alarms, is_above
from analysis.reading.campaign import load_campaign, machine_costs
from experiment.theory.ceilings import Ceiling
from fake_campaigns import write_campaign
from made_trials import FAST, trial

if TYPE_CHECKING:
    from pathlib import Path

WAITS = Ceiling(goodput_rps=400.0, decided_by="T/S")
CPU = Ceiling(goodput_rps=400.0, decided_by="1/c", is_cpu=True)


@pytest.mark.parametrize(
    ("rate", "limit", "above"), [(410.0, WAITS, False), (430.0, WAITS, True), (500.0, CPU, False), (700.0, CPU, True)]
)
def test_a_trial_above_its_ceiling_is_a_bug_of_ours(rate: float, limit: Ceiling, *, above: bool) -> None:
    assert is_above(trial(FAST, 1, goodput_rps=rate), limit) is above


def test_a_window_may_hold_one_more_volley_of_long_waits() -> None:
    assert is_above(trial(FAST, 1, goodput_rps=430.0), WAITS)
    assert not is_above(trial(FAST, 1, goodput_rps=430.0), WAITS, volley=0.3 / 3.0)


def test_what_a_request_costs_at_a_moderate_rate_moves_no_ceiling(tmp_path: Path) -> None:
    """The core sleeps between requests at a moderate rate, and each costs more than at saturation."""
    campaign = load_campaign(write_campaign(tmp_path / "campaign", rounds=2))
    dear = campaign.frame.copy()
    dear.loc[dear["load"] == "open-400", "sut_cpu_us_per_request"] *= 3
    costs = machine_costs(campaign.manifest, dear)
    assert costs == campaign.costs
    mine = campaign.frame[campaign.frame["is_valid"]].groupby("treatment")["sut_cpu_us_per_request"].median()
    loop, pooled = (mine[f"noop.{style}@closed-20"] / 1e6 for style in ("async-native", "def"))
    assert (costs.loop_cpu_s, costs.hop_cpu_s) == pytest.approx((loop, pooled - loop))


def test_an_invalid_trial_raises_no_alarm() -> None:
    assert not is_above(trial(FAST, 1, rules=("clock",), goodput_rps=9999.0), WAITS)


def test_twins_that_differ_are_named(tmp_path: Path) -> None:
    write_campaign(tmp_path / "campaign")
    campaign = load_campaign(tmp_path / "campaign")
    assert not [a for a in alarms(campaign) if "byte-identical" in a]
    apart = replace(campaign.aa.estimate, effect=1.3, low=1.2, high=1.4)
    (said,) = [a for a in alarms(replace(campaign, aa=replace(campaign.aa, estimate=apart))) if "identical" in a]
    assert "1.20 to 1.40" in said

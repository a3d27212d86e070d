"""What the page's chart over time is drawn from."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from analysis.report.over_time import MEASURES, Measure, over_time
from experiment.records.trial import METRIC_FIELDS, SecondRow

if TYPE_CHECKING:
    from drawn_campaign import Drawn

OF_A_TRIAL = {*METRIC_FIELDS, "yardstick_us"}
OF_A_SECOND = {field.name for field in fields(SecondRow)}


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.label)
def test_a_measure_is_made_of_columns_that_are_recorded(measure: Measure) -> None:
    assert set(measure.fields) <= (OF_A_SECOND if measure.is_per_second else OF_A_TRIAL)


def test_every_point_is_of_a_trial_and_only_what_was_measured_is_a_measure(drawn: Drawn) -> None:
    data = over_time(drawn.campaign)
    assert data is not None
    assert len(data["measures"]) == len(data["series"])
    assert len(data["trials"]) == len(drawn.campaign.trials)
    for points in data["series"]:
        assert points
        assert all(0 <= trial < len(data["trials"]) for trial, _, _ in points)


def test_what_was_not_measured_is_no_point(drawn: Drawn) -> None:
    frame = drawn.campaign.frame.copy()
    frame.loc[frame.index[0], "response_p50_us"] = None
    before, after = (over_time(each) for each in (drawn.campaign, replace(drawn.campaign, frame=frame)))
    assert before is not None
    assert after is not None
    at = [one["label"] for one in before["measures"]].index("response time p50 of the trial")
    assert len(after["series"][at]) == len(before["series"][at]) - 1


def test_a_campaign_with_too_many_seconds_for_a_page_has_no_such_chart(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.report.over_time.MOST_POINTS", 3)
    assert over_time(drawn.campaign) is None


def test_a_trial_whose_start_cannot_be_read_is_left_out(drawn: Drawn) -> None:
    frame = drawn.campaign.frame.copy()
    frame.loc[frame.index[0], "started_at"] = "yesterday"
    data = over_time(replace(drawn.campaign, frame=frame))
    assert data is not None
    assert len(data["trials"]) == len(frame) - 1

"""The chart of goodput against users where requests can wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.charts import draw_all, pictures
from analysis.reading.campaign import load_campaign
from experiment.design.claims import CLAIMS
from experiment.design.model import Treatment
from fake_campaigns import SESSION_TREATMENTS, write_campaign

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.drawing.canvas import Picture


def _drawn(path: Path, *treatments: Treatment) -> Picture | None:
    campaign = load_campaign(write_campaign(path, rounds=3, claims=[CLAIMS["B8"]], treatments=treatments))
    return next((picture for kind, picture in pictures(campaign) if kind == "cliff"), None)


def test_it_says_which_routes_stop_and_has_what_theory_predicts(tmp_path: Path) -> None:
    picture = _drawn(tmp_path / "c", *SESSION_TREATMENTS)
    assert picture is not None
    assert "with 10 users, threads and connections together, session of a dependency stops" in picture.title
    rows = {(row["variant"], row["users"]): row for row in picture.rows}
    assert [rows["session.def", n]["predicted_rps"] for n in (6, 9, 10, 12)] == [80, 80, 0, 0]
    assert [rows["session.def.limited", n]["predicted_rps"] for n in (9, 10)] == [80, 80]
    assert rows["session.def", 10]["median_rps"] == 0
    assert {row["cliff_at_users"] for row in picture.rows} == {10}


def test_without_a_measurement_beyond_the_cliff_there_is_no_chart(tmp_path: Path) -> None:
    assert _drawn(tmp_path / "c", *(t for t in SESSION_TREATMENTS if "-9-" in t.load or "-6-" in t.load)) is None


def test_a_route_that_answers_nothing_at_all_can_be_drawn(tmp_path: Path) -> None:
    stuck = [t for t in SESSION_TREATMENTS if t.variant == "session.def" and "-1" in t.load]
    campaign = load_campaign(write_campaign(tmp_path / "c", rounds=3, claims=[], treatments=stuck))
    assert {chart.kind for chart in draw_all(campaign, tmp_path / "charts")} >= {"cliff", "goodput"}

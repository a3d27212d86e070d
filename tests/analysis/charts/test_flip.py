"""Sweeps over users: where a style pulls ahead, and the map of which style when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.charts import pictures
from analysis.charts.flip import leads_of
from analysis.charts.style_map import spots_of
from analysis.drawing.canvas import slide_canvas
from analysis.drawing.style import LIGHT
from analysis.reading.campaign import load_campaign
from analysis.reading.users_sweep import points_of
from bench_app.catalogue import CATALOGUE
from bench_app.works import SLEEP
from experiment.design.sweep import users_steps
from fake_campaigns import SETTINGS, USERS_SWEEP, write_campaign

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.drawing.canvas import Picture
    from analysis.reading.campaign import Campaign
    from experiment.design.sweep import Step


def _swept(folder: Path, steps: tuple[Step, ...], rounds: int = 2) -> Campaign:
    made = write_campaign(folder, rounds=rounds, treatments=[], claims=[], users_sweep=steps, invalid=())
    return load_campaign(made)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A campaign over waits of 5, 50 and 500 ms, whose figures follow theory."""
    return _swept(tmp_path_factory.mktemp("results") / "swept", USERS_SWEEP)


def _by_kind(campaign: Campaign) -> dict[str, Picture]:
    return dict(pictures(campaign))


def test_a_lead_begins_where_the_others_can_no_more(swept: Campaign) -> None:
    """At 50 and 500 ms the 40 threads are the limit, at 5 ms the CPU that a hop costs."""
    leads = {lead.wait_s: lead for lead in leads_of(points_of(swept, SLEEP))}
    assert {wait: (lead.side.label, lead.at) for wait, lead in leads.items()} == {
        0.005: ("async-native", 20),
        0.05: ("async-native", 80),
        0.5: ("async-native", 80),
    }


def test_the_title_says_who_is_ahead_from_where(swept: Campaign) -> None:
    title = _by_kind(swept)["flip"].title.replace("\N{NO-BREAK SPACE}", " ")
    assert title == (
        "A sleep: async def that awaits is ahead from 20 users on with waits of 5 ms and from 80 users on with waits "
        "of 50 ms and 500 ms"
    )


def test_every_point_stands_beside_its_ceiling(swept: Campaign) -> None:
    rows = {(r["variant"], r["wait_s"], r["users"]): r for r in _by_kind(swept)["flip"].rows}
    assert len(rows) == 48
    assert rows["sleep.def", 0.5, 200]["ceiling_rps"] == pytest.approx(80)
    assert rows["sleep.def", 0.5, 200]["ceiling_decided_by"] == "T/S"
    assert rows["sleep.async-native", 0.005, 200]["ceiling_decided_by"] == "1/c"
    assert all(row["median_rps"] <= row["ceiling_rps"] * 1.1 for row in rows.values())


def test_the_map_tells_where_it_does_not_matter(swept: Campaign) -> None:
    spots = {(spot.wait_s, spot.users): spot for spot in spots_of(swept, points_of(swept, SLEEP))}
    assert [side.label for side in spots[0.5, 80].good] == ["async-native"]
    assert [side.label for side in spots[0.5, 20].good] == ["async-native", "def"]
    assert spots[0.5, 80].lead == pytest.approx(2, rel=0.1)
    assert all(spot.good == spot.in_theory for spot in spots.values())
    picture = _by_kind(swept)["style_map"]
    assert "async def that awaits is best at 8 and it does not matter at 16" in picture.title
    assert "theory says the same at 24 of 24 points" in picture.facts


def test_pool_sizes_are_sides_of_their_own(tmp_path: Path) -> None:
    variants = [CATALOGUE["sleep.async-native"], CATALOGUE["sleep.def"]]
    steps = users_steps(variants, (20, 200), waits_ms=(50,), tokens=(10, 100), settings=SETTINGS)
    picture = _by_kind(_swept(tmp_path / "pools", steps))["flip"]
    limits = {(r["server"], r["users"]): r["ceiling_decided_by"] for r in picture.rows if r["variant"] == "sleep.def"}
    assert limits == {
        ("10 tokens", 20): "T/S",
        ("10 tokens", 200): "T/S",
        ("100 tokens", 20): "N/S",
        ("100 tokens", 200): "T/S",
    }
    assert picture.title.startswith("A 50 ms sleep: async def that awaits is ahead from 200 users on")


def test_cpu_is_an_axis_of_its_own_and_a_lead_ends_where_the_core_is_the_limit_of_all(tmp_path: Path) -> None:
    variants = [CATALOGUE["sleep.async-native"], CATALOGUE["sleep.def"]]
    steps = users_steps(variants, (80,), cpus_us=(100, 1_000, 10_000), settings=SETTINGS)
    found = _by_kind(_swept(tmp_path / "cpu", steps))
    title = found["flip"].title.replace("\N{NO-BREAK SPACE}", " ")
    assert title == "A 100 ms sleep: async def that awaits is ahead up to 1 ms of CPU a request"
    assert any("against the handler's CPU a request, 80 users" in fact for fact in found["flip"].facts)
    decided = {(r["variant"], r["handler_cpu_us"]): r["ceiling_decided_by"] for r in found["flip"].rows}
    assert (decided["sleep.def", 100], decided["sleep.async-native", 100]) == ("T/S", "N/(S+c)")
    assert (decided["sleep.def", 10_000], decided["sleep.async-native", 10_000]) == ("1/(c+h)", "1/c")
    assert "style_map" not in found


def test_one_variant_has_a_curve_and_no_map(tmp_path: Path) -> None:
    steps = users_steps([CATALOGUE["sleep.def"]], (1, 20), waits_ms=(5, 50), settings=SETTINGS)
    found = _by_kind(_swept(tmp_path / "one", steps, rounds=1))
    assert "plain def answers up to" in found["flip"].title
    assert "style_map" not in found


def test_the_steps_of_a_sweep_are_in_no_other_chart_of_their_work(swept: Campaign) -> None:
    assert _by_kind(swept).keys() == {"flip", "style_map", "order"}


@pytest.mark.parametrize("kind", ["flip", "style_map"])
def test_a_reader_can_point_at_every_measured_place(swept: Campaign, kind: str) -> None:
    canvas = slide_canvas(_by_kind(swept)[kind], LIGHT, footer="", is_smoke=False)
    assert len(canvas.spots) == {"flip": 48, "style_map": 24}[kind]

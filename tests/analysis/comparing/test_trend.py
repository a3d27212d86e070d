"""Ratios over campaigns: in the order of time, with their intervals, and joined only where they are of one kind."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.comparing.trend import JudgedCampaign, Trend, read_judged, trend, what_parts
from analysis.comparing.trend_picture import draw_trend, pictures
from analysis.comparing.trend_text import COLUMNS, headline, lines, rows
from comparable_campaigns import NATIVE, POOLED, measured
from experiment.errors import Exit, StoreError, UsageError
from experiment.records.store import MANIFEST
from fake_app_world import BUSY, WORLD, Truth, version_claims
from fake_apps import write_app_campaign
from fake_campaigns import HOST, SETTINGS
from harness.commands.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = {**HOST, "cpu": "Another <Processor> & more\x1b[31m"}
Made = dict[str, "Path"]


def day(number: int) -> str:
    return f"2026-11-{number:02d}T10:00:00+00:00"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Campaigns of five days; that of the third is of another machine, on the fourth def became faster."""
    root = tmp_path_factory.mktemp("results")
    how: dict[str, dict[str, Any]] = {
        "first": {},
        "second": {},
        "elsewhere": {"host": ELSEWHERE},
        "moved": {"factors": {POOLED: 1.5}},
        "older-claims": {"claims_version": 3},
    }
    return {
        name: measured(root / name, rounds=5, seed=number, spread=0.02, started_at=day(number), **changes)
        for number, (name, changes) in enumerate(how.items(), start=1)
    }


@pytest.fixture(scope="module")
def found(made: Made) -> Trend:
    return trend(read_judged(path) for path in reversed(made.values()))


def judged(tmp_path: Path, name: str, number: int, **changes: Any) -> JudgedCampaign:
    return read_judged(measured(tmp_path / name, rounds=2, started_at=day(number), **changes))


def test_campaigns_stand_in_the_order_of_time_however_they_are_named(found: Trend, made: Made) -> None:
    assert [campaign.name for campaign in found.campaigns] == list(made)
    assert [point.place for point in found.ratios[0].points] == [0, 1, 2, 3, 4]


def test_a_ratio_is_the_one_that_its_own_campaign_judged(found: Trend) -> None:
    ratio = next(each for each in found.ratios if each.claim == "A8")
    assert (ratio.comparison.treatment.id, ratio.slug) == (NATIVE, "sync-just-less-scalable")
    own = next(result for result in found.campaigns[0].results if result.claim.id == "A8")
    assert ratio.points[0].result is own.comparisons[0]


def test_only_campaigns_of_one_kind_are_of_one_series(found: Trend) -> None:
    assert [campaign.series for campaign in found.campaigns] == [0, 0, 1, 0, 2]
    elsewhere, older = found.parted
    assert elsewhere.startswith("first and elsewhere: machine, cpu: ")
    assert older == "first and older-claims: claims, version: 7 / 3"


def test_what_moved_is_what_its_neighbour_in_the_series_does_not_overlap(found: Trend) -> None:
    assert {ratio.claim for ratio in found.moved} == {"A1", "A8"}
    assert headline(found) == "Moved between campaigns: A1 and A8"


def test_a_slow_drift_has_moved_although_all_neighbours_overlap(tmp_path: Path) -> None:
    drifting = [
        read_judged(
            measured(tmp_path / f"{n}", rounds=5, spread=0.02, started_at=day(n + 1), factors={POOLED: 1 + 0.06 * n})
        )
        for n in range(5)
    ]
    assert {ratio.claim for ratio in trend(drifting, ["A8"]).moved} == {"A8"}
    assert trend(drifting[:2], ["A8"]).moved == ()


def test_campaigns_of_other_kinds_never_move_anything(made: Made) -> None:
    apart = trend([read_judged(made["elsewhere"]), read_judged(made["moved"])])
    assert apart.moved == ()
    assert headline(apart) == "No two of these campaigns can be joined: each is of another kind"


def test_equal_campaigns_do_not_move(made: Made) -> None:
    assert headline(trend([read_judged(made["first"]), read_judged(made["second"])])) == (
        "No ratio moved: each interval overlaps the one before it, and the newest the oldest"
    )


@pytest.mark.parametrize(
    ("parts", "changes"),
    [
        ("", {}),
        ("", {"host": {**HOST, "python": "3.12.1"}}),
        ("", {"packages": {"fastapi": "0.131.0"}}),
        ("", {"host": {**HOST, "memory_gib": 64.0}}),
        ("machine, cpu", {"host": ELSEWHERE}),
        ("machine, cores", {"host": {**HOST, "cores": 8}}),
        ("claims, version: 7 / 8", {"claims_version": 8}),
        ("settings, sleep_s", {"settings": {**SETTINGS, "sleep_s": 0.2}}),
        ("method, driver's workers: 0 / 2", {"workers": 2}),
        ("profile, smoke run", {"profile": {"name": "s", "is_smoke": True, "budget_s": 60, "max_rounds": 3}}),
    ],
)
def test_what_parts_two_campaigns(tmp_path: Path, parts: str, changes: dict[str, Any]) -> None:
    reasons = what_parts(judged(tmp_path, "a", 1), judged(tmp_path, "b", 2, **changes))
    assert "; ".join(reasons).startswith(parts)
    assert bool(reasons) is bool(parts)


def test_another_format_is_not_joined(made: Made, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for path in made["first"].glob("*.*"):
        (old / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((old / MANIFEST).read_text(encoding="utf-8"))
    (old / MANIFEST).write_text(json.dumps({**manifest, "format_version": 1, "campaign": "old"}), encoding="utf-8")
    assert "format: 2 / 1" in what_parts(read_judged(made["second"]), read_judged(old))


def test_claims_are_chosen_by_id_or_slug(made: Made) -> None:
    campaigns = [read_judged(made[name]) for name in ("first", "second")]
    for claims in (["a8"], ["sync-just-less-scalable"]):
        assert [ratio.claim for ratio in trend(campaigns, claims).ratios] == ["A8"]


def test_a_campaign_without_the_claim_leaves_its_place_empty(made: Made, tmp_path: Path) -> None:
    from experiment.design.claims import CLAIMS

    one = judged(tmp_path, "one", 2, claims=[CLAIMS["A1"]])
    both = trend([read_judged(made["first"]), one, read_judged(made["moved"])], ["A8"])
    assert [point.place for point in both.ratios[0].points] == [0, 2]


@pytest.mark.parametrize(
    ("names", "claims", "said"),
    [
        (["first"], [], "at least two campaigns"),
        (["first", "second", "first"], [], "first is there twice"),
        (["first", "second"], ["A12"], "none of these campaigns has the claim A12; they have A1, A8 and A9"),
    ],
)
def test_what_makes_no_trend_is_said(made: Made, names: list[str], claims: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        trend([read_judged(made[name]) for name in names], claims)


def test_a_manifest_whose_start_is_no_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no time in started_at"):
        read_judged(measured(tmp_path / "a", rounds=2, started_at="yesterday"))


def test_a_campaign_that_does_not_say_when_it_began_stands_first(made: Made, tmp_path: Path) -> None:
    unknown = read_judged(measured(tmp_path / "unknown", rounds=2, started_at=None))
    both = trend([read_judged(made["first"]), unknown])
    assert [campaign.when for campaign in both.campaigns] == ["not recorded", "2026-11-01 10:00"]
    assert next(pictures(both)).facts[1] == "2 campaigns, not recorded to 2026-11-01 10:00 UTC"


# --- apps of somebody


def app(path: Path, rps: float, number: int) -> JudgedCampaign:
    world = {
        **{name: truth for name, truth in WORLD.items() if "+" not in name},
        f"search@{BUSY}+version-main": Truth(ms=1060, rps=rps),
        f"items@{BUSY}+version-main": Truth(ms=24, rps=830),
    }
    write_app_campaign(path, world=world, claims=version_claims("main"))
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    (path / MANIFEST).write_text(json.dumps({**manifest, "started_at": day(number)}), encoding="utf-8")
    return read_judged(path)


def test_campaigns_over_an_app_have_a_trend_of_their_ratios(tmp_path: Path, made: Made) -> None:
    apps = [app(tmp_path / "one", 18.9, 2), app(tmp_path / "two", 40.0, 3)]
    found = trend([*apps, read_judged(made["first"])])
    search = next(ratio for ratio in found.ratios if ratio.claim == "search-against")
    assert [point.series for point in search.points] == [1, 1]
    assert search.is_moved
    assert [campaign.app for campaign in found.campaigns] == ["", "shop.main:app", "shop.main:app"]
    assert "app: our own / shop.main:app" in "".join(found.parted)


# --- what is written


def test_the_table_has_a_row_for_each_ratio_of_each_campaign(found: Trend) -> None:
    table = [dict(zip(COLUMNS, row, strict=True)) for row in rows(found)]
    assert len(table) == sum(len(ratio.points) for ratio in found.ratios)
    first = next(row for row in table if row["claim"] == "A8")
    assert (first["treatment"], first["baseline"], first["campaign"]) == (NATIVE, POOLED, "first")
    assert first["low"] < first["ratio"] < first["high"]
    assert (first["expected_low"], first["expected_high"], first["verdict"]) == (1.5, None, "supported")


def test_the_terminal_names_each_campaign_and_what_is_not_joined(found: Trend) -> None:
    said = list(lines(found))
    assert said[1].startswith("  1  2026-11-01 10:00  first  (series 1: Example Processor 9000, 2 cores; claims ")
    assert said[-1] == "Not joined by a line: first and older-claims: claims, version: 7 / 3"


def test_each_page_has_a_few_rows_and_all_ratios_are_on_one(found: Trend) -> None:
    pages = list(pictures(found))
    assert [page.name for page in pages] == ["trend-1", "trend-2"]
    assert sum(len(page.values) for page in pages) == len(found.ratios)


@pytest.mark.parametrize("count", [1, 14])
def test_any_number_of_campaigns_is_drawn_in_both_themes(
    made: Made, tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.drawing.files.imsave", lambda path, _image, **_how: path.touch())
    others = [{**HOST, "cpu": f"Processor {number}"} for number in range(count)]
    campaigns = [read_judged(path) for path in made.values()]
    campaigns += [judged(tmp_path, f"c{number}", 10 + number, host=host) for number, host in enumerate(others)]
    draw_trend(trend(campaigns, ["A8"]), tmp_path / "out", "bench trend")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"trend-1{theme}{ending}" for theme in ("", ".dark") for ending in (".svg", ".png")}


def test_the_command_writes_charts_and_table(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("analysis.drawing.files.imsave", lambda path, _image, **_how: path.touch())
    out = tmp_path / "out"
    assert main(["trend", *map(str, made.values()), "--claims", "A8", "--out", str(out)]) == Exit.OK
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "A8  sleep.async-native / sleep.def @closed-80, goodput, moved" in told
    with (out / "trend.csv").open(encoding="utf-8", newline="") as file:
        assert {row["claim"] for row in csv.DictReader(file)} == {"A8"}
    assert (out / "trend-1.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_a_folder_without_a_campaign_is_named(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trend", str(made["first"]), str(tmp_path)]) == Exit.USAGE
    assert "holds no campaign" in capsys.readouterr().err

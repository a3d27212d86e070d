"""What the crash test finds in a campaign that lost something, and the crash test itself, with a few kills."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import crash
from benchmarks.crash import trials_of
from benchmarks.crash_checks import lost, replanned, strayed
from benchmarks.crash_parts import Spot
from comparable_campaigns import ALL_ROUNDS, measured
from experiment.records.store import CampaignFolder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> CampaignFolder:
    """A campaign of two rounds over everything, measured by the fake driver."""
    profile = {**ALL_ROUNDS, "max_rounds": 2, "budget_s": 1e6}
    return CampaignFolder(measured(tmp_path_factory.mktemp("campaign") / "c", rounds=2, seed=7, profile=profile))


def reported(campaign: CampaignFolder) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(asdict(trial))) for trial in campaign.trials()]


def test_what_was_reported_and_is_on_disk_is_not_lost(campaign: CampaignFolder) -> None:
    assert list(lost(reported(campaign), campaign)) == []


def test_a_trial_that_is_not_on_disk_or_differs_there_is_named(campaign: CampaignFolder) -> None:
    said = reported(campaign)[:2]
    said[0]["trial_id"], said[1]["treatment"] = "t9999", "noop.def@closed-1"
    assert list(lost(said, campaign)) == [
        "t9999 was reported and is not on disk",
        f"{said[1]['trial_id']} is on disk with other values of treatment",
    ]


def test_a_whole_campaign_follows_its_plan(campaign: CampaignFolder) -> None:
    assert list(strayed(campaign.manifest(), campaign.trials())) == []


def test_a_trial_that_is_missing_moved_or_twice_is_named(campaign: CampaignFolder) -> None:
    manifest, trials = campaign.manifest(), campaign.trials()
    assert any("lacks" in what for what in strayed(manifest, trials[1:]))
    assert any("two trials have one id" in what for what in strayed(manifest, [*trials, trials[0]]))
    moved = [replace(trials[0], position=trials[0].position + 1), *trials[1:]]
    assert any("where the plan has" in what for what in strayed(manifest, moved))


def test_a_plan_that_changed_is_named(campaign: CampaignFolder) -> None:
    manifest = campaign.manifest()
    assert list(replanned(manifest, manifest)) == []
    other = manifest.model_copy(update={"seed": 99, "stopped_because": "budget"})
    assert [what.partition(" changed")[0] for what in replanned(manifest, other)] == ["the manifest's seed"]


def test_only_whole_lines_about_trials_are_reports() -> None:
    lines = [b'{"event": "note"}\n', b'{"event": "trial", "trial_id": "t1"}\n', b'{"event": "tri']
    assert [trial["trial_id"] for trial in trials_of(lines)] == ["t1"]


def test_processes_of_another_mark_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    assert Spot(spool=tmp_path / "spool").processes() == []


@pytest.mark.timeout(300)  # on a busy machine trials are discarded, repeated, and the campaign resumed
def test_a_few_kills_lose_nothing_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "crash.json"
    monkeypatch.setattr(crash, "PLAN", ("--profile", "smoke", "--claims", "A8", "--rounds", "1", "--all-rounds"))
    monkeypatch.setattr("sys.argv", ["crash", "--kills", "2", "--out", str(out)])
    assert crash.main() == 0, capsys.readouterr().out
    found = json.loads(out.read_text())
    assert sum(found["kills"].values()) == 2
    assert found["reported"] == found["trials"] > 0
    assert found["faults"] == []

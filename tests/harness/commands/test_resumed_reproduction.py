"""A reproduction that broke off and is resumed ends like one that ran through."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from comparable_campaigns import measured, resumer, runner
from experiment.errors import Exit, StoreError
from experiment.records.store import CampaignFolder
from harness.commands import measuring, report, run
from harness.commands import reproduce as reproducing
from harness.commands.cli import main
from harness.commands.origin import REPRODUCTION_JSON, REPRODUCTION_MD, original_of
from harness.commands.reproduce import manifest_again, spec_again
from repeated_campaigns import run_again

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.reading.campaign import Campaign


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Measure once what is reproduced."""
    return load_campaign(measured(tmp_path_factory.mktemp("results") / "theirs"))


class _PowerCutError(BaseException):  # an Exception would be told as a fault of ours
    pass


def _cut_after(trials: int) -> Callable[[object], None]:
    left = [trials]

    def cut(_planned: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise _PowerCutError

    return cut


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out charts and report, and resume with FakeDriver in the rig's place."""
    monkeypatch.setattr(measuring, "draw", lambda _campaign: [])
    monkeypatch.setattr(report, "draw", lambda _campaign: [])
    monkeypatch.setattr(run, "resume", resumer(spread=0.0))


def _reproduce(original: Campaign, out: Path, on_trial: Callable[[object], None] | None = None) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reproducing, "run_registered", runner(spread=0.0, on_trial=on_trial))
        main(["reproduce", str(original.folder.path), "--out", str(out), "--seed", "3", "--quiet"])


def _break_off(original: Campaign, out: Path, *, after: int = 11) -> None:
    with pytest.raises(_PowerCutError):
        _reproduce(original, out, _cut_after(after))


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("after", [0, 11])
def test_resumed_it_ends_with_the_same_pages_as_one_that_ran_through(
    after: int, original: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, whole = tmp_path / "cut" / "again", tmp_path / "whole" / "again"
    _reproduce(original, whole)
    through = capsys.readouterr().out
    _break_off(original, cut, after=after)
    assert not (cut / REPRODUCTION_MD).exists()
    assert main(["run", "--resume", str(cut), "--quiet"]) == Exit.OK
    for page in (REPRODUCTION_MD, REPRODUCTION_JSON):
        assert (cut / page).read_text(encoding="utf-8") == (whole / page).read_text(encoding="utf-8")
    told = through[through.index("Of 3 claims in theirs: 3 reproduced") :]
    assert told in capsys.readouterr().out


@pytest.mark.usefixtures("undrawn")
def test_resumed_it_tells_scripts_in_json(
    original: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _break_off(original, tmp_path / "again")
    capsys.readouterr()
    main(["run", "--resume", str(tmp_path / "again"), "--json"])
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["counts"]["reproduced"] for e in events if e["event"] == "reproduction"] == [3]


@pytest.mark.usefixtures("undrawn")
def test_a_lost_original_costs_the_comparison_only_and_the_cure_is_said(
    original: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, out = tmp_path / "theirs", tmp_path / "again"
    shutil.copytree(original.folder.path, theirs)
    _break_off(load_campaign(theirs), out)
    theirs.rename(tmp_path / "elsewhere")
    assert main(["run", "--resume", str(out), "--quiet"]) == Exit.OK
    assert f"put theirs back there and run `bench report {out}`" in capsys.readouterr().out
    assert not (out / REPRODUCTION_MD).exists()
    (tmp_path / "elsewhere").rename(theirs)
    assert main(["report", str(out)]) == Exit.OK
    assert (out / REPRODUCTION_MD).exists()


def test_another_campaign_in_the_originals_place_is_not_taken_for_it(original: Campaign, tmp_path: Path) -> None:
    run_again(original, tmp_path / "again")
    folder = CampaignFolder.open(tmp_path / "again")
    told = folder.manifest()
    assert told.reproduces is not None
    another = told.reproduces.model_copy(update={"campaign": "another"})
    folder.write_manifest(told.model_copy(update={"reproduces": another}))
    with pytest.raises(StoreError, match=r"repeats another, which cannot be read any more: .* holds theirs"):
        original_of(load_campaign(folder.path))


def test_the_manifest_tells_nothing_of_the_machines_folders(original: Campaign) -> None:
    beside = original.folder.path.parent / "again"
    told = manifest_again(original, spec_again(original, out=beside, budget_s=None, rounds=1, seed=1, words=()))
    assert told.reproduces is not None
    assert told.reproduces.path == "../theirs"


@pytest.mark.usefixtures("undrawn")
def test_a_campaign_that_repeats_none_is_resumed_as_ever(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = measured(tmp_path / "own", rounds=1)
    assert main(["run", "--resume", str(out), "--quiet"]) == Exit.OK
    assert "reproduced" not in capsys.readouterr().out
    assert not (out / REPRODUCTION_MD).exists()

"""A campaign whose trials keep being discarded: the command says so, draws what there is, and exits with 4."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from comparable_campaigns import ASKED, planted, resumer, runner
from experiment.design.claims import CLAIMS
from experiment.errors import Exit
from experiment.records.store import CampaignFolder
from experiment.theory.validity import FAILURE_RULES
from harness.campaign.discarded import MOST_IN_A_ROW
from harness.campaign.events import Listener
from harness.campaign.fake import FakeDriver
from harness.campaign.run import CampaignOutcome, RunSpec, new_manifest
from harness.commands import run
from harness.commands.cli import main

WORDS = ["run", "--claims", ",".join(c.id for c in ASKED), "--rounds", "3", "--out", "mine"]


class _Spoiling(FakeDriver):
    """Spoils every trial from the one with this number on."""

    first: int

    def measure(self, planned: Any, on_progress: Any) -> Any:
        name, number = planned.treatment.id, planned.round
        bad = int(planned.trial_id[1:]) >= self.first
        self.spoiled = frozenset({(name, number)}) if bad else frozenset()
        return super().measure(replace(planned, attempt=1), on_progress)


@pytest.fixture(autouse=True, params=[1, 9])
def _spoiling(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FakeDriver in the rig's place, whose trials are discarded from the first or the ninth on."""
    driver = _Spoiling(planted=planted(), spread=0.01)
    driver.first = request.param

    def new(order: RunSpec, listener: Listener) -> CampaignOutcome:
        claims = [CLAIMS[name] for name in order.claims]
        loads = {t.load: order.profile.load(t.load) for c in claims for t in c.treatments}
        loads["closed-20"] = order.profile.load("closed-20")
        manifest = new_manifest(order, claims, loads, {})
        return runner(driver=driver)(order.out, manifest, listener)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "run_new", new)
    monkeypatch.setattr(run, "resume", resumer())


def test_it_exits_with_4_says_why_and_what_to_do_and_keeps_what_was_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*WORDS]) == Exit.INVALID
    told = capsys.readouterr()
    assert f"{MOST_IN_A_ROW} trials in a row were discarded (sut-died {MOST_IN_A_ROW})" in told.err
    assert FAILURE_RULES["sut-died"][1] in told.err
    assert "bench run --resume mine" in told.err
    folder = CampaignFolder.open(Path("mine"))
    assert sum(not t.is_valid for t in folder.trials()) == MOST_IN_A_ROW
    assert Path("mine/report.html").exists()


def test_it_can_be_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.charts.draw_all", lambda _campaign, _folder: [])
    assert main([*WORDS, "--quiet"]) == Exit.INVALID
    assert main(["run", "--resume", "mine", "--quiet"]) == Exit.OK
    assert CampaignFolder.open(Path("mine")).trials()[-1].is_valid

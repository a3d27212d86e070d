"""A wish to end is not lost, even where the exception that a signal raises is dropped on its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT
from experiment.errors import Exit
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from harness.campaign.campaign import Campaign
from harness.campaign.fake import FakeDriver
from harness.campaign.schedule import Rules
from harness.commands import cli
from harness.system import interruption

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from experiment.design.model import PlannedTrial


@pytest.fixture(autouse=True)
def nothing_noted() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    interruption.forget()
    yield
    interruption.forget()
    signal.signal(signal.SIGTERM, before)


def test_a_campaign_ends_before_its_next_trial_though_the_exception_was_dropped(tmp_path: Path) -> None:
    interruption.listen()

    def drop(_planned: PlannedTrial) -> None:
        with pytest.raises(KeyboardInterrupt):  # as a callback from C drops it
            os.kill(os.getpid(), signal.SIGTERM)

    claim = CLAIMS["A8"]
    driver = FakeDriver(planted=defaultdict(lambda: {GOODPUT: 400.0}), on_trial=drop)
    campaign = Campaign(
        folder=CampaignFolder.create(tmp_path / "c", Manifest(campaign="c")),
        driver=driver,
        claims=[claim],
        loads=LOADS,
        skipped={},
        rules=Rules(seed=1, alpha=0.05, budget_s=60.0, max_rounds=3),
    )
    with pytest.raises(KeyboardInterrupt):
        campaign.run()
    assert len(campaign.folder.trials()) == 1


def test_the_next_command_begins_anew(capsys: pytest.CaptureFixture[str]) -> None:
    interruption.note()
    assert cli.main(["list"]) == Exit.OK
    capsys.readouterr()
    interruption.check()


@pytest.mark.parametrize(("error", "is_printed"), [("KeyboardInterrupt", False), ("ValueError", True)])
def test_an_interruption_that_python_drops_is_not_printed(error: str, is_printed: bool) -> None:  # noqa: FBT001 - pytest passes it
    program = f"""
from harness.system import interruption
interruption.listen()
class Dropped:
    def __del__(self):
        raise {error}
Dropped()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ("Traceback" in done.stderr) is is_printed

"""Campaigns run again: by FakeDriver, or only as far as the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from analysis.reading.campaign import load_campaign
from comparable_campaigns import ASKED, runner
from experiment.design.plan import treatments_for
from experiment.records.store import CampaignFolder
from fake_campaigns import registered
from harness.campaign.events import Listener
from harness.commands.origin import conclude
from harness.commands.reproduce import manifest_again, spec_again

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.comparing.reproduction import Reproduction
    from analysis.reading.campaign import Campaign
    from experiment.design.model import Claim
    from experiment.records.manifest import Manifest


def run_again(original: Campaign, path: Path, **how: Any) -> Reproduction:
    """Run a campaign again with FakeDriver in the rig's place; `how` plants another world."""
    rounds = how.pop("rounds", None)
    order = spec_again(original, out=path, budget_s=None, rounds=rounds, seed=5, words=("bench", "reproduce"))
    runner(**how)(path, manifest_again(original, order), Listener())
    return conclude(original, load_campaign(path), Console(quiet=True))


def made_theirs(path: Path, *, claims: tuple[Claim, ...] = ASKED, **changes: Any) -> Campaign:
    """Return somebody's campaign of which there is only the manifest; `changes` replace parts of it."""
    CampaignFolder.create(path, registered(treatments_for(claims), claims=claims, name=path.name, **changes))
    return load_campaign(path)


def manifest_of(campaign: Campaign, tmp_path: Path, **order: Any) -> Manifest:
    """Return the manifest with which a campaign would be repeated."""
    asked: dict[str, Any] = {"budget_s": None, "rounds": None, "seed": 1, "words": ()}
    return manifest_again(campaign, spec_again(campaign, out=tmp_path / "again", **{**asked, **order}))

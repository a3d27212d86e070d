"""The campaign that another one repeats: where it lies, and what came out the same.

Both `bench reproduce` and whoever goes on with a repetition that broke off end here, so that both end alike.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.comparing.reproduction import Reproduction, compare_verdicts
from analysis.comparing.reproduction import as_json as reproduction_json
from analysis.comparing.reproduction_text import as_markdown, lines
from analysis.reading.campaign import Campaign, load_campaign
from experiment.errors import StoreError
from experiment.records.manifest import ReproducedCampaign
from experiment.records.writing import write_whole
from harness.commands.terminal import say

if TYPE_CHECKING:
    from rich.console import Console

REPRODUCTION_MD, REPRODUCTION_JSON = "reproduction.md", "reproduction.json"


def reference_to(original: Campaign, out: Path) -> ReproducedCampaign:
    """Return what the manifest of a repetition in `out` says of its original.

    The path is relative to the repetition, so that the two can be moved together, and tells nothing of this machine.
    """
    return ReproducedCampaign(
        campaign=original.name,
        commit=original.manifest.git.commit,
        path=os.path.relpath(original.folder.path.resolve(), out.resolve()),
    )


def original_of(campaign: Campaign) -> Campaign | None:
    """Return the campaign that this one repeats; None if it repeats none.

    Raises StoreError when the original does not lie any more where it lay.
    """
    repeats, path = campaign.manifest.reproduces, campaign.folder.path
    if repeats is None or repeats.path is None:  # its own, or of a version that did not record where the original lay
        return None
    place = (path.resolve() / repeats.path).resolve()
    try:
        found = load_campaign(place)
    except StoreError as error:
        raise _lost(path, repeats.campaign, str(error)) from None
    if found.name != repeats.campaign:
        raise _lost(path, repeats.campaign, f"{place} holds {found.name}.")
    return found


def conclude(original: Campaign, again: Campaign, console: Console, *, as_json: bool = False) -> Reproduction:
    """Say what was reproduced, to scripts as an event too; write reproduction.md and reproduction.json beside it."""
    found = compare_verdicts(original, again)
    told = reproduction_json(found)
    folder = again.folder.path
    write_whole(folder / REPRODUCTION_MD, as_markdown(found))
    write_whole(folder / REPRODUCTION_JSON, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    say(console, *lines(found))
    if as_json:
        print(json.dumps({"event": "reproduction", **told}))
    return found


def conclude_again(campaign: Campaign, console: Console, *, as_json: bool = False) -> None:
    """Do for a campaign what `bench reproduce` ends with; nothing for one that repeats no other.

    An original that is gone costs the comparison, not what was measured: that is said, and nothing is raised.
    """
    try:
        original = original_of(campaign)
    except StoreError as error:
        say(console, str(error), style="yellow")
        return
    if original is not None:
        conclude(original, campaign, console, as_json=as_json)


def _lost(path: Path, name: str, why: str) -> StoreError:
    return StoreError(
        f"{path} repeats {name}, which cannot be read any more: {why} What was measured is kept; put {name} back there "
        f"and run `bench report {path}` to set the two side by side."
    )

"""The campaign that another one repeats: where it lies, and what came out the same.

Both `bench reproduce` and whoever goes on with a repetition that broke off end here, so that both end alike.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from analysis.comparing.reproduction import as_json as reproduction_json
from analysis.comparing.reproduction import compare_verdicts
from analysis.comparing.reproduction_text import as_markdown, lines
from analysis.reading.campaign import load_campaign
from experiment.errors import StoreError
from experiment.records.manifest import Reproduced
from experiment.records.store import CampaignFolder, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from analysis.comparing.reproduction import Reproduction
    from analysis.reading.campaign import Campaign

REPRODUCTION_MD, REPRODUCTION_JSON = "reproduction.md", "reproduction.json"


def reference_to(original: Campaign, out: Path) -> Reproduced:
    """Return what the manifest of a repetition in `out` says of its original.

    The path is relative to the repetition, so that the two can be moved together, and tells nothing of this machine.
    """
    return Reproduced(
        campaign=original.name,
        commit=original.manifest.git.commit,
        path=os.path.relpath(original.folder.path.resolve(), out.resolve()),
    )


def original_of(path: Path) -> Campaign | None:
    """Return the campaign that the one in `path` repeats; None if it repeats none.

    Raises StoreError when the original does not lie any more where it lay.
    """
    repeats = CampaignFolder.open(path).manifest().reproduces
    if repeats is None or repeats.path is None:  # its own, or of a version that did not record where the original lay
        return None
    name, lay = repeats.campaign, (path.resolve() / repeats.path).resolve()
    try:
        found = load_campaign(lay)
    except StoreError as error:
        raise _lost(path, name, str(error)) from None
    if found.name != name:
        raise _lost(path, name, f"{lay} holds {found.name}.")
    return found


def conclude(original: Campaign, path: Path) -> Reproduction:
    """Compare the campaign in `path` with the original, and write reproduction.md and reproduction.json beside it."""
    found = compare_verdicts(original, load_campaign(path))
    write_whole(path / REPRODUCTION_MD, as_markdown(found))
    text = json.dumps(reproduction_json(found), indent=2, ensure_ascii=False)
    write_whole(path / REPRODUCTION_JSON, text + "\n")
    return found


def tell(found: Reproduction, console: Console, *, as_json: bool = False) -> None:
    """Print what was reproduced, and to scripts the same as an event."""
    for line in lines(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print(json.dumps({"event": "reproduction", **reproduction_json(found)}))


def conclude_again(path: Path, console: Console, *, as_json: bool = False) -> None:
    """Do for the campaign in `path` what `bench reproduce` ends with; nothing for one that repeats no other.

    An original that is gone costs the comparison, not what was measured: that is said, and nothing is raised.
    """
    try:
        original = original_of(path)
    except StoreError as error:
        console.print(str(error), style="yellow", markup=False, highlight=False, soft_wrap=True)
        return
    if original is not None:
        tell(conclude(original, path), console, as_json=as_json)


def _lost(path: Path, name: str, why: str) -> StoreError:
    return StoreError(
        f"{path} repeats {name}, which cannot be read any more: {why} What was measured is kept; put {name} back there "
        f"and run `bench report {path}` to set the two side by side."
    )

"""`bench slides [DIR]`: a campaign's cards, decks and animated timelines for a talk."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from analysis.reading.campaign import Campaign, load_campaign
from analysis.stats.results import ClaimResult
from experiment.errors import Exit, UsageError
from harness.commands.terminal import say
from harness.commands.words import claim_ids, named_claims
from harness.system.places import RESULTS, short


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dir",
        type=Path,
        nargs="?",
        default=RESULTS / "latest",
        metavar="DIR",
        help="a campaign's folder (default: results/latest)",
    )
    parser.add_argument("--claims", type=named_claims, metavar="A1,A8", help="only the cards of these, by id or slug")


def run(args: argparse.Namespace) -> int:
    make_slides(args.dir, partial(say, Console()), claims=claim_ids(args.claims or ()))
    return Exit.OK


def make_slides(path: Path, say: Callable[[str], None], *, claims: Sequence[str] = ()) -> list[Path]:
    """Draw cards, decks and timelines of a campaign's decided claims into its slides/ folder; return their paths.

    `claims`: only these. Raises UsageError when none of them was decided, or is not of this campaign.
    """
    from analysis.talk.cards import decided, left_out
    from analysis.talk.slides import remove_cards, write_slides
    from analysis.talk.timelines import write_timelines

    campaign = load_campaign(path)
    campaign.folder.check()
    asked = _asked(campaign, claims)
    shown = decided(asked)
    if claims and not shown:
        raise UsageError(f"{short(path)} has nothing to show of {', '.join(claims)}: {left_out(asked)}.")
    folder = path / "slides"
    remove_cards(folder, [result for result in asked if result not in shown])
    written = write_slides(campaign, folder, shown)
    timelines = write_timelines(campaign, folder, shown)
    for each in [*(p for p in written if p.suffix == ".pdf"), *timelines.files]:
        say(short(each))
    for told in (*timelines.told, left_out(asked)):
        if told:
            say(told)
    say(f"{short(folder)}: {len(written)} files, cards as PNG and SVG")
    return [*written, *timelines.files]


def _asked(campaign: Campaign, claims: Sequence[str]) -> list[ClaimResult]:
    """Return the results of these claims in the campaign's order, or all; raises UsageError for one it has not."""
    missing = set(claims) - {result.claim.id for result in campaign.results}
    if missing:
        known = ", ".join(result.claim.id for result in campaign.results)
        raise UsageError(f"{campaign.name} did not ask {', '.join(sorted(missing))}. It has {known}.")
    return [result for result in campaign.results if not claims or result.claim.id in claims]

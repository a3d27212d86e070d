"""`bench claim ID`: what one claim needs, measured and set beside the reference campaign."""

import argparse
from functools import partial

from rich.console import Console

from analysis.comparing.reproduction_text import beside_reference
from analysis.reading.campaign import Campaign, load_campaign
from analysis.reading.sentences import beside
from experiment.errors import StoreError
from harness.commands.measuring import add_measuring, measure
from harness.commands.run import run_as_ordered
from harness.commands.terminal import say
from harness.commands.words import claim_id
from harness.system.places import REFERENCE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a claim's id or slug, e.g. A1 or wrong-style-tanks-throughput")
    add_measuring(parser)


def run(args: argparse.Namespace) -> int:
    return measure(args, partial(run_as_ordered, args, "article", claims=(claim_id(args.id),)), _show_reference)


def _show_reference(campaign: Campaign, console: Console) -> None:
    """Say what would refute the claim; set it beside the reference, where there is one that this version can read."""
    for result in campaign.results:
        if result.claim.refuted_by:
            say(console, f"What would refute it: {result.claim.refuted_by}")
        say(console, *(f"Beside it, not judged: {beside(shown)}." for shown in result.beside))
    try:
        reference = load_campaign(REFERENCE)
    except StoreError:
        return
    say(console, *beside_reference(campaign, reference))

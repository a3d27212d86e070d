"""`bench claim ID`: what one claim needs, measured and set beside the reference campaign."""

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console

from analysis.comparing.reproduction_text import beside_reference
from analysis.reading.campaign import Campaign, load_campaign
from analysis.reading.sentences import beside
from analysis.wording import words
from experiment.design.profiles import FOLKLORE_CLAIMS
from experiment.errors import StoreError
from harness.campaign.events import Listener
from harness.campaign.run import CampaignOutcome
from harness.commands.measuring import add_measuring, measure
from harness.commands.over_ssh import add_sut
from harness.commands.run import run_as_ordered
from harness.commands.terminal import say_prose
from harness.commands.words import claim_id
from harness.system.places import FOLKLORE_REFERENCE, REFERENCE
from harness.system.quiet import watch

DESCRIPTION = """\
Measure what one claim needs, judge it, and set it beside the reference. On a
quiet machine a clear claim such as A1 takes about a minute; it is measured
until it is decided, or its budget is spent."""
EPILOG = """\
examples:
  bench claim A1
  bench claim wrong-style-tanks-throughput --budget 2m
`bench list claims` names them all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="a claim's id or slug, e.g. A1 or wrong-style-tanks-throughput")
    add_measuring(parser, folder="<time>-article-<id>")
    add_sut(parser)


def run(args: argparse.Namespace) -> int:
    return measure(args, partial(_measured, args, claim_id(args.id)), _show_reference)


def _measured(args: argparse.Namespace, claim: str, listener: Listener) -> CampaignOutcome:
    """Measure the claim; where the machine is not quiet, say so first."""
    complaint = watch().complaint
    if complaint:
        listener.note(f"{words.upper_first(complaint)}: the answer may take longer, or stay undecided.")
    return run_as_ordered(args, "article", listener, claims=(claim,))


def _show_reference(campaign: Campaign, console: Console) -> None:
    """Say what would refute the claim; set it beside the reference, where there is one that this version can read."""
    for result in campaign.results:
        if result.claim.refuted_by:
            say_prose(console, f"What would refute it: {result.claim.refuted_by}")
        for shown in result.beside:
            say_prose(console, f"Beside it, not judged: {beside(shown)}.")
    try:
        reference = load_campaign(_reference_for(campaign))
    except StoreError:
        return
    for line in beside_reference(campaign, reference):
        say_prose(console, line)


def _reference_for(campaign: Campaign) -> Path:
    is_folklore = all(claim.id in FOLKLORE_CLAIMS for claim in campaign.claims)
    return FOLKLORE_REFERENCE if is_folklore else REFERENCE

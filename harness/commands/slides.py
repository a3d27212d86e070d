"""`bench slides DIR`: a campaign's cards, decks and animated timelines for a talk."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from analysis.reading.campaign import load_campaign
from experiment.errors import Exit
from harness.commands.terminal import say
from harness.system.places import short


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR", help="a campaign's folder, e.g. results/latest")


def run(args: argparse.Namespace) -> int:
    make_slides(args.dir, partial(say, Console()))
    return Exit.OK


def make_slides(path: Path, say: Callable[[str], None]) -> list[Path]:
    """Draw a campaign's cards, decks and timelines into its slides/ folder; return their paths, the decks first."""
    from analysis.talk.slides import write_slides
    from analysis.talk.timelines import write_timelines

    campaign = load_campaign(path)
    campaign.folder.check()
    written = write_slides(campaign, path / "slides")
    timelines = write_timelines(campaign, path / "slides")
    for each in [*(p for p in written if p.suffix == ".pdf"), *timelines.files]:
        say(short(each))
    for name, reason in timelines.left_out.items():
        say(f"no {name}: {reason}")
    say(f"{short(path / 'slides')}: {len(written)} files, cards as PNG and SVG")
    return [*written, *timelines.files]

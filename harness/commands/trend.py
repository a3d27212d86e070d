"""`bench trend DIR...`: the ratios of several campaigns in the order of time, as charts and as a table."""

import argparse
import shlex
from pathlib import Path

from rich.console import Console

from analysis.comparing.trend import read_judged, trend
from analysis.comparing.trend_text import COLUMNS, lines, rows
from experiment.errors import Exit
from experiment.records.store import write_table
from harness.commands.terminal import say
from harness.commands.words import named_claims, new_folder
from harness.system.places import RESULTS, short

DESCRIPTION = """\
Each treatment's ratio to its baseline, through all these campaigns: of ours, or
over an app of yours. A line joins campaigns of alike machines, the same version
of the claims and the same format; the others stand beside them."""
TABLE = "trend.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dirs", nargs="+", type=Path, metavar="DIR", help="campaigns' folders, in any order")
    parser.add_argument("--claims", type=named_claims, default=(), metavar="A1,A8", help="only these, by id or slug")
    parser.add_argument(
        "--out",
        type=new_folder,
        default=RESULTS / "trend",
        metavar="DIR",
        help="where to write it (default: results/trend)",
    )


def run(args: argparse.Namespace) -> int:
    """Draw and write a trend. Raises StoreError for a folder without a campaign, UsageError for too few of them."""
    from analysis.comparing.trend_picture import draw_trend

    found = trend([read_judged(path) for path in args.dirs], args.claims)
    console = Console()
    say(console, *lines(found))
    written = draw_trend(found, args.out, shlex.join(args.words))
    write_table(args.out / TABLE, COLUMNS, rows(found))
    say(console, *map(short, [*written, args.out / TABLE]))
    return Exit.OK

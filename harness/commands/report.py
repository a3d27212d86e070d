"""`bench report DIR`: everything that follows from a campaign's raw files, made again."""

import argparse
from pathlib import Path

from rich.console import Console

from analysis.reading.campaign import Campaign, load_campaign
from experiment.errors import Exit
from experiment.records.app_record import APP
from harness.commands.origin import conclude_again
from harness.commands.terminal import say
from harness.system.places import short


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR", help="a campaign's folder, e.g. results/latest")


def run(args: argparse.Namespace) -> int:
    console = Console()
    if (args.dir / APP).exists():
        say(console, *map(short, _draw_app(args.dir)))
        return Exit.OK
    campaign = load_campaign(args.dir)
    say(console, *map(short, draw(campaign)))
    conclude_again(campaign, console)
    return Exit.OK


def _draw_app(folder: Path) -> list[Path]:
    """Write the page and the summary of a campaign over an app of the user's."""
    from analysis.own_app.reading import read_results
    from harness.commands.app_measuring import written

    return written(read_results(folder), folder, None)


def draw(campaign: Campaign) -> list[Path]:
    """Write verdicts, charts and report into the campaign's folder; return the paths a reader wants, report first."""
    from analysis import charts
    from analysis.report.report import write_report, write_verdicts_csv

    verdicts = write_verdicts_csv(campaign)
    folder = campaign.folder.path / "charts"
    return [*write_report(campaign, charts.draw_all(campaign, folder)), verdicts, folder]

"""What every command that measures has in common: its arguments, who watches, and what is told at the end."""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from analysis.reading.alarms import alarms
from analysis.reading.campaign import Campaign, load_campaign
from analysis.reading.sentences import finding
from analysis.stats.results import ClaimResult, Verdict
from analysis.wording import markdown
from analysis.wording.columns import wrapped
from analysis.wording.printable import one_line, printable
from experiment.errors import Exit
from experiment.records.writing import write_whole
from harness.campaign.discarded import Discarded
from harness.campaign.events import Listener
from harness.campaign.over_ssh import carried_out
from harness.campaign.run import CampaignOutcome
from harness.campaign.schedule import Stop
from harness.commands.driving import add_driving
from harness.commands.live import JsonLines, LiveView, PlainLines
from harness.commands.live_text import MARKS
from harness.commands.over_ssh import order_elsewhere
from harness.commands.report import draw
from harness.commands.terminal import say, say_prose, width_for
from harness.commands.words import new_folder, positive, seconds, seed
from harness.system.lock import alone
from harness.system.places import short

_INDENT = " " * 20  # a claim's id and verdict


def add_measuring(parser: argparse.ArgumentParser, *, folder: str) -> None:
    """Add what every campaign can be told; `folder` is how its folder is named by itself."""
    parser.set_defaults(sut=None, measure_only=False)  # of a command without add_sut
    parser.add_argument("--out", type=new_folder, metavar="DIR", help=f"where to write it (default: results/{folder})")
    parser.add_argument("--seed", type=seed, metavar="N", help="decides the order of trials (default: a new one)")
    parser.add_argument("--budget", type=seconds, metavar="5m", help="stop measuring after this long")
    parser.add_argument("--rounds", type=positive, metavar="N", help="at most so many rounds")
    add_driving(parser, "--workers", "--driver-workers")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the verdicts as Markdown too")
    parser.add_argument("--beside", action="store_true", help="measure although another campaign is being measured")
    view = parser.add_mutually_exclusive_group()
    view.add_argument("--quiet", action="store_true", help="no progress, only the verdicts")
    view.add_argument("--json", action="store_true", help="progress as JSON lines, for scripts")


def measure(
    args: argparse.Namespace,
    run: Callable[[Listener], CampaignOutcome],
    conclude: Callable[[Campaign, Console], None] = lambda _campaign, _console: None,
) -> int:
    """Run a campaign, then read, judge and draw it, once each; return the exit code.

    `run` is what measures, unless the app is on another machine; `conclude` says what a command adds to the verdicts.
    Raises UsageError while another campaign is being measured on this machine, unless that is wanted.
    """
    console = Console(stderr=args.json, highlight=False)
    with (
        alone(shlex.join(args.words), beside=args.beside),
        watching(console, quiet=args.quiet, as_json=args.json) as listener,
    ):
        finished = run(listener) if args.sut is None else carried_out(order_elsewhere(args), listener)
    if args.measure_only:
        say(console, f"measured; stopped because: {finished.stopped_because}.")
        return Exit.INVALID if finished.stopped_because == Stop.DISCARDED else Exit.OK
    say(console, f"measured; stopped because: {finished.stopped_because}. Drawing ...")
    campaign = load_campaign(finished.folder.path)
    paths = draw(campaign)
    _show_verdicts(console, campaign.results)
    for alarm in alarms(campaign):
        say_prose(console, f"Distrust this campaign: {alarm}", style="red")
    conclude(campaign, console)
    if args.markdown is not None:
        _write_markdown(args.markdown, campaign)
    if campaign.is_smoke:
        say(console, "A smoke run: its windows are too short for evidence; `make bench` measures.")
    say(console, *map(short, paths))
    if finished.stopped_because == Stop.DISCARDED:
        return _given_up(campaign, is_elsewhere=args.sut is not None)
    return exit_code(campaign.results)


def _write_markdown(path: Path, campaign: Campaign) -> None:
    from analysis.report.report import verdict_table_markdown

    write_whole(path, f"### {markdown.cell(campaign.name)}\n\n{verdict_table_markdown(campaign)}")


def _given_up(campaign: Campaign, *, is_elsewhere: bool) -> int:
    """Say which rules discarded the latest trials and what to do; return the exit code."""
    for line in Discarded.last_of(campaign.trials).lines():
        print(f"bench: {printable(line)}", file=sys.stderr)
    again = f"bench run --resume {shlex.quote(str(short(campaign.folder.path)))}{' --sut …' if is_elsewhere else ''}"
    print(f"bench: what was measured is kept; go on with {again}", file=sys.stderr)
    return Exit.INVALID


@contextmanager
def watching(console: Console, *, quiet: bool, as_json: bool) -> Iterator[Listener]:
    """Yield the listener the user asked for; on a terminal a live view, elsewhere plain lines."""
    if as_json:
        yield JsonLines()
    elif quiet:
        yield Listener()
    elif console.is_terminal:
        with LiveView(console) as view:
            yield view
    else:
        yield PlainLines()


def _show_verdicts(console: Console, results: Sequence[ClaimResult]) -> None:
    """Print each claim and below it what was measured, or why it was skipped.

    Lines are broken between words on a terminal, and not in logs.
    """
    if results:
        console.print(Text("\nVerdicts", style="bold"))
    for result in results:
        word, colour = MARKS[result.verdict]
        first, *rest = wrapped(one_line(result.claim.statement), width_for(console), indent=_INDENT)
        line = Text.assemble(f"{result.claim.id:<5}", (f"{word:<15}", colour), first.removeprefix(_INDENT))
        console.print(line, soft_wrap=True)
        say(console, *rest)
        if result.comparisons or result.verdict is Verdict.SKIPPED:
            say_prose(console, finding(result), indent=_INDENT, style="dim")


def exit_code(results: Sequence[ClaimResult]) -> int:
    """Return 4 when nothing could be judged because the trials were not valid."""
    verdicts = {r.verdict for r in results} - {Verdict.NOT_MEASURABLE, Verdict.SKIPPED}
    if verdicts and verdicts <= {Verdict.INVALID}:
        print("bench: no claim has valid trials; the report names the reasons", file=sys.stderr)
        return Exit.INVALID
    return Exit.OK

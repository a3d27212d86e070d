"""What `bench app run` and `bench app try` have in common: who watches, and what is written and said at the end."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from analysis.own_app.annotations import annotations
from analysis.own_app.export import as_json
from analysis.own_app.gate import stopped
from analysis.own_app.junit import junit
from analysis.own_app.page import page
from analysis.own_app.reading import read_results
from analysis.own_app.results import AppResults
from analysis.own_app.summary_markdown import markdown
from analysis.own_app.terminal import terminal
from analysis.wording.printable import printable
from experiment.errors import Exit
from experiment.records.writing import write_whole
from harness.campaign.discarded import Discarded
from harness.campaign.events import Listener
from harness.campaign.over_ssh import carried_out
from harness.campaign.run import CampaignOutcome
from harness.campaign.schedule import Stop
from harness.commands.measuring import exit_code, watching
from harness.commands.over_ssh import add_sut, order_elsewhere
from harness.commands.terminal import say
from harness.own_app.campaign import resume_app, run_app
from harness.own_app.order import AppOrder
from harness.system.lock import alone
from harness.system.places import short

PAGE, SUMMARY = "report.html", "report.md"


def add_results(parser: argparse.ArgumentParser) -> None:
    add_sut(parser)
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML too")
    parser.add_argument("--annotations", action="store_true", help="print GitHub annotations, ::warning file=...")
    parser.add_argument("--beside", action="store_true", help="measure although another campaign is being measured")
    view = parser.add_mutually_exclusive_group()
    view.add_argument("--quiet", action="store_true", help="no progress, only the results")
    view.add_argument("--json", action="store_true", help="progress and results as JSON lines, for scripts")


def measured(args: argparse.Namespace, order: AppOrder, *, is_new: bool = True) -> CampaignOutcome:
    """Run the campaign, or the rest of one that broke off, before the user's eyes."""
    return _watched(args, partial(run_app if is_new else resume_app, order))


def measured_elsewhere(args: argparse.Namespace) -> CampaignOutcome:
    """Run the campaign, or the rest of one that broke off, over the app on the machine that --sut names."""
    return _watched(args, partial(carried_out, order_elsewhere(args)))


def _watched(args: argparse.Namespace, run: Callable[[Listener], CampaignOutcome]) -> CampaignOutcome:
    console = Console(stderr=args.json, highlight=False)
    with (
        alone(shlex.join(args.words), beside=args.beside),
        watching(console, quiet=args.quiet, as_json=args.json) as listener,
    ):
        return run(listener)


def conclude(finished: CampaignOutcome, args: argparse.Namespace, gates: Sequence[str]) -> int:
    """Write the reports, say what was found, and return the exit code."""
    if args.measure_only:
        return Exit.INVALID if finished.stopped_because == Stop.DISCARDED else Exit.OK
    folder, console = finished.folder.path, Console(stderr=args.json, highlight=False)
    results = read_results(folder)
    say(console, terminal(results, width=console.width if console.is_terminal else 80))
    for path in written(results, folder, args.junit, gates):
        say(console, str(short(path)))
    if args.annotations:
        print(annotations(results), end="", file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print(json.dumps({"event": "results", **as_json(results)}))
    failures = [failure for gate in gates for failure in stopped(results, gate)]
    for failure in failures:
        print(f"bench: {failure.name}: {failure.reason}", file=sys.stderr)
    if finished.stopped_because == Stop.DISCARDED:
        return _given_up(finished, is_elsewhere=args.sut is not None)
    return Exit.GATE_FAILED if failures else exit_code(finished.results)


def _given_up(finished: CampaignOutcome, *, is_elsewhere: bool) -> int:
    """Say which rules discarded the latest trials and what to do; return the exit code."""
    for line in Discarded.last_of(finished.folder.trials()).lines():
        print(f"bench: {printable(line)}", file=sys.stderr)
    folder = shlex.quote(str(short(finished.folder.path)))
    again = f"bench app run --resume {folder}{' --sut …' if is_elsewhere else ''}"
    print(f"bench: what was measured is kept; go on with {again}", file=sys.stderr)
    return Exit.INVALID


def written(results: AppResults, folder: Path, junit_file: Path | None, gates: Sequence[str] = ()) -> list[Path]:
    """Write the page, the summary and, if asked for, JUnit; return their paths."""
    texts = {folder / PAGE: page(results), folder / SUMMARY: markdown(results)}
    if junit_file is not None:
        texts[junit_file] = junit(results, gates)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return list(texts)

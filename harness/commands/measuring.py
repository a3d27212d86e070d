"""What `bench run` and `bench claim` do around a campaign: watch it, draw it, tell the verdicts."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from analysis.stats.results import Verdict
from experiment.design.profiles import PROFILES
from experiment.errors import Exit, UsageError
from harness.campaign.events import Listener
from harness.campaign.run import Finished, make_order, resume, run_new
from harness.commands.live import MARKS, JsonLines, LiveView, PlainLines
from harness.commands.origin import conclude_again
from harness.system.places import short

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from analysis.stats.results import ClaimResult


def measure(
    args: argparse.Namespace,
    *,
    profile: str,
    claims: Sequence[str],
    resume_dir: Path | None,
    sweep: Sequence[tuple[str, float]] = (),
    beside: Path | None = None,
    all_rounds: bool = False,
) -> int:
    """Run or resume a campaign as the command line says; return the exit code.

    `beside`: a reference campaign whose intervals are told next to the new ones, if there is one.
    """
    if resume_dir is not None and (claims or args.out is not None or all_rounds):
        raise UsageError(
            "--resume goes on with a campaign as it was planned: leave out --claims, --out and --all-rounds."
        )
    console = Console(stderr=args.json)
    with watching(console, quiet=args.quiet, as_json=args.json) as listener:
        if resume_dir is not None:
            finished = resume(resume_dir, listener)
        else:
            finished = _fresh(args, profile, claims, sweep, listener, all_rounds=all_rounds)
    console.print(f"measured; stopped because: {finished.stopped_because}. Drawing ...", highlight=False)
    paths = draw(finished.folder.path, lambda _: None)
    _print_verdicts(console, finished.results)
    _print_alarms(console, finished.folder.path)
    if beside is not None:
        _print_beside(console, finished, beside)
    if resume_dir is not None:
        conclude_again(finished.folder.path, console, as_json=args.json)
    if PROFILES[profile].is_smoke:
        console.print("A smoke run: its windows are too short for evidence; `bench run` measures.", highlight=False)
    for path in paths:
        console.print(short(path), highlight=False, soft_wrap=True)
    return exit_code(finished)


def _fresh(
    args: argparse.Namespace,
    profile: str,
    claims: Sequence[str],
    sweep: Sequence[tuple[str, float]],
    listener: Listener,
    *,
    all_rounds: bool,
) -> Finished:
    order = make_order(
        profile,
        claims=claims,
        seed=args.seed,
        budget_s=args.budget,
        rounds=args.rounds,
        out=args.out,
        command=args.words,
        sweep=sweep,
        all_rounds=all_rounds,
    )
    listener.note(f"measuring into {short(order.out)} (seed {order.seed})")
    return run_new(order, listener)


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


def draw(path: Path, say: Callable[[str], None]) -> list[Path]:
    """Draw charts and report of a campaign; return the paths a reader wants, the report first."""
    from analysis.charts import draw_all
    from analysis.reading.campaign import load_campaign
    from analysis.report.report import write_report, write_verdicts_csv

    campaign = load_campaign(path)
    charts = draw_all(campaign, path / "charts")
    write_verdicts_csv(campaign)
    written = [*write_report(campaign, charts), path / "charts"]
    for each in written:
        say(short(each))
    return written


def redraw(path: Path) -> None:
    """Make everything again that follows from a campaign's raw files; print where it lies."""
    draw(path, print)
    conclude_again(path, Console())


def _print_verdicts(console: Console, results: Sequence[ClaimResult]) -> None:
    """Print each claim on a line, its measured answer below: that fits terminals of any width, and logs."""
    from analysis.reading.sentences import answer

    if results:
        console.print(Text("\nVerdicts", style="bold"))
    for result in results:
        word, colour = MARKS[result.verdict]
        line = Text.assemble(f"{result.claim.id:<5}", (f"{word:<15}", colour), result.claim.statement)
        console.print(line, soft_wrap=True)
        if result.comparisons:
            console.print(Text(f"{'':20}{answer(result).partition(': ')[2]}", style="dim"), soft_wrap=True)


def _print_alarms(console: Console, path: Path) -> None:
    from analysis.reading.alarms import alarms
    from analysis.reading.campaign import load_campaign

    for alarm in alarms(load_campaign(path)):
        console.print(f"Distrust this campaign: {alarm}", style="red", markup=False, soft_wrap=True)


def _print_beside(console: Console, finished: Finished, reference: Path) -> None:
    from analysis.comparing.reproduction_text import beside_reference

    for line in beside_reference(finished.results, reference, manifest=finished.folder.manifest()):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def exit_code(finished: Finished) -> int:
    """Return 4 when nothing could be judged because the trials were not valid."""
    verdicts = {r.verdict for r in finished.results} - {Verdict.NOT_MEASURABLE, Verdict.SKIPPED}
    if verdicts and verdicts <= {Verdict.INVALID}:
        print("bench: no claim has valid trials; the report names the reasons", file=sys.stderr)
        return Exit.INVALID
    return Exit.OK

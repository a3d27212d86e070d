"""`bench compare A B`: two campaigns beside each other, for a terminal, a pull request, a CI server and scripts."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from analysis.comparing import compare_text
from analysis.comparing.annotations import annotations
from analysis.comparing.compare import BESIDE, CampaignComparison, comparable, compare
from analysis.comparing.gate import GateFailure, failures, parse_gate, refuse_unlike_machines
from analysis.comparing.reproduction_text import difference_lines
from analysis.reading.campaign import load_campaign
from analysis.stats.direction import Direction
from analysis.wording.gates import Gate
from analysis.wording.shares import share_of
from bench_app.spelling import near
from experiment.design.metrics import Metric
from experiment.errors import Exit, InvalidMeasurementError, UsageError
from experiment.records.writing import write_whole
from harness.commands.terminal import say, show_table
from harness.commands.words import did_you_mean

_STDOUT = "-"
_PIPE_WIDTH = 200  # columns; a pipe has none of its own, and a log can scroll
_WIDE = 160  # columns that the figures beside a treatment's own need
_COLOURS = {
    Direction.BETTER: "green",
    Direction.WORSE: "red",
    Direction.DIFFERS: "magenta",
    Direction.SAME: "",
    Direction.UNDECIDED: "yellow",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", type=Path, metavar="A", help="the campaign before, e.g. results/before")
    parser.add_argument("b", type=Path, metavar="B", help="the campaign after")
    parser.add_argument(
        "--metric", metavar="NAME", help="compare this for every treatment, e.g. sut_cpu_us_per_request"
    )
    parser.add_argument(
        "--margin", default="5%", metavar="5%", help="within it two treatments are the same (default: 5%%)"
    )
    parser.add_argument("--fail-on", action="append", default=[], metavar="GATE", help="exit 3 on worse:5%% or missing")
    parser.add_argument("--force", action="store_true", help="compare what is not comparable, and say so everywhere")
    parser.add_argument("--annotations", action="store_true", help="print GitHub annotations, ::error title=...")
    parser.add_argument("--markdown", metavar="FILE", help="write it as Markdown, for a pull request; - is stdout")
    parser.add_argument("--junit", metavar="FILE", help="write it as JUnit XML; - is stdout")
    parser.add_argument("--json", metavar="FILE", help="write it as JSON; - is stdout")


def run(args: argparse.Namespace) -> int:
    """Compare as the command line says; return 3 when a gate fails, else 0.

    Raises UsageError for malformed words, campaigns that are not comparable, a gate on unlike machines and files that
    cannot be written, and InvalidMeasurementError when there is a gate and nothing for it to look at.
    """
    gates = tuple(parse_gate(text) for text in args.fail_on)
    margin, metric, targets = share_of(args.margin), _metric(args.metric), _targets(args)
    found = compare(load_campaign(args.a), load_campaign(args.b), metric=metric, margin=margin, force=args.force)
    if gates:
        refuse_unlike_machines(found)
    failed = failures(found, gates)
    _show(found, gates, failed, to_stderr=_STDOUT in targets.values())
    for format_name, target in targets.items():
        _write(target, _FORMATS[format_name](found, gates, failed))
    if args.annotations:
        print(annotations(found, failed), end="", file=sys.stderr if _STDOUT in targets.values() else sys.stdout)
    if gates and not found.rows and not failed:
        raise InvalidMeasurementError("no treatment has valid trials in both campaigns, so no gate can say it passed.")
    return Exit.GATE_FAILED if failed else Exit.OK


def _json(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> str:
    return json.dumps(compare_text.as_json(found, gates, failed), indent=2, ensure_ascii=False) + "\n"


def _markdown(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> str:
    return compare_text.as_markdown(found, gates, failed) + "\n"


_FORMATS = {"markdown": _markdown, "junit": compare_text.as_junit, "json": _json}


def _metric(name: str | None) -> Metric | None:
    known = comparable()
    if name is not None and name not in known:
        hint = did_you_mean(near(name, known))
        raise UsageError(f"{name!r} cannot be compared.{hint} These can: {', '.join(known)}.")
    return None if name is None else known[name]


def _targets(args: argparse.Namespace) -> dict[str, str]:
    """Return where each format goes; raises UsageError when two are to share one file."""
    given = {kind: getattr(args, kind) for kind in _FORMATS if getattr(args, kind) is not None}
    if len(set(given.values())) < len(given):
        raise UsageError("two formats cannot go to the same place; give each a file of its own.")
    return given


def _write(target: str, text: str) -> None:
    if target == _STDOUT:
        sys.stdout.write(text)
        return
    try:
        write_whole(Path(target), text)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}.") from None


def _show(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure], *, to_stderr: bool) -> None:
    console = _console(to_stderr=to_stderr)
    _warn(console, found)
    say(console, compare_text.headline(found), *compare_text.remarks(found))
    beside = BESIDE if console.width >= _WIDE else ()
    show_table(
        console,
        f"{found.mark}: B against A" if found.mark else "B against A",
        compare_text.table_head(beside),
        [compare_text.table_row(row, beside) for row in found.rows],
        styles=[_COLOURS[row.change] for row in found.rows],
    )
    say(console, compare_text.method(found))
    say(console, *(f"not compared: {missing.treatment}: {missing.reason}" for missing in found.missing))
    show_table(console, "Claims", compare_text.CLAIMS_HEAD, map(compare_text.claim_row, found.verdicts.claims))
    say(console, *difference_lines(found.differences, ("A", "B")))
    say(console, *compare_text.gate_lines(gates, failed), style="red" if failed else "")
    _warn(console, found)


def _console(*, to_stderr: bool) -> Console:
    console = Console(stderr=to_stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=to_stderr, highlight=False, width=_PIPE_WIDTH)


def _warn(console: Console, found: CampaignComparison) -> None:
    if found.warning:
        say(console, found.warning, style="bold red")

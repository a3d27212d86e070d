"""`bench compare A B`: two campaigns beside each other, for a terminal, a pull request, a CI server and scripts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiment.errors import Exit, InvalidMeasurementError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from analysis.comparing.compare import CampaignComparison
    from analysis.comparing.gate import Gate, GateFailure
    from experiment.design.metrics import Metric

_STDOUT = "-"
_PIPE_WIDTH = 200  # columns; a pipe has none of its own, and a log can scroll
_WIDE = 160  # columns that the figures beside a treatment's own need
_COLOURS = {"better": "green", "worse": "red", "same": "", "undecided": "yellow"}


def add_arguments(sub: argparse.ArgumentParser) -> None:
    """Declare the words of `bench compare`."""
    sub.add_argument("a", type=Path, metavar="A", help="the campaign before, e.g. results/before")
    sub.add_argument("b", type=Path, metavar="B", help="the campaign after")
    sub.add_argument("--metric", metavar="NAME", help="compare this for every treatment, e.g. sut_cpu_us_per_request")
    sub.add_argument(
        "--margin", default="5%", metavar="5%", help="within it two treatments are the same (default: 5%%)"
    )
    sub.add_argument("--fail-on", action="append", default=[], metavar="GATE", help="exit 3 on worse:5%% or missing")
    sub.add_argument("--force", action="store_true", help="compare what is not comparable, and say so everywhere")
    sub.add_argument("--markdown", metavar="FILE", help="write it as Markdown, for a pull request; - is stdout")
    sub.add_argument("--junit", metavar="FILE", help="write it as JUnit XML; - is stdout")
    sub.add_argument("--json", metavar="FILE", help="write it as JSON; - is stdout")


def compare(args: argparse.Namespace) -> int:
    """Compare as the command line says; return 3 when a gate fails, else 0.

    Raises UsageError for malformed words, campaigns that are not comparable and files that cannot be written, and
    InvalidMeasurementError when there is a gate and nothing for it to look at.
    """
    from analysis.comparing import compare as comparing
    from analysis.comparing.gate import failures, parse_gate, share_of
    from analysis.reading.campaign import load_campaign

    gates = tuple(parse_gate(text) for text in args.fail_on)
    margin = share_of(args.margin)
    targets = _targets(args)
    found = comparing.compare(
        load_campaign(args.a), load_campaign(args.b), metric=_metric(args.metric), margin=margin, force=args.force
    )
    failed = failures(found, gates)
    _show(found, gates, failed, to_stderr=_STDOUT in targets.values())
    for kind, target in targets.items():
        _write(target, _render(kind, found, gates, failed))
    if gates and not found.rows and not failed:
        raise InvalidMeasurementError("no treatment has valid trials in both campaigns, so no gate can say it passed.")
    return Exit.GATE_FAILED if failed else Exit.OK


def _metric(name: str | None) -> Metric | None:
    from analysis.comparing.compare import comparable

    if name is None:
        return None
    known = comparable()
    if name not in known:
        raise UsageError(f"{name!r} cannot be compared. These can: {', '.join(known)}.")
    return known[name]


def _targets(args: argparse.Namespace) -> dict[str, str]:
    """Return where each format goes; raises UsageError when two are to share one file."""
    given = {kind: getattr(args, kind) for kind in ("markdown", "junit", "json") if getattr(args, kind) is not None}
    if len(set(given.values())) < len(given):
        raise UsageError("two formats cannot go to the same place; give each a file of its own.")
    return given


def _render(kind: str, found: CampaignComparison, gates: tuple[Gate, ...], failed: tuple[GateFailure, ...]) -> str:
    from analysis.comparing import compare_text

    match kind:
        case "markdown":
            return compare_text.as_markdown(found, gates, failed) + "\n"
        case "junit":
            return compare_text.as_junit(found, gates, failed)
        case _:
            return json.dumps(compare_text.as_json(found, gates, failed), indent=2, ensure_ascii=False) + "\n"


def _write(target: str, text: str) -> None:
    from experiment.records.store import write_whole

    if target == _STDOUT:
        sys.stdout.write(text)
        return
    try:
        write_whole(Path(target), text)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}.") from None


def _show(
    found: CampaignComparison, gates: tuple[Gate, ...], failed: tuple[GateFailure, ...], *, to_stderr: bool
) -> None:
    from analysis.comparing import compare_text
    from analysis.comparing.compare import BESIDE
    from analysis.comparing.reproduction_text import difference_lines

    console = _console(to_stderr=to_stderr)
    says = [compare_text.headline(found), *found.remarks, compare_text.shift(found), compare_text.advice(found)]
    _warn(console, found)
    for line in filter(None, says):
        console.print(line, markup=False, soft_wrap=True)
    console.print(_table(found, BESIDE if console.width >= _WIDE else ()))
    console.print(compare_text.method(found), markup=False, soft_wrap=True)
    for missing in found.missing:
        console.print(f"not compared: {missing.treatment}: {missing.reason}", markup=False, soft_wrap=True)
    _show_claims(console, found)
    for line in difference_lines(found.differences, ("A", "B")):
        console.print(line, markup=False, soft_wrap=True)
    for line in compare_text.gate_lines(gates, failed):
        console.print(line, markup=False, soft_wrap=True, style="red" if failed else "")
    _warn(console, found)


def _console(*, to_stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=to_stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=to_stderr, highlight=False, width=_PIPE_WIDTH)


def _warn(console: Console, found: CampaignComparison) -> None:
    if found.warning:
        console.print(found.warning, markup=False, soft_wrap=True, style="bold red")


def _table(found: CampaignComparison, others: Sequence[Metric]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from analysis.comparing import compare_text
    from analysis.wording import words

    table = Table(title="FORCED, not comparable" if found.warning else "B against A", title_justify="left")
    for name in ("", "treatment", "metric", "A", "B", "B / A", "trials", *(m.short_label for m in others)):
        table.add_column(name, overflow="fold")
    for row in found.rows:
        beside = compare_text.beside_texts(row)
        table.add_row(
            Text(f"{compare_text.sign(row.change)} {row.change.value}", style=_COLOURS[row.change]),
            Text(row.treatment),
            Text(row.primary.metric.short_label),
            *compare_text.value_texts(row.primary),
            compare_text.ratio_text(row.primary),
            compare_text.trials_text(row.primary),
            *(beside.get(m, words.NOT_MEASURED) for m in others),
        )
    return table


def _show_claims(console: Console, found: CampaignComparison) -> None:
    from rich.table import Table

    from analysis.comparing.compare_text import claim_change
    from analysis.comparing.reproduction_text import verdict_text

    table = Table(title="Claims", title_justify="left")
    for name in ("claim", "A", "B", ""):
        table.add_column(name)
    for pair in found.verdicts.claims:
        table.add_row(pair.claim.id, verdict_text(pair.original), verdict_text(pair.again), claim_change(pair))
    console.print(table)

"""`bench app run`: an app of your own, measured as its handlerbench.toml says; alone or against another version."""

import argparse
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from analysis.own_app.gate import GATES_HELP, parse_gate
from analysis.wording.gates import WORSE
from experiment.design.factors import ServerConfig
from experiment.design.own_app import FILE_NAME, BenchFile
from experiment.errors import UsageError
from experiment.records.bench_file import program, read_bench_file
from harness.commands.app_measuring import add_results, conclude, measured, measured_elsewhere
from harness.commands.driving import NOT_SAID, add_driving, driving_of
from harness.commands.words import nearest, new_folder, positive, seconds, seed
from harness.own_app.claims import MARGIN
from harness.own_app.order import MAX_ROUNDS, AppOrder
from harness.system.places import RESULTS

DESCRIPTION = """\
Load every request of the file, find which hold up the event loop and at which
lines, rank what to change first, and write report.html. With --against another
version is measured in the same rounds."""
EPILOG = """\
examples:
  bench app run
  bench app run --requests home,search --budget 5m
  bench app run --against main --fail-on worse:10%"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_app_arguments(parser)
    parser.add_argument("--requests", metavar="A,B", default="", help="only these, by their ids in the file")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with a campaign that broke off")
    parser.add_argument("--python", metavar="PYTHON", help="the app's interpreter (default: that of the file)")
    parser.add_argument(
        "--against", metavar="REF|DIR", help="another version: a git reference, such as main, or a folder"
    )
    parser.add_argument(
        "--against-python", metavar="PYTHON", help="the other version's interpreter (default: the same)"
    )
    gates = f"exit with 3: {GATES_HELP}; may be given several times".replace("%", "%%")
    parser.add_argument("--fail-on", action="append", default=[], metavar="GATE", help=gates)


def add_app_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` and `try` have in common."""
    parser.add_argument("--file", type=Path, default=Path(FILE_NAME), metavar="FILE", help=f"default: {FILE_NAME}")
    parser.add_argument("--out", type=new_folder, metavar="DIR", help="where to write it (default: results/<time>-app)")
    parser.add_argument("--seed", type=seed, metavar="N", help="decides the order of trials (default: a new one)")
    parser.add_argument("--budget", type=seconds, metavar="5m", help="stop measuring after this long")
    parser.add_argument("--rounds", type=positive, metavar="N", help="at most so many rounds")
    add_driving(parser, "--driver-workers")
    add_results(parser)


def run(args: argparse.Namespace) -> int:
    """Measure and report. Raises UsageError for words that do not go together."""
    if args.resume is not None and (args.out is not None or args.requests):
        raise UsageError("--resume goes on with a campaign as it was planned: leave out --out and --requests.")
    if args.resume is not None and args.sut is None and driving_of(args) != NOT_SAID:
        raise UsageError("--resume goes on with a campaign as it was planned, with the same workers: leave them out.")
    if args.against_python is not None and args.against is None:
        raise UsageError("--against-python is for the version that --against names; name one.")
    if args.sut is not None:
        return conclude(measured_elsewhere(args), args, args.fail_on)
    file = read_bench_file(args.file)
    if args.python is not None:
        file = replace(file, app=replace(file.app, python=program(args.python, Path.cwd())))
    order = order_of(
        args,
        file,
        requests=tuple(_request_id(name, file) for name in args.requests.split(",") if name.strip()),
        against=args.against,
        against_python=None if args.against_python is None else program(args.against_python, Path.cwd()),
        margin=margin_of(args.fail_on),
    )
    return conclude(measured(args, order, is_new=args.resume is None), args, args.fail_on)


def margin_of(gates: Sequence[str]) -> float:
    """Return the share within which two versions are the same: that of the gate, so that it can be decided.

    Raises UsageError for what is no gate.
    """
    read = [parse_gate(text) for text in gates]
    return min((gate.limit for gate in read if gate.kind == WORSE), default=MARGIN)


def _request_id(name: str, file: BenchFile) -> str:
    return nearest(name.strip(), [r.id for r in file.requests], "request", listed_by=f"cat {file.path.name}")


def order_of(
    args: argparse.Namespace,
    file: BenchFile,
    *,
    requests: tuple[str, ...] = (),
    against: str | None = None,
    against_python: str | None = None,
    change: ServerConfig | None = None,
    margin: float = MARGIN,
) -> AppOrder:
    """Return the order; what is not given is usual: a new seed, a folder named by the time, the budget that fits."""
    now, driving = datetime.now(UTC).strftime("%Y%m%d-%H%M%S"), driving_of(args)
    return AppOrder(
        file=file,
        out=getattr(args, "resume", None) or args.out or RESULTS / f"{now}-app",
        seed=secrets.randbelow(1_000_000) if args.seed is None else args.seed,
        command=shlex.join(args.words),
        requests=requests,
        against=against,
        against_python=against_python,
        change=change,
        margin=margin,
        budget_s=args.budget,
        max_rounds=args.rounds or MAX_ROUNDS,
        workers=driving.workers or 0,
        elsewhere=driving.elsewhere,
    )

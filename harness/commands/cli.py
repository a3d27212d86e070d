"""The `bench` command: words in, exit code out. Everything it does lives in the modules it calls."""

from __future__ import annotations

import argparse
import difflib
import re
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from experiment.errors import BenchError, Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

_EXIT_CODES = """\
exit codes: 0 done, 1 our fault, 2 the words of the call, 3 a gate failed, 4 the measurement is not valid,
            6 the machine or a service is not fit, 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code. A BenchError is told in its own words, without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)  # SIGINT too: a shell's background jobs start with it ignored
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser().parse_args(words)
        args.words = ["bench", *words]
        action: Callable[[argparse.Namespace], int] = args.action
        return action(args)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("bench: interrupted; what was measured is kept", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.OK  # whoever read our output has seen enough


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def nearest(name: str, known: Iterable[str], what: str) -> str:
    """Return `name` if it is known; raises UsageError naming the nearest match otherwise."""
    options = list(known)
    folded = {o.lower(): o for o in options}
    if name.lower() in folded:
        return folded[name.lower()]
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.4)
    hint = f" Did you mean {folded[close[0]]}?" if close else ""
    raise UsageError(f"there is no {what} {name!r}.{hint} `bench list` shows them all.")


def claim_id(name: str) -> str:
    """Return a claim's id from its id or its slug."""
    from experiment.design.claims import CLAIMS

    by_slug = {c.slug: c.id for c in CLAIMS.values()}
    found = nearest(name, [*CLAIMS, *by_slug], "claim")
    return by_slug.get(found, found)


def seconds(text: str) -> float:
    """Read a duration: 90, 90s, 5m, 1h."""
    units = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 5m or 1h")
    return float(match[1]) * units[match[2]]


def rates(text: str) -> tuple[float, ...]:
    """Read offered rates, in requests a second."""
    try:
        found = tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError:
        found = ()
    if not found or not all(0 < rate <= _HIGHEST_RATE_RPS for rate in found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of rates from above 0 to 10000, such as 100,200,400")
    return found


_HIGHEST_RATE_RPS = 10_000.0


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


class _Parser(argparse.ArgumentParser):
    """Names the nearest sub-command when one is unknown, and exits 2 through UsageError."""

    def error(self, message: str) -> NoReturn:
        unknown = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if unknown:
            options = re.findall(r"[\w-]+", unknown[2])
            close = difflib.get_close_matches(unknown[1], options, n=1, cutoff=0.4)
            message = f"there is no {unknown[1]!r}." + (f" Did you mean {close[0]}?" if close else "")
        raise UsageError(f"{message}\n{self.format_usage().strip()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="bench",
        description="Which FastAPI handler style for which work, and what the wrong one costs.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('handlerbench')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    _add_list(commands)
    _add_run(commands)
    _add_claim(commands)
    _add_sweep(commands)
    _add_report(commands)
    _add_slides(commands)
    _add_compare(commands)
    _add_reproduce(commands)
    _add_answers(commands)
    _add_publish(commands)
    _add_serve(commands)
    _add_doctor(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse gives the type no public name


def _add_list(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("list", help="show the variants, claims and loads there are")
    sub.add_argument("--json", action="store_true", help="as JSON, for scripts")
    sub.set_defaults(action=_list)


def _add_run(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("run", help="run a campaign: measure, judge, draw, report")
    sub.add_argument("--profile", default="article", metavar="NAME", help="article (default) or smoke")
    sub.add_argument("--claims", metavar="A1,A2", help="judge only these, by id or slug")
    sub.add_argument("--resume", type=Path, metavar="DIR", help="go on with a campaign that broke off")
    sub.add_argument("--out", type=Path, metavar="DIR", help="where to write it (default: results/<time>-<profile>)")
    sub.add_argument(
        "--all-rounds",
        action="store_true",
        help="go on measuring what is decided, until budget or rounds end: for campaigns meant for bench compare",
    )
    _add_measuring(sub)
    sub.set_defaults(action=_run)


def _add_claim(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("claim", help="measure what one claim needs, and judge it")
    sub.add_argument("id", metavar="ID", help="a claim's id or slug, e.g. A1 or wrong-style-tanks-throughput")
    sub.add_argument("--out", type=Path, metavar="DIR", help="where to write it")
    _add_measuring(sub)
    sub.set_defaults(action=_claim)


def _add_sweep(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("sweep", help="goodput and response time of variants against the offered rate")
    sub.add_argument("variants", nargs="+", metavar="VARIANT", help="e.g. sleep.async-native sleep.def")
    sub.add_argument("--rates", type=rates, default=(100.0, 200.0, 300.0, 400.0, 500.0), metavar="100,200,400")
    sub.add_argument("--out", type=Path, metavar="DIR", help="where to write it")
    _add_measuring(sub)
    sub.set_defaults(action=_sweep)


def _add_measuring(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--seed", type=int, metavar="N", help="decides the order of trials (default: a new one)")
    sub.add_argument("--budget", type=seconds, metavar="5m", help="stop measuring after this long")
    sub.add_argument("--rounds", type=positive, metavar="N", help="at most so many rounds")
    view = sub.add_mutually_exclusive_group()
    view.add_argument("--quiet", action="store_true", help="no progress, only the verdicts")
    view.add_argument("--json", action="store_true", help="progress as JSON lines, for scripts")


def _add_report(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("report", help="draw a campaign's charts and report again")
    sub.add_argument("dir", type=Path, metavar="DIR", help="a campaign's folder, e.g. results/latest")
    sub.set_defaults(action=_report)


def _add_slides(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("slides", help="for a talk: one card a claim, a PDF deck, animated timelines")
    sub.add_argument("dir", type=Path, metavar="DIR", help="a campaign's folder, e.g. results/latest")
    sub.set_defaults(action=_slides)


def _add_compare(commands: _Commands[_Parser]) -> None:
    from harness.commands.compare import add_arguments

    sub = commands.add_parser("compare", help="set two campaigns beside each other: better, worse, same, undecided")
    add_arguments(sub)
    sub.set_defaults(action=_compare)


def _add_reproduce(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("reproduce", help="run somebody else's campaign again, and say what came out the same")
    sub.add_argument("dir", type=Path, metavar="DIR", help="the campaign to run again")
    sub.add_argument("--out", type=Path, metavar="DIR", help="where to write it")
    _add_measuring(sub)
    sub.set_defaults(action=_reproduce)


def _add_answers(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("answers", help="the questions people ask, answered with a campaign's numbers")
    sub.add_argument("dir", type=Path, metavar="DIR", help="a campaign's folder, e.g. results/reference")
    sub.add_argument(
        "--out", type=Path, metavar="FILE", default=Path("docs/answers.md"), help="default: docs/answers.md"
    )
    sub.set_defaults(action=_answers)


def _add_publish(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("publish", help="make a campaign the repository's reference; renews README and answers")
    sub.add_argument("dir", type=Path, metavar="DIR", help="a finished campaign's folder, e.g. results/latest")
    sub.set_defaults(action=_publish)


def _add_serve(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("serve", help="run the app with all it needs, for curl, /docs and Locust")
    sub.add_argument("--port", type=int, default=8000, metavar="N", help="where to listen (default: 8000)")
    sub.set_defaults(action=_serve)


def _add_doctor(commands: _Commands[_Parser]) -> None:
    sub = commands.add_parser("doctor", help="say whether this machine is fit, what is missing, and how noisy it is")
    sub.add_argument("--quick", action="store_true", help="without the A/A run that measures its noise (40 s)")
    sub.set_defaults(action=_doctor)


def _list(args: argparse.Namespace) -> int:
    from harness.commands.listing import show

    return show(as_json=args.json)


def _run(args: argparse.Namespace) -> int:
    from experiment.design.profiles import PROFILES
    from harness.commands.measuring import measure

    profile = nearest(args.profile, PROFILES, "profile")
    claims = tuple(claim_id(c.strip()) for c in (args.claims or "").split(",") if c.strip())
    return measure(args, profile=profile, claims=claims, resume_dir=args.resume, all_rounds=args.all_rounds)


def _claim(args: argparse.Namespace) -> int:
    from harness.commands.measuring import measure
    from harness.system.places import REFERENCE

    return measure(args, profile="article", claims=(claim_id(args.id),), resume_dir=None, beside=REFERENCE)


def _sweep(args: argparse.Namespace) -> int:
    from bench_app.catalogue import CATALOGUE
    from harness.commands.measuring import measure

    variants = tuple(dict.fromkeys(nearest(name, CATALOGUE, "variant") for name in args.variants))
    steps = tuple((variant, rate) for variant in variants for rate in args.rates)
    return measure(args, profile="sweep", claims=(), resume_dir=None, sweep=steps)


def _report(args: argparse.Namespace) -> int:
    from harness.commands.measuring import redraw

    redraw(args.dir)
    return Exit.OK


def _slides(args: argparse.Namespace) -> int:
    from harness.commands.presenting import make_slides

    make_slides(args.dir, print)
    return Exit.OK


def _compare(args: argparse.Namespace) -> int:
    from harness.commands.compare import compare

    return compare(args)


def _reproduce(args: argparse.Namespace) -> int:
    from harness.commands.reproduce import reproduce

    return reproduce(
        args.dir,
        out=args.out,
        budget_s=args.budget,
        rounds=args.rounds,
        seed=args.seed,
        quiet=args.quiet,
        as_json=args.json,
        words=args.words,
    )


def _answers(args: argparse.Namespace) -> int:
    from harness.commands.presenting import make_answers

    make_answers(args.dir, args.out, print)
    return Exit.OK


def _publish(args: argparse.Namespace) -> int:
    from harness.commands.publish import publish

    publish(args.dir, print)
    return Exit.OK


def _serve(args: argparse.Namespace) -> NoReturn:
    from harness.commands.serve import serve

    serve(args.port)


def _doctor(args: argparse.Namespace) -> int:
    from harness.commands.doctor import examine

    return examine(quick=args.quick)


if __name__ == "__main__":
    sys.exit(main())

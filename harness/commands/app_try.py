"""`bench app try REQUEST`: one change to an app of your own, measured against today in the same rounds."""

import argparse
from collections.abc import Callable

from experiment.design.factor import Factor, Value
from experiment.design.factors import (
    CORES,
    FACTORS,
    LOOP,
    STYLE,
    THREAD_TOKENS,
    WITHOUT_MIDDLEWARE,
    WORKERS,
    ServerConfig,
    server,
)
from experiment.errors import UsageError
from experiment.records.bench_file import read_bench_file
from harness.commands.app_measuring import conclude, measured, measured_elsewhere
from harness.commands.app_run import add_app_arguments, order_of
from harness.commands.words import nearest, one_of, positive

DESCRIPTION = """\
Measure one change to a request against the app as it is, in the same rounds,
without editing it."""
EPILOG = """\
examples:
  bench app try search --style def
  bench app try search --tokens 100
  bench app try search --without-middleware GZipMiddleware"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("request", metavar="REQUEST", help="a request's id in the file")
    parser.add_argument(
        "--style",
        choices=STYLE.values,
        type=_one_of(STYLE),
        help="call its handler in a thread, as def is, or on the loop",
    )
    parser.add_argument("--tokens", type=positive, metavar="N", help="so many worker threads at once (anyio has 40)")
    parser.add_argument(
        "--workers", type=int, choices=WORKERS.values, metavar="N", help="server processes, on all cores"
    )
    parser.add_argument("--loop", choices=LOOP.values, type=_one_of(LOOP), help="the event loop")
    parser.add_argument("--without-middleware", metavar="NAME", help="leave this class out, if the answer stays equal")
    add_app_arguments(parser)


def _one_of(factor: Factor) -> Callable[[str], str]:
    return one_of(factor.name, map(str, factor.values), listed_by="bench app try --help")


def run(args: argparse.Namespace) -> int:
    """Measure and report. Raises UsageError where nothing is to be changed, or where it cannot be tried."""
    change = change_of(args)
    if args.sut is not None:
        return conclude(measured_elsewhere(args), args, [])
    file = read_bench_file(args.file)
    name = nearest(args.request, [r.id for r in file.requests], "request", listed_by=f"cat {file.path.name}")
    order = order_of(args, file, requests=(name,), change=change)
    return conclude(measured(args, order), args, [])


def change_of(args: argparse.Namespace) -> ServerConfig:
    """Return what differs from today (pure). Raises UsageError where nothing does."""
    if args.loop == LOOP.default:
        raise UsageError(f"uvicorn takes {LOOP.default} by itself where it is installed; try --loop asyncio")
    asked: dict[str, Value] = {
        STYLE.name: args.style,
        THREAD_TOKENS.name: args.tokens,
        WORKERS.name: args.workers or WORKERS.default,
        LOOP.name: args.loop or LOOP.default,
        WITHOUT_MIDDLEWARE.name: args.without_middleware,
    }
    if asked[WORKERS.name] != WORKERS.default:
        asked[CORES.name] = "all"  # several processes on one core would only show that it is one
    found = server({name: value for name, value in asked.items() if value != FACTORS[name].default})
    if not found.changed:
        raise UsageError("say what to try: --style, --tokens, --workers, --loop or --without-middleware")
    return found

"""`bench sweep VARIANT...`: goodput and response time against the offered rate."""

import argparse
from functools import partial

from bench_app.catalogue import CATALOGUE
from harness.commands.measuring import add_measuring, measure
from harness.commands.run import run_as_ordered
from harness.commands.words import nearest, rates

_RATES = (100.0, 200.0, 300.0, 400.0, 500.0)

DESCRIPTION = """\
Measure goodput and response time of variants against the rate of requests that
is offered to them, whether or not they keep up."""
EPILOG = """\
examples:
  bench sweep sleep.def sleep.async-native
  bench sweep noop.def --rates 500,1000,2000"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variants", nargs="+", metavar="VARIANT", help="an id of `bench list variants`, e.g. sleep.def")
    parser.add_argument(
        "--rates",
        type=rates,
        default=_RATES,
        metavar="100,200",
        help=f"requests a second (default: {','.join(f'{rate:g}' for rate in _RATES)})",
    )
    add_measuring(parser, folder="<time>-sweep")


def run(args: argparse.Namespace) -> int:
    variants = dict.fromkeys(
        nearest(name, CATALOGUE, "variant", listed_by="bench list variants") for name in args.variants
    )
    steps = tuple((variant, rate) for variant in variants for rate in args.rates)
    return measure(args, partial(run_as_ordered, args, "sweep", sweep=steps))

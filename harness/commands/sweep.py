"""`bench sweep VARIANT...`: goodput and response time against the offered rate, or goodput against users."""

import argparse
from functools import partial

from bench_app.catalogue import CATALOGUE
from bench_app.registry import Variant
from experiment.design.sweep import USERS, Step, rate_steps, users_steps
from experiment.errors import UsageError
from harness.commands.measuring import add_measuring, measure
from harness.commands.over_ssh import add_sut
from harness.commands.run import run_as_ordered
from harness.commands.words import cpus_us, nearest, rates, token_counts, user_counts, waits_ms
from harness.trial.app_settings import todays

_RATES = (100.0, 200.0, 300.0, 400.0, 500.0)
_USERS_OF_CPU = (80,)

DESCRIPTION = """\
Measure goodput and response time of variants against the rate of requests that
is offered to them, whether or not they keep up. With --users, --waits or
--tokens: goodput against the number of users of a closed load, and which style
is best where. With --cpus: goodput against the CPU that a handler uses."""
EPILOG = """\
examples:
  bench sweep sleep.def sleep.async-native
  bench sweep noop.def --rates 500,1000,2000
  bench sweep sleep.def sleep.async-native --users 1,5,20,80 --waits 5ms,500ms
  bench sweep sleep.def sleep.async-native --tokens 10,40,100
  bench sweep sleep.def sleep.async-native --cpus 100us,1ms,10ms --users 80"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variants", nargs="+", metavar="VARIANT", help="an id of `bench list variants`, e.g. sleep.def")
    parser.add_argument(
        "--rates", type=rates, metavar="100,200", help=f"requests a second (default: {_listed(_RATES)})"
    )
    parser.add_argument(
        "--users", type=user_counts, metavar="1,20", help=f"users of a closed load instead (then: {_listed(USERS)})"
    )
    parser.add_argument("--waits", type=waits_ms, metavar="5ms,50ms", help="how long a sleep or a query takes")
    parser.add_argument("--tokens", type=token_counts, metavar="10,40", help="sizes of the pool that def runs in")
    parser.add_argument(
        "--cpus", type=cpus_us, metavar="1ms,10ms", help="CPU of a sleep's handler before it waits (then: 80 users)"
    )
    add_measuring(parser, folder="<time>-sweep")
    add_sut(parser)


def _listed(numbers: tuple[float, ...]) -> str:
    return ",".join(f"{number:g}" for number in numbers)


def run(args: argparse.Namespace) -> int:
    """Measure. Raises UsageError for options that do not go together, or a wait that cannot be set."""
    found = (nearest(name, CATALOGUE, "variant", listed_by="bench list variants") for name in args.variants)
    steps = _steps(args, [CATALOGUE[name] for name in dict.fromkeys(found)])
    return measure(args, partial(run_as_ordered, args, "sweep", sweep=steps))


def _steps(args: argparse.Namespace, variants: list[Variant]) -> tuple[Step, ...]:
    is_closed = any((args.users, args.waits, args.tokens, args.cpus))
    if not is_closed:
        return rate_steps(variants, args.rates or _RATES)
    if args.rates:
        raise UsageError("--rates is for an open load, the other options are for closed ones: choose one.")
    users = args.users or (_USERS_OF_CPU if args.cpus else USERS)
    if args.cpus and len(users) > 1:
        raise UsageError("--cpus draws goodput against CPU: with it, give --users one number.")
    try:
        return users_steps(
            variants,
            users,
            waits_ms=args.waits or (None,),
            tokens=args.tokens or (None,),
            cpus_us=args.cpus or (None,),
            settings=todays(),
        )
    except ValueError as error:
        raise UsageError(f"{error}: leave out --waits or --cpus, or this variant.") from None

"""The words of a call whose app is on another machine, and which of them are said again there."""

import argparse
import ipaddress
from datetime import UTC, datetime
from pathlib import Path

from experiment.errors import UsageError
from harness.campaign.over_ssh import Order
from harness.system.places import RESULTS
from harness.system.ssh import place_of

_TAKEN = ("--sut", "--out", "--resume", "--markdown", "--junit", "--driver-workers", "--sut-host")
_FLAGS = ("--quiet", "--json", "--annotations", "--measure-only")
_NOT_WITH = ("expect_workers", "master_bind")
_MEASURE_ONLY = "--measure-only"


def add_sut(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sut",
        type=place_of,
        metavar="ssh://USER@HOST[/PATH]",
        help="measure the app on that machine, by the bench in that folder; this one drives (docs/distributed.md)",
    )
    # what the other side is told: charts, reports and gates are made where the campaign is brought to
    parser.add_argument(_MEASURE_ONLY, action="store_true", help=argparse.SUPPRESS)


def order_elsewhere(args: argparse.Namespace) -> Order:
    """Return what is measured elsewhere. Raises UsageError for words that do not go together."""
    given = [f"--{name.replace('_', '-')}" for name in _NOT_WITH if getattr(args, name) is not None]
    if given:
        raise UsageError(f"--sut starts the workers, on this machine: leave out {' and '.join(given)}.")
    resumed: Path | None = getattr(args, "resume", None)
    command, words = _said_there(args.words[1:])
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return Order(
        place=args.sut,
        command=command,
        words=(_MEASURE_ONLY, *words),
        out=args.out or RESULTS / f"{now}-{'-'.join(command)}" if resumed is None else resumed.resolve(),
        workers=args.driver_workers or 1,
        sut_host=None if args.sut_host is None else _address(args.sut_host),
        is_app=command[0] == "app",
        goes_on=resumed is not None,
    )


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UsageError(f"--sut-host takes an IP address of the app's machine, not {text[:60]!r}.") from None


def _said_there(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a call's command, and its words without those about this machine.

    Those say where to drive from, and what to write and to show here.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    of_app = words[0].lower() == "app"
    for name in _TAKEN if of_app else (*_TAKEN, "--workers"):  # of an app that is another thing
        parser.add_argument(name)
    for name in _FLAGS:
        parser.add_argument(name, action="store_true")
    length = 2 if of_app else 1
    command = tuple(word.lower() for word in words[:length])
    return command, tuple(parser.parse_known_args(words[length:])[1])

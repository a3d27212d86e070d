"""The words of a call that say which processes drive: this one's own, or workers that others start."""

import argparse
from dataclasses import dataclass

from experiment.errors import UsageError
from experiment.records.manifest import LOOPBACK, Elsewhere
from harness.campaign.workers import check_addresses
from harness.commands.words import MASTER_PORT, endpoint, workers

_ELSEWHERE = ("master_bind", "sut_host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Driving:
    """How many workers drive, None where the call does not say; `elsewhere`: how those that others start find us."""

    workers: int | None = None
    elsewhere: Elsewhere | None = None


NOT_SAID = Driving()


def add_driving(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add the options; `names` are those of the one that says how many workers are started here."""
    parser.add_argument(
        *names,
        dest="driver_workers",
        type=workers,
        metavar="N",
        help="drive with N processes under a Locust master (default: one alone)",
    )
    parser.add_argument(
        "--expect-workers",
        type=workers,
        metavar="N",
        help="drive with N workers that others start with `bench worker`; waits two minutes for them",
    )
    parser.add_argument(
        "--master-bind",
        type=endpoint,
        metavar="HOST[:PORT]",
        help=f"where these find the master: an address of this machine (default: {LOOPBACK}:{MASTER_PORT})",
    )
    parser.add_argument(
        "--sut-host", metavar="ADDRESS", help=f"where they reach the app: an address of this machine ({LOOPBACK})"
    )


def driving_of(args: argparse.Namespace) -> Driving:
    """Return who drives. Raises UsageError for words that do not go together, and addresses that are not ours."""
    if not args.expect_workers:
        given = [f"--{name.replace('_', '-')}" for name in _ELSEWHERE if getattr(args, name) is not None]
        if given:
            raise UsageError(f"{' and '.join(given)} is for workers that others start: add --expect-workers N.")
        return Driving(workers=args.driver_workers)
    if args.driver_workers is not None:
        raise UsageError(
            "name either how many workers are started here or --expect-workers; of those that others start some may "
            "run on this machine too."
        )
    host, port = args.master_bind or (LOOPBACK, MASTER_PORT)
    elsewhere = Elsewhere(bind=f"{host}:{port}", sut_host=args.sut_host or LOOPBACK)
    check_addresses(elsewhere)
    return Driving(workers=args.expect_workers, elsewhere=elsewhere)

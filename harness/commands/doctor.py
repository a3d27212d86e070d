"""`bench doctor`: is this machine fit, what is missing, and what that costs."""

import argparse
import resource
import socket
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from rich.console import Console

from experiment.errors import EnvironmentUnfitError, Exit, UsageError
from harness.campaign.unserved import given_database
from harness.commands.terminal import show_table
from harness.postgres.server import Unavailable, availability
from harness.system.host import facts
from harness.system.pinning import plan_cores
from harness.system.quiet import WATCH_S, watch

_DESCRIPTORS_WANTED = 4096


class Health(StrEnum):
    """How a check came out."""

    GOOD = "ok"
    WEAK = "weak"  # it runs, with less certainty
    BAD = "bad"  # it does not run


class Check(NamedTuple):
    """One thing looked at, what was found, and what that costs and how to cure it: nothing where all is well."""

    name: str
    found: str
    cost: str = ""
    is_bad: bool = False

    @property
    def health(self) -> Health:
        if self.is_bad:
            return Health.BAD
        return Health.WEAK if self.cost else Health.GOOD


_COLOURS = {Health.GOOD: "", Health.WEAK: "yellow", Health.BAD: "red"}

DESCRIPTION = """\
Say whether this machine is fit to measure on, what is missing and what that
costs, and how far two identical routes lie apart here."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="without the A/A run that measures its noise (40 s)")


def run(args: argparse.Namespace) -> int:
    """Print every check; exit 6 when one of them keeps a campaign from running."""
    checks = [check() for check in CHECKS]
    if not args.quick and not any(c.health is Health.BAD for c in checks):
        checks.append(_noise())
    show_table(
        Console(),
        "Is this machine fit?",
        ("check", "", "found", "what that costs, and the cure"),
        [(c.name, c.health.value, c.found, c.cost) for c in checks],
        styles=[_COLOURS[c.health] for c in checks],
    )
    bad = [c.name for c in checks if c.health is Health.BAD]
    if bad:
        print(f"bench: nothing can be measured here before this is mended: {', '.join(bad)}", file=sys.stderr)
    return Exit.ENVIRONMENT if bad else Exit.OK


def _machine() -> Check:
    f = facts()
    return Check("machine", f"{f.cpu}, {f.cores} cores, {f.memory_gib} GiB, {f.os}, Python {f.python}")


def _cores() -> Check:
    plan = plan_cores()
    if plan.enforced:
        return Check("pinning", f"SUT on core {plan.sut[0]}, driver and services on {', '.join(map(str, plan.others))}")
    cost = "Throughput claims (A15, A16, A20) take more rounds or stay undecided. Use Linux with 2 cores or more."
    return Check("pinning", plan.note, cost)


def _descriptors() -> Check:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    cost = f"Bystanders of a blocked app each hold a socket; `ulimit -n {_DESCRIPTORS_WANTED}` before you start."
    found = f"{soft} open files allowed (hard limit {hard})"
    return Check("descriptors", found, "" if soft >= _DESCRIPTORS_WANTED else cost)


def _quiet() -> Check:
    seen = watch()
    waiting = "" if seen.pressure_share is None else f"; tasks waited for a core {seen.pressure_share:.0%} of the time"
    stolen = "" if seen.steal_share is None else f"; {seen.steal_share:.1%} of CPU time stolen"
    found = f"other programs use {seen.busy_cores:.2f} of {seen.cores} cores{stolen}{waiting} (over {WATCH_S:g} s)"
    who = f" ({seen.busiest} uses most)" if seen.busiest else ""
    cost = [f"Close what else runs{who}: trials that it disturbs are repeated."] if seen.is_busy else []
    if seen.is_stolen:
        cost.append("Other tenants of this host are busy: trials over the limit are repeated. Try at another hour.")
    return Check("quiet now", found, " ".join(cost))


def _ports() -> Check:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
    except OSError as error:
        return Check("ports", str(error), "Nothing can listen on 127.0.0.1 here.", is_bad=True)
    return Check("ports", f"127.0.0.1 can be listened on (tried {port})")


def _database() -> Check:
    try:
        found = availability(given_database())
    except EnvironmentUnfitError as error:
        return Check("database", str(error), "Mend or unset BENCH_DATABASE_URL.", is_bad=True)
    if isinstance(found, Unavailable):
        return Check("database", found.reason, f"Claims A17 to A19 are skipped. {found.cure}")
    return Check("database", f"PostgreSQL {found.version} ({found.source.value})")


def _noise() -> Check:
    from harness.campaign.noise import TYPICAL_ROUNDS, measure_noise

    try:
        floor = measure_noise()
    except UsageError:
        return Check("noise", "a campaign is being measured on this machine", "Not measured; look again when it ended.")
    disturbed = f" ({', '.join(floor.invalid)} fired)" if floor.invalid else ""
    if floor.spread is None or floor.spread_as_measured is None or floor.smallest_effect is None:
        return Check(
            "noise",
            f"the A/A run has only {floor.pairs} valid pairs{disturbed}",
            "This machine is too disturbed now; close what else runs on it and look again.",
        )
    found = (
        f"two identical routes differ by {floor.spread_as_measured:.1%} in goodput from pair to pair, by "
        f"{floor.spread:.1%} at equal core speed{disturbed}; the article profile can decide effects on a busy core "
        f"that are {floor.smallest_effect - 1:.0%} away from a claim's limit ({TYPICAL_ROUNDS} rounds)"
    )
    cost = "Claims about a busy core (A15, A20) may stay undecided."
    return Check("noise", found, "" if floor.smallest_effect <= _SMALLEST_WANTED else cost)


_SMALLEST_WANTED = 1.4
"""At this noise of a saturated core, claims about waits, which scatter far less, are still decided."""

CHECKS: tuple[Callable[[], Check], ...] = (_machine, _cores, _descriptors, _quiet, _ports, _database)

"""`bench doctor`: is this machine fit, what is missing, and what that costs."""

from __future__ import annotations

import resource
import socket
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.console import Console

from experiment.errors import EnvironmentUnfitError, Exit
from harness.campaign.run import given_database
from harness.commands.terminal import show_table
from harness.postgres.server import Unavailable, availability
from harness.system.host import HostSample, facts
from harness.system.pinning import plan_cores

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_DESCRIPTORS_WANTED = 4096
_STEAL_WATCH_S = 2.0
_STEAL_LIMIT = 0.05


class Health(StrEnum):
    """How a check came out."""

    GOOD = "ok"
    WEAK = "weak"  # it runs, with less certainty
    BAD = "bad"  # it does not run


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at, what was found, and what to do."""

    name: str
    health: Health
    found: str
    cost: str = ""


_COLOURS = {Health.GOOD: "", Health.WEAK: "yellow", Health.BAD: "red"}


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
    return Exit.ENVIRONMENT if any(c.health is Health.BAD for c in checks) else Exit.OK


def _machine() -> Check:
    f = facts()
    found = f"{f.cpu}, {f.cores} cores, {f.memory_gib} GiB, {f.os}, Python {f.python}"
    return Check(name="machine", health=Health.GOOD, found=found)


def _cores() -> Check:
    plan = plan_cores()
    if plan.enforced:
        found = f"SUT on core {plan.sut[0]}, driver and services on {', '.join(map(str, plan.others))}"
        return Check(name="pinning", health=Health.GOOD, found=found)
    return Check(
        name="pinning",
        health=Health.WEAK,
        found=plan.note,
        cost="Throughput claims (A15, A16, A20) take more rounds or stay undecided. Use Linux with 2 cores or more.",
    )


def _descriptors() -> Check:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"{soft} open files allowed (hard limit {hard})"
    if soft >= _DESCRIPTORS_WANTED:
        return Check(name="descriptors", health=Health.GOOD, found=found)
    return Check(
        name="descriptors",
        health=Health.WEAK,
        found=found,
        cost=f"Bystanders of a blocked app each hold a socket; `ulimit -n {_DESCRIPTORS_WANTED}` before you start.",
    )


def _steal() -> Check:
    before = HostSample.now()
    time.sleep(_STEAL_WATCH_S)
    after = HostSample.now()
    share = before.steal_share_until(after)
    pressure = before.pressure_share_until(after)
    if share is None:
        return Check(name="CPU stolen now", health=Health.GOOD, found="this system does not say")
    waiting = "" if pressure is None else f"; tasks waited for a core {pressure:.0%} of the time"
    found = f"{share:.1%} over {_STEAL_WATCH_S:g} s{waiting}"
    if share <= _STEAL_LIMIT:
        return Check(name="CPU stolen now", health=Health.GOOD, found=found)
    return Check(
        name="CPU stolen now",
        health=Health.WEAK,
        found=found,
        cost="Other tenants of this host are busy: trials over the limit are repeated. Try at another hour.",
    )


def _ports() -> Check:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
    except OSError as error:
        return Check(name="ports", health=Health.BAD, found=str(error), cost="Nothing can listen on 127.0.0.1 here.")
    return Check(name="ports", health=Health.GOOD, found=f"127.0.0.1 can be listened on (tried {port})")


def _database() -> Check:
    url = given_database()
    try:
        found = availability(url)
    except EnvironmentUnfitError as error:
        return Check(name="database", health=Health.BAD, found=str(error), cost="Mend or unset BENCH_DATABASE_URL.")
    if isinstance(found, Unavailable):
        cost = f"Claims A17 to A19 are skipped. {found.cure}"
        return Check(name="database", health=Health.WEAK, found=found.reason, cost=cost)
    return Check(name="database", health=Health.GOOD, found=f"PostgreSQL {found.version} ({found.source.value})")


def _noise() -> Check:
    from harness.campaign.noise import TYPICAL_ROUNDS, measure_noise

    floor = measure_noise()
    disturbed = f" ({', '.join(floor.invalid)} fired)" if floor.invalid else ""
    if floor.spread is None or floor.spread_as_measured is None or floor.smallest_effect is None:
        return Check(
            name="noise",
            health=Health.WEAK,
            found=f"the A/A run has only {floor.pairs} valid pairs{disturbed}",
            cost="This machine is too disturbed now; close what else runs on it and look again.",
        )
    found = (
        f"two identical routes differ by {floor.spread_as_measured:.1%} in goodput from pair to pair, by "
        f"{floor.spread:.1%} at equal core speed{disturbed}; the article profile can decide effects on a busy core "
        f"that are {floor.smallest_effect - 1:.0%} away from a claim's limit ({TYPICAL_ROUNDS} rounds)"
    )
    health = Health.GOOD if floor.smallest_effect <= _SMALLEST_WANTED else Health.WEAK
    cost = "" if health is Health.GOOD else "Claims about a busy core (A15, A20) may stay undecided."
    return Check(name="noise", health=health, found=found, cost=cost)


_SMALLEST_WANTED = 1.4
"""At this noise of a saturated core, claims about waits, which scatter far less, are still decided."""

CHECKS: tuple[Callable[[], Check], ...] = (_machine, _cores, _descriptors, _steal, _ports, _database)

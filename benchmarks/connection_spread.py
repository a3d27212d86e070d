"""How connections spread over workers that accept from one socket: how many each of two took, by psutil.

Run `python -m benchmarks.connection_spread`. Users connect at one moment, or one after the other; the ways take turns.
The app is idle meanwhile, as it is when a trial's users connect. No request is sent: a keep-alive connection stays with
the worker that took it, so these counts say who will serve whom.
"""

import argparse
import itertools
import os
import random
import socket
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from analysis.wording import markdown
from benchmarks.talk import say
from experiment.errors import InvalidMeasurementError
from harness.system.pinning import plan_cores
from harness.system.places import python
from harness.system.process import accepts, child, free_port, wait_until

WORKERS = 2
USERS = (8, 80)
GAPS_S = (0.0, 0.002, 0.02)
LOOPS = ("uvloop", "asyncio")
_READY_S, _TAKEN_S, _POLL_S, _BETWEEN_S = 30.0, 5.0, 0.01, 0.05
# All workers of the master have imported the app when each listens; a connection before that finds only the first.
_SETTLED_S = 3.0


@dataclass(frozen=True, slots=True)
class Way:
    """How users connect: how many, and how long after the one before each does; 0 is all at one moment."""

    users: int
    gap_s: float


def busiest_share(taken: Counter[int]) -> float:
    """Return the share of the connections that the worker with most of them has; `taken` counts by process id."""
    return max(taken.values()) / taken.total()


def measured(rounds: int, seed: int) -> str:
    """Let users connect in every way, so many times on each loop; return a Markdown table of who took them."""
    head = ("loop", "users", "connected", "rounds", "busier worker's share (lowest to highest)", "took all")
    ways = [Way(users, gap_s) for users in USERS for gap_s in GAPS_S]
    rows = []
    for loop in LOOPS:
        with _served(loop) as (port, master):
            shares = _shares(ways, rounds, seed, port, master)
        rows += [(loop, *_row(way, shares[way])) for way in ways]
    return markdown.table(head, rows).rstrip()


@contextmanager
def _served(loop: str) -> Iterator[tuple[int, psutil.Process]]:
    port, plan = free_port(), plan_cores()
    serve = [*python("uvicorn"), "--factory", "bench_app.app:create_app", "--port", str(port), "--no-access-log"]
    serve += ["--workers", str(WORKERS), "--loop", loop, "--log-level", "warning"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        cores = plan.for_sut(all_cores=True)
        with child(serve, log=log, cores=cores, env={**os.environ, "BENCH_WORKS": "noop"}) as process:
            wait_until(lambda: accepts(port), process=process, what="the app", log=log, timeout_s=_READY_S)
            time.sleep(_SETTLED_S)
            yield port, psutil.Process(process.pid)


def _shares(ways: Sequence[Way], rounds: int, seed: int, port: int, master: psutil.Process) -> dict[Way, list[float]]:
    order = random.Random(seed)  # noqa: S311 - a reproducible order, not a secret
    shares = {way: list[float]() for way in ways}
    for _ in range(rounds):
        for way in order.sample(ways, len(ways)):
            shares[way].append(busiest_share(_taken(way, port, master)))
            time.sleep(_BETWEEN_S)
    return shares


def _taken(way: Way, port: int, master: psutil.Process) -> Counter[int]:
    """Connect; return how many connections each worker has. Raises InvalidMeasurementError if some are not taken."""
    with ExitStack() as stack:
        for _ in range(way.users):
            one = stack.enter_context(socket.socket())
            one.settimeout(0)  # as the driver's users do: nobody waits for the one before
            one.connect_ex(("127.0.0.1", port))
            if way.gap_s:
                time.sleep(way.gap_s)
        for _ in range(round(_TAKEN_S / _POLL_S)):
            taken = _counted(port, master)
            if taken.total() == way.users:
                return taken
            time.sleep(_POLL_S)
    raise InvalidMeasurementError(f"only {taken.total()} of {way.users} connections were taken in {_TAKEN_S:g} s")


def _counted(port: int, master: psutil.Process) -> Counter[int]:
    held = itertools.chain.from_iterable(
        ((worker.pid, held) for held in worker.net_connections("tcp4")) for worker in master.children()
    )
    return Counter(pid for pid, held in held if held.status == psutil.CONN_ESTABLISHED and held.laddr.port == port)


def _row(way: Way, shares: Sequence[float]) -> tuple[str, ...]:
    how = f"{way.gap_s * 1000:g} ms apart" if way.gap_s else "at one moment"
    share = f"{statistics.median(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"
    alone = sum(share == 1.0 for share in shares)
    return f"{way.users}", how, f"{len(shares)}", share, f"{alone} times"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.connection_spread")
    parser.add_argument("--rounds", type=int, default=20, help="how often each way of connecting is tried")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which the ways take turns")
    asked = parser.parse_args()
    say(measured(asked.rounds, asked.seed))


if __name__ == "__main__":
    main()

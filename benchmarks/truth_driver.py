"""Response times at 20 % and 80 % of capacity on four kinds of routes: our driver beside h2load, of the same arrivals.

half_load.py says how: h2load keeps a rate and writes down every request, our driver sends at exactly those times.
Capacity is what h2load gets out of a closed load with the users that are given here, in the same round. For noop and
upload that is what the SUT's core can do. For sleep and db it is users / wait, a limit of the load and not of the SUT:
80 users of a sleep, and as many users of a query as its pool has connections.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from analysis.stats.results import Estimate
from bench_app.catalogue import CATALOGUE
from benchmarks.half_load import LEAD_S, TAIL_S, Pair, Rate, rate_for, read_pairs
from benchmarks.instruments import INSTRUMENTS, Bench
from benchmarks.targets import Target, ratio
from experiment.design.factors import ServerConfig
from experiment.design.model import Interval
from experiment.errors import InvalidMeasurementError
from harness.trial.rig import Rig

USERS: Mapping[str, int] = {
    "noop.async-native": 32,
    "sleep.async-native": 80,
    "db.async-native.asyncpg": 20,
    "upload.def": 8,
}
SHARES = (0.2, 0.8)
AS_H2LOAD = Interval(0.9, 1.1)
METRICS = ("p50_us", "p99_us")

PAIRS_A_ROUND = 4
WINDOW_S = 2.0
LONGEST_S = 30.0
NEEDED = 130
"""Requests in a window: a p99 needs 100, and h2load does not send quite as many as it is told to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A route at a share of its capacity."""

    variant: str
    share: float

    @property
    def name(self) -> str:
        return f"{self.variant} at {self.share:.0%} of capacity"

    def target(self, metric: str) -> Target:
        short = metric.removesuffix("_us")
        return Target(name=f"{short} of {self.name}", metric=metric, baseline="h2load", expected=AS_H2LOAD)


POINTS = tuple(Point(variant=v, share=share) for v in USERS for share in SHARES)


def estimate(pairs: list[Pair], metric: str) -> Estimate:
    """Estimate ours over h2load's, a pair of the same arrivals being one sample."""
    return ratio([{"ours": pair.ours, "h2load": pair.h2load} for pair in pairs], metric, "ours", "h2load")


def read_round(rig: Rig, variant: str, chance: random.Random, body: Path) -> Iterator[tuple[Point, Pair]]:
    """Measure a route on a fresh SUT: its capacity, then pairs at each share of it.

    Raises InvalidMeasurementError where h2load finds no capacity or cannot keep a rate.
    """
    with _asking(rig, variant, body) as bench:
        users = USERS[variant]
        full = INSTRUMENTS["h2load"].read(bench, users)
        if full.rps is None:
            raise InvalidMeasurementError(f"h2load finds no capacity of {variant}: {full.problem}")
        for share in SHARES:
            rate = rate_for(full.rps, share, response_s=users / full.rps)
            for pair in read_pairs(replace(bench, window_s=window_s(rate)), rate, PAIRS_A_ROUND, chance):
                yield Point(variant=variant, share=share), pair


@contextmanager
def _asking(rig: Rig, variant_id: str, body: Path) -> Iterator[Bench]:
    """Serve a route, and return the bench that asks it; `body` is written where the request has one."""
    variant = CATALOGUE[variant_id]
    request = rig.call_for(variant)
    if request.body:
        body.write_bytes(request.body)
    with rig.serving({variant_id: variant}, ServerConfig(), "truth") as service:
        yield Bench(
            drivers={"ours": rig.locust},
            cores=rig.plan.for_others,
            port=service.port,
            request=request,
            window_s=WINDOW_S,
            body=body if request.body else None,
        )


def window_s(rate: Rate) -> float:
    """Return a window that is long enough for a p99, within bounds."""
    return min(LONGEST_S, max(WINDOW_S, NEEDED / rate.rps))


def measure(
    rig: Rig, variants: tuple[str, ...], *, pairs: int, seed: int, body: Path, say: Callable[[str], None]
) -> dict[Point, list[Pair]]:
    """Measure in rounds, the routes of each in an order left to chance; what is not usable is said and left out."""
    found: dict[Point, list[Pair]] = {point: [] for point in POINTS if point.variant in variants}
    rounds, began = ceil(pairs / PAIRS_A_ROUND), time.monotonic()
    for number in range(1, rounds + 1):
        chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a reproducible order, not a secret
        for variant in chance.sample(variants, len(variants)):
            say(f"h2load, round {number} of {rounds}: {variant}")
            try:
                for point, pair in read_round(rig, variant, chance, body):
                    found[point].append(pair)
                    say_problems(point, pair, say)
            except InvalidMeasurementError as error:
                say(f"  not usable: {error}")
        left_s = (time.monotonic() - began) / number * (rounds - number)
        say(f"h2load, round {number} of {rounds} ended; the others take about {left_s / 60:.0f} minutes")
    return found


def say_problems(point: Point, pair: Pair, say: Callable[[str], None]) -> None:
    for name, reading in (("ours", pair.ours), ("h2load", pair.h2load)):
        if reading.problem:
            say(f"  {name}, {point.name}: not usable: {reading.problem}")


def seconds(variants: int, pairs: int) -> float:
    """Return how long it takes if each window is of the usual length; a slow route's capacity is not known yet."""
    rounds, span = ceil(pairs / PAIRS_A_ROUND), ceil(LEAD_S + WINDOW_S + TAIL_S)
    a_share = (2 * PAIRS_A_ROUND + 1) * (span + 0.5)
    return rounds * variants * (len(SHARES) * a_share + WINDOW_S + 2.0)

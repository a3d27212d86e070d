"""Pool occupancy: how many connections a database must see in use, and how precise its samples are.

Each answer holds a connection for at least S_hold, the time its query waits on the server. So X answers per second keep
X·S_hold connections in use on average (Little, Operations Research 9, 1961). The mean of the looks may differ from that
for three reasons:

    the server's work   parsing, planning and waiting for a core add to the wait. They only ever add: a server-side wait
                        never ends early. `EXCESS` says how much the rule allows.
    the window's edges  a query that runs when the window opens or closes counts fully in X or not at all. There is at
                        most one per connection, and at most one more answer on its way to the driver. So the bound is
                        2 c · S_hold / window, where c is the highest number in use: as seen, or as X·S_hold needs.
    the looks           n looks at random moments (one in every `LOOK_EVERY_S`, so that no rhythm of the queries can
                        hide from them). Their mean lies at x or beyond, while the true mean is m, with a probability
                        of at most exp(-n KL(x/c, m/c)), KL(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q)): Hoeffding,
                        J. American Statistical Association 58, 1963, theorem 1. It assumes nothing about how the
                        connections change: a pool is often full or empty at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log
from typing import Any

from bench_app.works import Bound
from experiment.design.model import Interval
from experiment.records.trial import TrialMetrics
from experiment.theory.ceilings import HasStyle, waits

LOOK_EVERY_S = 0.1  # seconds between looks at the database. Each look costs some time of a core that the trial needs.
EXCESS = 0.10
"""How much longer than its wait a query may keep its connection: 5 ms of 50 ms, many times the time of a lookup."""
_CHANCE = 0.001  # the highest probability of a mean beyond either bound, by chance of the looks alone
_EDGE_QUERIES = 2  # per connection at an edge of the window: one that runs, and one whose answer is on its way
_HALVINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHold:
    """How a variant holds database connections: S_hold in seconds per answer, and the size of the pool."""

    hold_s: float
    pool_size: int


def connection_hold(variant: HasStyle, settings: Mapping[str, Any]) -> ConnectionHold | None:
    """Return how a variant holds connections under a manifest's settings.

    None if it is not known: no database, or a lookup whose query does not wait on the server.
    """
    hold_s, pool_size = float(settings.get(variant.work.setting or "") or 0), int(settings.get("db_pool_size") or 0)
    if variant.work.bound is not Bound.POOLED_WAIT or not waits(variant) or not hold_s or not pool_size:
        return None
    return ConnectionHold(hold_s=hold_s, pool_size=pool_size)


def expected_in_use(metrics: TrialMetrics, held: ConnectionHold) -> float | None:
    """Return X·S_hold, the mean number of connections in use; or None without a goodput (a burst has none)."""
    return None if metrics.goodput_rps is None else metrics.goodput_rps * held.hold_s


def allowed_in_use(metrics: TrialMetrics, held: ConnectionHold, *, excess: float = EXCESS) -> Interval | None:
    """Return the interval in which the mean of the looks must lie, or None if it was not measured."""
    expected, window_s, peak = expected_in_use(metrics, held), metrics.window_s, metrics.db_in_use_peak
    if expected is None or not window_s or peak is None:
        return None
    most = max(peak, min(ceil(expected), held.pool_size))
    edges = _EDGE_QUERIES * most * held.hold_s / window_s
    looks = max(1, int(window_s / LOOK_EVERY_S))
    low = _lowest_mean(max(0.0, expected - edges), most, looks)
    high = _highest_mean(expected * (1 + excess) + edges, most, looks)
    return Interval(low, max(low, min(high, held.pool_size)))


def complaint(metrics: TrialMetrics, held: ConnectionHold, *, excess: float = EXCESS) -> str | None:
    """Return how the looks contradict X·S_hold; None if they agree, or if there were no looks."""
    mean, peak = metrics.db_in_use_mean, metrics.db_in_use_peak
    if peak is not None and peak > held.pool_size:
        return f"the database saw {peak} connections in use, of a pool of {held.pool_size}"
    allowed, expected = allowed_in_use(metrics, held, excess=excess), expected_in_use(metrics, held)
    if mean is None or allowed is None or allowed.low <= mean <= allowed.high:
        return None
    return (
        f"the database saw {mean:.1f} connections in use where X·S_hold = {expected:.1f} "
        f"({allowed.low:.1f} to {allowed.high:.1f} expected)"
    )


def _lowest_mean(true: float, most: int, looks: int) -> float:
    """Return the lowest mean that looks at values from 0 to `most` may show, with `true` their true mean."""
    if true <= 0 or true >= most:
        return true
    return most * _bound(true / most, 0.0, looks)


def _highest_mean(true: float, most: int, looks: int) -> float:
    """Return the highest mean that looks at values from 0 to `most` may show, with `true` their true mean."""
    if true >= most:
        return true
    return most * _bound(true / most, 1.0, looks)


def _bound(inside: float, outside: float, looks: int) -> float:
    """Return the share furthest from `inside` that chance still allows; `outside` if chance allows all of it."""
    enough, true = -log(_CHANCE) / looks, inside
    if _divergence(outside, true) <= enough:
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if _divergence(middle, true) <= enough else (inside, middle)
    return inside


def _divergence(seen: float, true: float) -> float:
    """Return KL(seen, true), of two shares; `true` lies inside (0, 1)."""
    parts = ((seen, true), (1 - seen, 1 - true))
    return sum(p * log(p / q) for p, q in parts if p > 0)

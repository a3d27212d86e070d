"""What somebody's own route can serve, from what one user of it was seen to cost: the pilot's figures.

N: users of a closed load. S: response time of one user. c: CPU of the whole app a request, when it is busy: a request
that wakes an idle app costs up to twice as much. b: time that the loop is held up a request, with one user. T: limiter
tokens. W: server processes, L = min(W, cores):

    async (class, asgi)     min(N / S, W / b, L / c)
    def                     min(N / S, W T / S, L / c)

A route that blocks for all of S has b = S, so that its term is 1 / S: what experiment/theory/ceilings.py calls 1/(S+c),
with c inside S. Hops need no term of their own: their CPU is in c.

A change of style keeps S and c: they are the handler's own work. As def nothing is held up. On the loop a handler that
was def is taken to hold up the loop for all of S, for it awaits nothing. What leaving out middleware saves is not known
beforehand.

These are asymptotic bounds (Lazowska et al., Quantitative System Performance, 1984, ch. 5). Near the point where two
terms are equal, a system stays up to a fifth below both. Pools and locks of the app have no term: a route that stays
far below the bound has one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from experiment.design.factor import Limits
from experiment.design.factors import STYLE, WITHOUT_MIDDLEWARE, ServerConfig
from experiment.design.model import Load, LoadKind
from experiment.theory.ceilings import Ceiling

NOISE_S = 0.001
"""Up to here a time that the loop is held up is a machine's noise: one tick late in twenty answers."""

UNSEEN_S = 0.002
"""The probe calls a tick late from 2 ms on, so of each time that a call holds up the loop it misses so much."""

BLOCKS_FROM_S = 0.005
"""From here on a route counts as one that blocks: a twentieth of the 100 ms that people notice, and far above what the
probe cannot tell from nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCosts:
    """What one user of a route was seen to cost. Seconds a request; None where too little was used to tell."""

    style: str | None  # async, def, class, asgi; None where the route is not known
    service_s: float
    cpu_s: float | None = None
    blocked_s: float = 0.0

    @property
    def blocks(self) -> bool:
        return self.blocked_s >= BLOCKS_FROM_S

    @property
    def may_need_the_core(self) -> bool:
        """Whether 20 users of it keep a core busy: its figures then follow the core's speed."""
        return (self.cpu_s or 0.0) * 20 >= self.service_s

    @property
    def held_s(self) -> float:
        """The time that the loop is held up, with what the probe misses of it; never more than the whole service."""
        return min(self.service_s, self.blocked_s + UNSEEN_S) if self.blocked_s > NOISE_S else 0.0

    def on(self, server: ServerConfig) -> "RouteCosts | None":
        """Return what the route would cost on a server; None where a change has no known effect."""
        if server[WITHOUT_MIDDLEWARE] is not None:
            return None
        match server[STYLE]:
            case "def":
                return replace(self, style="def", blocked_s=0.0)
            case "on-loop":
                return replace(self, style="async", blocked_s=self.service_s)
        return self


def capacity(costs: RouteCosts, load: Load, server: ServerConfig, *, cores: int, tokens: int = 40) -> Ceiling | None:
    """Return the goodput that a route's costs allow under a load; None where theory has no term.

    `cores`: of the machine; `tokens`: the app's own. An open load is served at its rate, as far as the costs allow.
    """
    changed, limits = costs.on(server), server.limits(Limits(cores=cores, tokens=tokens))
    if changed is None or load.kind is LoadKind.BURST or changed.service_s <= 0:
        return None
    terms = [_offered(load, changed), *_terms(changed, limits)]
    return min(terms, key=lambda term: term.goodput_rps)


def _offered(load: Load, costs: RouteCosts) -> Ceiling:
    if load.kind is LoadKind.OPEN:
        return Ceiling(goodput_rps=load.rate_rps, decided_by="the rate")
    return Ceiling(goodput_rps=load.users / costs.service_s, decided_by="N/S")


def _terms(costs: RouteCosts, limits: Limits) -> Iterator[Ceiling]:
    running = min(limits.processes, limits.cores)
    if costs.style == "def":
        many = "" if limits.processes == 1 else "W "
        yield Ceiling(goodput_rps=limits.processes * limits.tokens / costs.service_s, decided_by=f"{many}T/S")
    elif costs.held_s > 0:
        term = "S" if costs.held_s >= costs.service_s else "b"
        rate = limits.processes / costs.held_s
        yield Ceiling(goodput_rps=rate, decided_by=f"{_one_or('W', limits.processes)}/{term}")
    if costs.cpu_s:
        yield Ceiling(goodput_rps=running / costs.cpu_s, decided_by=f"{_one_or('L', running)}/c", is_cpu=True)


def _one_or(name: str, count: int) -> str:
    return "1" if count == 1 else name


LIMITED_BY = {
    "N/S": "all users wait for the route's own time",
    "T/S": "the thread tokens",
    "W T/S": "the thread tokens",
    "1/S": "the loop, which does one at a time",
    "W/S": "the loops, which do one at a time",
    "1/b": "the loop, which each request holds up",
    "W/b": "the loops, which each request holds up",
    "1/c": "the CPU of the loop's core",
    "L/c": "the CPU of the cores",
    "the rate": "the offered rate",
}
"""What each term means, for sentences."""

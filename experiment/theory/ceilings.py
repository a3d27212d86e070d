"""Ceilings: the highest goodput that queueing theory allows a style under a load, from this machine's own costs.

Think time is 0. N: users. S: service time (the sleep, the upstream's delay, the query's time). c: CPU per request, of
the loop and of the handler itself. h: the cost of a thread hop. T: limiter tokens. P: database pool. W: server
processes. L = min(W, cores): how many of them can run at once. W and L are 1 for the default server:

    async wait                 min(N / (S + c), L / c)
    def, offloaded             min(N / S, W T / S, L / (c + h))
    to_thread                  the same with T = min(32, cpus + 4), asyncio's own executor
    blocking in async def      W / (S + c)
    CPU in threads             L / S_cpu, and cores / S_cpu where the work lets go of the GIL
    process pool               cores / S_cpu
    database                   the style's own, and W P / S

The tables of styles and works say which row applies (bench_app/styles.py, bench_app/works.py). The table of server
factors says what a factor changes (experiment/design/factors.py).

Each row follows from Little's law (N = X * R) and the utilisation law (X * demand <= number of servers) as in
Lazowska et al., Quantitative System Performance, 1984, ch. 3 and 5. A client library's own CPU is not
included: where a route stays far below its ceiling, look for the difference there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from bench_app.items import PLAIN
from bench_app.styles import RunsOn, Style
from bench_app.works import Bound, Work
from experiment.design.factor import Limits
from experiment.design.factors import ServerConfig
from experiment.design.model import Load, LoadKind


class HasStyle(Protocol):
    """What theory needs to know about a variant. A report also has variants that are no longer in the catalogue."""

    @property
    def work(self) -> Work:
        """What the variant must get done."""

    @property
    def style(self) -> Style:
        """How the variant gets it done."""

    @property
    def tool(self) -> str | None:
        """The library, where there is a choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCosts:
    """The settings of a campaign and its own measured costs: ceilings are computed from them."""

    loop_cpu_s: float | None  # c: CPU of a noop async route
    hop_cpu_s: float | None  # h: what a noop def route costs more
    work_cpu_s: Mapping[str, float]  # S_cpu by work: whole CPU of a request, for CPU work; missing: not measured
    waits_s: Mapping[str, float]  # by the name of the setting
    db_pool_size: int
    cores: int
    thread_tokens: int = 40

    @property
    def to_thread_threads(self) -> int:
        return min(32, self.cores + 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The highest goodput that theory allows, the term that decides it, and whether that term is CPU time."""

    goodput_rps: float
    decided_by: str
    is_cpu: bool = False


def ceiling(variant: HasStyle, load: Load, server: ServerConfig, costs: MachineCosts) -> Ceiling | None:
    """Return the ceiling of a variant under a closed or burst load, or None if theory has no term for it."""
    if load.kind is LoadKind.OPEN:
        return None
    machine = Limits(cores=costs.cores, tokens=costs.thread_tokens, db_pool=costs.db_pool_size)
    limits = server.limits(machine)
    own_s = None if costs.loop_cpu_s is None else costs.loop_cpu_s + limits.handler_cpu_s
    costs = replace(costs, waits_s=server.settings(costs.waits_s), loop_cpu_s=own_s)
    terms = list(_terms(variant, load.users, limits, costs))
    return min(terms, key=lambda term: term.goodput_rps, default=None)


def _terms(variant: HasStyle, users: int, limits: Limits, costs: MachineCosts) -> Iterator[Ceiling]:
    match variant.work.bound:
        case Bound.LOOP:
            yield from _loop_terms(variant.style, limits, costs)
        case Bound.CPU | Bound.CPU_WITHOUT_GIL:
            yield from _cpu_terms(variant, limits, costs)
        case Bound.WAIT | Bound.POOLED_WAIT if wait_s := wait_of(variant, costs.waits_s):
            yield from _wait_terms(variant.style, users, wait_s, limits, costs)
            yield from _loop_terms(variant.style, limits, costs)
            if variant.work.bound is Bound.POOLED_WAIT and limits.db_pool:  # 0: not recorded
                yield _wait_term("P/S", limits.processes * limits.db_pool / wait_s, limits)


def wait_of(variant: HasStyle, settings: Mapping[str, float | None]) -> float | None:
    """Return how long a request to this variant waits by its settings, in seconds, or None if it does not wait."""
    is_wait = variant.work.bound in (Bound.WAIT, Bound.POOLED_WAIT)
    if not is_wait or not waits(variant):
        return None
    return settings.get(variant.work.setting or "") or None


def waits(variant: HasStyle) -> bool:
    """Return whether the variant waits: a `-plain` lookup asks the database, but does not wait there."""
    return variant.tool is None or not variant.tool.endswith(PLAIN)


def _wait_term(name: str, rate: float, limits: Limits) -> Ceiling:
    factor = "" if limits.processes == 1 else "W·"
    return Ceiling(goodput_rps=rate, decided_by=factor + name)


def _cpu_term(name: str, cost_s: float, limits: Limits) -> Ceiling:
    running = min(limits.processes, limits.cores)
    return Ceiling(goodput_rps=running / cost_s, decided_by=f"{'1' if running == 1 else 'L'}/{name}", is_cpu=True)


def _wait_terms(style: Style, users: int, wait_s: float, limits: Limits, costs: MachineCosts) -> Iterator[Ceiling]:
    loop_s = costs.loop_cpu_s or 0.0
    match style.runs_on:
        case RunsOn.LOOP_BLOCKING:
            yield _wait_term("1/(S+c)", limits.processes / (wait_s + loop_s), limits)
        case RunsOn.LIMITER | RunsOn.TO_THREAD:
            threads = costs.to_thread_threads if style.runs_on is RunsOn.TO_THREAD else limits.tokens
            held_s = wait_s + limits.handler_cpu_s  # a thread computes and waits
            yield Ceiling(goodput_rps=users / held_s, decided_by="N/S")
            yield _wait_term("T/S", limits.processes * threads / held_s, limits)
        case RunsOn.LOOP_AWAITING | RunsOn.PROCESSES:
            yield Ceiling(goodput_rps=users / (wait_s + loop_s), decided_by="N/(S+c)")


def _loop_terms(style: Style, limits: Limits, costs: MachineCosts) -> Iterator[Ceiling]:
    """Yield the loop's own limit, or nothing if its costs were not measured."""
    if costs.loop_cpu_s is None:
        return
    match style.runs_on:
        case RunsOn.LIMITER | RunsOn.TO_THREAD:
            if costs.hop_cpu_s is not None:
                yield _cpu_term("(c+h)", costs.loop_cpu_s + max(costs.hop_cpu_s, 0.0), limits)
        case RunsOn.LOOP_AWAITING | RunsOn.PROCESSES:
            yield _cpu_term("c", costs.loop_cpu_s, limits)
        case RunsOn.LOOP_BLOCKING:
            return  # its waits decide, not the loop


def _cpu_terms(variant: HasStyle, limits: Limits, costs: MachineCosts) -> Iterator[Ceiling]:
    cost_s = costs.work_cpu_s.get(variant.work.name)
    if cost_s is None:
        return
    is_threaded = variant.style.runs_on in (RunsOn.LIMITER, RunsOn.TO_THREAD)
    if variant.style.runs_on is RunsOn.PROCESSES or (is_threaded and variant.work.bound is Bound.CPU_WITHOUT_GIL):
        yield Ceiling(goodput_rps=limits.cores / cost_s, decided_by="cores/S_cpu", is_cpu=True)
    else:
        yield _cpu_term("S_cpu", cost_s, limits)

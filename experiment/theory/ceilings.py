"""What queueing theory allows: the highest goodput a style can have under a load, from this machine's own costs.

All for a SUT process on one core unless said otherwise, with think time 0. N users, S service time (the sleep, the
upstream's delay, the query's time), c loop CPU a request, h the cost of a thread hop, T limiter tokens, P database
pool, W worker processes:

    async wait                 min(N / (S + c), 1 / c)
    def, offloaded             min(N / S, T / S, 1 / (c + h))
    to_thread                  the same with T = min(32, cpus + 4), asyncio's own executor
    blocking in async def      1 / (S + c)
    CPU in threads             1 / S_cpu
    process pool               min(W, cores) / S_cpu
    database                   the style's own, and P / S

Each follows from Little's law (N = X * R) and the utilisation law (X * demand <= number of servers) as in
Lazowska et al., Quantitative System Performance, 1984, ch. 3 and 5. A client library's own CPU is not in it: where
a route stays far below its ceiling, that is where the difference went.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bench_app.catalogue import Style, Work
from experiment.design.model import Cores, LoadKind

if TYPE_CHECKING:
    from experiment.design.model import Load, ServerConfig


class HasStyle(Protocol):
    """A variant as far as theory looks at it; a report also asks about variants that left the catalogue since."""

    @property
    def work(self) -> Work:
        """What has to be done."""

    @property
    def style(self) -> Style:
        """How it is done."""

    @property
    def tool(self) -> str | None:
        """With which library, where there is a choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineCosts:
    """What the ceilings are computed from, per campaign."""

    loop_cpu_s: float | None  # c: CPU of a noop async route, measured
    hop_cpu_s: float | None  # h: what a noop def route costs more, measured
    upload_cpu_s: float | None  # S_cpu: whole CPU of a parsed upload, measured
    sleep_s: float
    article_sleep_s: float
    upstream_s: float
    query_s: float
    db_pool_size: int
    cores: int
    thread_tokens: int = 40

    @property
    def to_thread_threads(self) -> int:
        """How many threads asyncio.to_thread has."""
        return min(32, self.cores + 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The highest goodput theory allows, with the term that decides it."""

    goodput_rps: float
    decided_by: str


_POOLED = (Style.DEF, Style.ASYNC_OFFLOAD, Style.ASYNC_TO_THREAD)


def ceiling(variant: HasStyle, load: Load, server: ServerConfig, costs: MachineCosts) -> Ceiling | None:
    """Return the ceiling of a variant under a closed or burst load, or None where theory has no term for it."""
    if load.kind is LoadKind.OPEN:
        return None
    terms = _terms(variant, load, server, costs)
    if not terms:
        return None
    name, rate = min(terms.items(), key=lambda item: item[1])
    return Ceiling(goodput_rps=rate, decided_by=name)


def _terms(variant: HasStyle, load: Load, server: ServerConfig, costs: MachineCosts) -> dict[str, float]:
    if variant.work is Work.NOOP:
        return _cpu_terms(variant.style, costs)
    if variant.work is Work.UPLOAD:
        return _upload_terms(variant.style, server, costs)
    wait_s = wait_of(variant, costs)
    if wait_s is None:
        return {}
    terms = _wait_terms(variant.style, load.users, wait_s, server, costs) | _cpu_terms(variant.style, costs)
    if variant.work is Work.DB:
        terms["P/S"] = costs.db_pool_size / wait_s
    return terms


def wait_of(variant: HasStyle, costs: MachineCosts) -> float | None:
    """Return how long a request to this variant waits by its settings, in seconds; None where it does not."""
    by_work = {
        Work.SLEEP: costs.sleep_s,
        Work.ARTICLE: costs.article_sleep_s,
        Work.HTTP: costs.upstream_s,
        Work.DB: costs.query_s,
    }
    if not waits(variant):
        return None  # bound by CPUs, which these terms do not know
    return by_work.get(variant.work) or None


def waits(variant: HasStyle) -> bool:
    """Whether the work is the waiting one of its kind; a `-plain` lookup asks the database and does not wait there."""
    return variant.tool is None or not variant.tool.endswith("-plain")


def _wait_terms(style: Style, users: int, wait_s: float, server: ServerConfig, costs: MachineCosts) -> dict[str, float]:
    loop_s = costs.loop_cpu_s or 0.0
    if style is Style.ASYNC_BLOCKING:
        return {"1/(S+c)": 1 / (wait_s + loop_s)}
    if style in _POOLED:
        tokens = server.thread_tokens or costs.thread_tokens
        threads = costs.to_thread_threads if style is Style.ASYNC_TO_THREAD else tokens
        return {"N/S": users / wait_s, "T/S": threads / wait_s}
    return {"N/(S+c)": users / (wait_s + loop_s)}


def _cpu_terms(style: Style, costs: MachineCosts) -> dict[str, float]:
    """Return the loop's own limit; nothing as long as its costs were not measured."""
    if costs.loop_cpu_s is None or style is Style.ASYNC_BLOCKING:
        return {}
    if style not in _POOLED:
        return {"1/c": 1 / costs.loop_cpu_s}
    if costs.hop_cpu_s is None:
        return {}
    return {"1/(c+h)": 1 / (costs.loop_cpu_s + max(costs.hop_cpu_s, 0.0))}


def _upload_terms(style: Style, server: ServerConfig, costs: MachineCosts) -> dict[str, float]:
    if costs.upload_cpu_s is None:
        return {}
    if style is Style.ASYNC_PROCESS:
        cores = costs.cores if server.cores is Cores.ALL else 1
        return {"cores/S_cpu": cores / costs.upload_cpu_s}
    return {"1/S_cpu": 1 / costs.upload_cpu_s}

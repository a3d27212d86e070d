"""One trial driven by several workers: what each is ordered to do, and what their results are together (pure).

Users and a burst's requests are divided. Arrivals keep their law, since each worker takes every n-th one of the same
schedule. Results are added: every histogram and every count, exactly. The driver imports this module, which therefore
imports nothing but the standard library and the messages.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from experiment.records.driver_protocol import (
    BurstOrder,
    ClosedOrder,
    HistogramPairs,
    OpenOrder,
    ReplayOrder,
    RequestCounts,
    ResultEvent,
    SecondCounts,
    TrialCommand,
)

Order = ClosedOrder | BurstOrder | OpenOrder | ReplayOrder


def shard(command: TrialCommand, index: int, count: int) -> TrialCommand | None:
    """Return what worker `index` of `count` does of a trial; None if there is nothing left for it.

    The first worker has the bystander.
    """
    load = _part(command.load, index, count)
    if load is None:
        return None
    return command.model_copy(update={"load": load, "bystander": command.bystander if index == 0 else None})


def _part(order: Order, index: int, count: int) -> Order | None:
    match order:
        case ClosedOrder(users=users):
            return _users(order, divided(users, index, count), index, count)
        case BurstOrder(requests=requests):
            own = divided(requests, index, count)
            return order.model_copy(update={"requests": own}) if own else None
        case OpenOrder():
            most = max(divided(order.max_in_flight, index, count), 1)
            return order.model_copy(update={"first": index, "every": count, "max_in_flight": most})
        case ReplayOrder(offsets_s=offsets):
            most = max(divided(order.max_in_flight, index, count), 1)
            taken = offsets[index::count]
            return order.model_copy(update={"offsets_s": taken, "max_in_flight": most}) if taken else None


def _users(order: ClosedOrder, own: int, index: int, count: int) -> ClosedOrder | None:
    """Return a closed order for some of the users, who begin when every `count`-th of all users does."""
    if not own:
        return None
    a_user_s = order.stagger_s / order.users
    return order.model_copy(update={"users": own, "first_s": index * a_user_s, "stagger_s": a_user_s * count * own})


def divided(whole: int, index: int, count: int) -> int:
    """Return part `index` of `count` parts of a whole that differ by at most one."""
    return whole // count + (index < whole % count)


def merged(results: Sequence[ResultEvent], cores: Sequence[Hashable | None] = ()) -> ResultEvent:
    """Return the results of all workers of one trial as that of one driver.

    `cores`: the core of each worker, by a name that no core of another machine has. `driver_cpu_s` is that of the
    busiest core, which is what limits them.
    """
    first, close_t = results[0], max(result.window_close_t for result in results)
    window_s = close_t - first.window_open_t
    in_flight_ns = _in_flight_ns(results)
    makespans = [result.makespan_s for result in results]
    return first.model_copy(
        update={
            **_added(results),
            "window_close_t": close_t,
            "window_s": window_s,
            "users_started": sum(r.users_started for r in results),
            "users_failed": sum(r.users_failed for r in results),
            "service": added(r.service for r in results),
            "per_second": _seconds(results),
            "answers_per_bin": tuple(map(sum, zip_longest(*(r.answers_per_bin for r in results), fillvalue=0))),
            "in_flight_ns": in_flight_ns,
            "in_flight_mean": in_flight_ns / 1e9 / window_s if window_s > 0 else 0.0,
            "in_flight_end": sum(r.in_flight_end for r in results),
            "makespan_s": None if None in makespans else max(m for m in makespans if m is not None),
            "bystander": next((r.bystander for r in results if r.bystander is not None), None),
            "driver_cpu_s": _busiest([r.driver_cpu_s for r in results], cores),
            "driver_wall_s": max(r.driver_wall_s for r in results),
        }
    )


def _in_flight_ns(results: Sequence[ResultEvent]) -> int:
    """Return all time in flight. Raises ValueError for a result that does not say: workers are of one version."""
    known = [result.in_flight_ns for result in results if result.in_flight_ns is not None]
    if len(known) < len(results):
        raise ValueError("a worker does not say how long its requests were in flight")
    return sum(known)


def _added(parts: Sequence[RequestCounts]) -> dict[str, Any]:
    opened = [part.connections_opened_in_window for part in parts]
    return {
        "sent": sum(part.sent for part in parts),
        "answers": sum(part.answers for part in parts),
        "wrong": sum(part.wrong for part in parts),
        "errors": _counted(part.errors for part in parts),
        "errors_warmup": _counted(part.errors_warmup for part in parts),
        "first_failure": next((part.first_failure for part in parts if part.first_failure is not None), None),
        "connections_opened": sum(part.connections_opened for part in parts),
        "connections_opened_in_window": None if None in opened else sum(n for n in opened if n is not None),
        "dropped": sum(part.dropped for part in parts),
        "response": added(part.response for part in parts),
        "send_lag": added(part.send_lag for part in parts),
    }


def _counted(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(sorted(total.items()))


def added(parts: Iterable[HistogramPairs]) -> HistogramPairs:
    """Return several histograms as one."""
    some = list(parts)
    return HistogramPairs(
        counts=_pairs(part.counts for part in some),
        censored=_pairs(part.censored for part in some),
        entered=_pairs(part.entered for part in some),
    )


def _pairs(parts: Iterable[Iterable[tuple[int, int]]]) -> tuple[tuple[int, int], ...]:
    total: Counter[int] = Counter()
    for part in parts:
        for bucket, count in part:
            total[bucket] += count
    return tuple(sorted(total.items()))


def _seconds(results: Sequence[ResultEvent]) -> tuple[SecondCounts, ...]:
    by_second: defaultdict[int, list[SecondCounts]] = defaultdict(list)
    for result in results:
        for second in result.per_second:
            by_second[second.second].append(second)
    return tuple(_second(number, parts) for number, parts in sorted(by_second.items()))


def _second(number: int, parts: Sequence[SecondCounts]) -> SecondCounts:
    slowest = [part.bystander_max_us for part in parts if part.bystander_max_us is not None]
    return SecondCounts(
        second=number,
        answers=sum(part.answers for part in parts),
        wrong=sum(part.wrong for part in parts),
        errors=sum(part.errors for part in parts),
        bystander_max_us=max(slowest, default=None),
    )


def _busiest(cpu_s: Sequence[float], cores: Sequence[Hashable | None]) -> float:
    """Return the CPU seconds of the busiest core; a worker without a known core counts as alone on one."""
    by_core: defaultdict[Hashable, float] = defaultdict(float)
    for number, (used, core) in enumerate(zip_longest(cpu_s, cores)):
        by_core[("alone", number) if core is None else core] += used or 0.0
    return max(by_core.values())

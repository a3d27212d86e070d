"""Tell Locust of each request, so that its statistics, web page and CSV files work as with its own clients.

Locust's request event costs more than all that this driver counts itself. Where nobody else listens to it, requests are
merged into Locust's statistics many at a time, in the way in which a master merges its workers' reports.
"""

from __future__ import annotations

import time
from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from _target import Failure

if TYPE_CHECKING:
    from locust.env import Environment
    from locust.stats import StatsEntry

    from _recorder import Times

Failed = tuple[float, float, int, Failure]
"""Intended start and end (perf_counter seconds), bytes received, and why it failed."""

FAILURES_MERGED = 256
"""Merging so many takes a fraction of a millisecond, in which nothing is sent; of more there is nothing to gain."""

_LOCUSTS_OWN = "locust.runners"  # where the listener is from that feeds the statistics


class Report:
    """Tells Locust of one kind of request."""

    __slots__ = ("_context", "_environment", "_failures", "_method", "_name")

    def __init__(self, environment: Environment, *, method: str, name: str) -> None:
        """Report under Locust's columns Type (`method`) and Name (`name`)."""
        self._environment = environment
        self._method = method
        self._name = name
        self._context: dict[str, object] = {}
        self._failures: list[Failed] = []

    def __call__(self, started: float, ended: float, received_bytes: int, failure: Failure | None) -> None:
        """Report one request by Locust's event; times are perf_counter seconds here, and milliseconds there.

        The failure goes by its label: Locust keeps an entry for each different text.
        """
        fire: Any = self._environment.events.request.fire
        fire(
            request_type=self._method,
            name=self._name,
            response_time=(ended - started) * 1e3,
            response_length=received_bytes,
            context=self._context,
            exception=None if failure is None else failure.label,
        )

    def answered(self, intended: Times, ended: Times, received: Times) -> None:
        """Report requests that were answered right."""
        if _somebody_listens(self._environment):
            for one in zip(intended.tolist(), ended.tolist(), received.tolist(), strict=True):
                self(one[0], one[1], int(one[2]), None)
        else:
            self._merge(intended, ended, received)

    def failed(self, intended: float, ended: float, received: int, failure: Failure) -> None:
        """Report a request that failed soon: when there are enough of them, or by `settle`."""
        self._failures.append((intended, ended, received, failure))
        if len(self._failures) >= FAILURES_MERGED:
            self.settle()

    def settle(self) -> None:
        """Report the failures that were kept: by the event where somebody else listens to it, together otherwise."""
        failures, self._failures = self._failures, []
        if not failures:
            return
        if _somebody_listens(self._environment):
            for one in failures:
                self(*one)
        else:
            self._merge(*np.array([one[:3] for one in failures], dtype=np.float64).T)
            for *_, failure in failures:
                self._environment.stats.log_error(self._method, self._name, failure.label)

    def _merge(self, intended: Times, ended: Times, received: Times) -> None:
        stats = self._environment.stats
        batch = _summed(intended, ended, received, type(stats.total)(stats, self._name, self._method))
        stats.get(self._name, self._method).extend(batch)
        stats.total.extend(batch)


def _somebody_listens(environment: Environment) -> bool:
    """Say whether anything but Locust's own statistics wants the request event, such as a plugin."""
    listeners = environment.events.request._handlers  # noqa: SLF001 - Locust has no other way to ask
    return any(listener.__module__ != _LOCUSTS_OWN for listener in listeners)


def _summed(intended: Times, ended: Times, received: Times, batch: StatsEntry) -> StatsEntry:
    """Fill an entry with requests, as Locust's `StatsEntry.log` does one by one."""
    from locust.stats import bucket_response_time  # here: Locust patches the process that imports it

    times_ms = (ended - intended) * 1e3
    at = ended + (time.time() - perf_counter())  # by the wall clock
    batch.num_requests = len(times_ms)
    batch.total_response_time = float(times_ms.sum())  # type: ignore[assignment]  # Locust adds up floats, too
    batch.min_response_time = float(times_ms.min())  # type: ignore[assignment]
    batch.max_response_time = float(times_ms.max())  # type: ignore[assignment]
    batch.total_content_length = int(received.sum())
    batch.response_times.update(Counter(map(bucket_response_time, times_ms.tolist())))
    batch.num_reqs_per_sec.update(Counter(at.astype(np.int64).tolist()))
    batch.last_request_timestamp = float(at.max())
    return batch

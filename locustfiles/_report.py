"""Tell Locust of each request, so that its statistics, web page and CSV files work as with its own clients.

Locust's request event costs more than all that this driver counts itself. Where nobody else listens to it, requests are
merged into Locust's statistics many at a time, in the way in which a master merges its workers' reports.
"""

from __future__ import annotations

import time
from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING, Any

from _target import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locust.env import Environment
    from locust.stats import StatsEntry

Ended = tuple[float, float, float, int, Failure | None]
"""Intended start, send and end (perf_counter seconds), bytes received, and the failure if it was one."""

MERGED_TOGETHER = 256
"""Merging so many takes a fraction of a millisecond, in which nothing is sent; of more there is nothing to gain."""

_LOCUSTS_OWN = "locust.runners"  # where the listener is from that feeds the statistics


class Report:
    """Tells Locust of one kind of request."""

    __slots__ = ("_context", "_environment", "_kept", "_method", "_name")

    def __init__(self, environment: Environment, *, method: str, name: str) -> None:
        """Report under Locust's columns Type (`method`) and Name (`name`)."""
        self._environment = environment
        self._method = method
        self._name = name
        self._context: dict[str, object] = {}
        self._kept: list[Ended] = []

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

    def keep(self, ended: Sequence[Ended]) -> None:
        """Report requests soon: when there are enough of them, or by `settle`."""
        self._kept += ended
        if len(self._kept) >= MERGED_TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Report what was kept: by the event where somebody else listens to it, together otherwise."""
        kept, self._kept = self._kept, []
        if not kept:
            return
        if _somebody_listens(self._environment):
            for intended, _, ended_t, received, failure in kept:
                self(intended, ended_t, received, failure)
        else:
            self._merge(kept)

    def _merge(self, kept: Sequence[Ended]) -> None:
        stats = self._environment.stats
        batch = _summed(kept, type(stats.total)(stats, self._name, self._method))
        stats.get(self._name, self._method).extend(batch)
        stats.total.extend(batch)
        for *_, failure in kept:
            if failure is not None:
                stats.log_error(self._method, self._name, failure.label)


def _somebody_listens(environment: Environment) -> bool:
    """Say whether anything but Locust's own statistics wants the request event, such as a plugin."""
    listeners = environment.events.request._handlers  # noqa: SLF001 - Locust has no other way to ask
    return any(listener.__module__ != _LOCUSTS_OWN for listener in listeners)


def _summed(kept: Sequence[Ended], batch: StatsEntry) -> StatsEntry:
    """Fill an entry with requests, as Locust's `StatsEntry.log` does one by one."""
    from locust.stats import bucket_response_time  # here: Locust patches the process that imports it

    to_wall_s = time.time() - perf_counter()
    times_ms = [(ended_t - intended) * 1e3 for intended, _, ended_t, _, _ in kept]
    batch.num_requests = len(kept)
    batch.total_response_time = sum(times_ms)  # type: ignore[arg-type]  # Locust adds up floats, too
    batch.min_response_time, batch.max_response_time = min(times_ms), max(times_ms)  # type: ignore[assignment]
    batch.total_content_length = sum(received for *_, received, _ in kept)
    batch.response_times.update(Counter(map(bucket_response_time, times_ms)))
    batch.num_reqs_per_sec.update(Counter(int(ended_t + to_wall_s) for _, _, ended_t, _, _ in kept))
    batch.last_request_timestamp = max(ended_t for _, _, ended_t, _, _ in kept) + to_wall_s
    return batch

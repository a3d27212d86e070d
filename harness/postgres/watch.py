"""What the database sees of the SUT while it is measured: connections in use and waiting, from pg_stat_activity."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench_app.db_pools import APPLICATION as SUT
from experiment.theory.pool_occupancy import LOOK_EVERY_S
from harness.postgres.given import connect

if TYPE_CHECKING:
    from psycopg import Connection

APPLICATION = "handlerbench-watch"
_END_LIMIT_S = 3.0

# In use: the server executes a statement on it, or it is inside a transaction. A server-side wait (pg_sleep) is a
# statement being executed. Waiting, a part of those: for a lock of another, or, in a transaction, for the SUT.
_SAMPLE = """
    SELECT count(*) FILTER (WHERE is_used),
           count(*) FILTER (WHERE is_used AND (state <> 'active' OR wait_event_type = 'Lock'))
    FROM (
        SELECT state, wait_event_type, state = 'active' OR state LIKE 'idle in transaction%%' AS is_used
        FROM pg_stat_activity WHERE application_name = %s
    ) AS of_the_sut
"""


@dataclass(frozen=True, slots=True)
class DbSample:
    """One look: when (s, time.monotonic(), taken before asking), and how many connections."""

    t: float
    in_use: int
    waiting: int


@dataclass(slots=True, kw_only=True)
class DbWatch:
    """The samples so far, in order of time, and why they stop early if they do. Appended to by another thread."""

    samples: list[DbSample] = field(default_factory=list)
    lost: str | None = None  # what the driver said when the connection broke


@contextmanager
def watch(url: str, interval_s: float = LOOK_EVERY_S) -> Iterator[DbWatch]:
    """Sample once in every `interval_s` (seconds), at a random moment of it, until the block ends.

    Queries that all take the same time give the connections a rhythm, and samples in a rhythm of their own could always
    fall into its gaps, or never. Samples at random moments are right on average.

    A server that cannot be reached, or dies, ends the sampling and nothing else: `lost` says what was seen.
    """
    seen = DbWatch()
    stop = threading.Event()
    thread = threading.Thread(target=_sample_until, args=(stop, seen, url, interval_s), name="db-watch", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(_END_LIMIT_S)


def _sample_until(stop: threading.Event, seen: DbWatch, url: str, interval_s: float) -> None:
    import psycopg

    moment = random.Random().random  # noqa: S311 - a moment of time, not a secret
    try:
        with connect(url, application=APPLICATION) as connection:
            from_t = time.monotonic()
            while not stop.wait(max(0.0, from_t + moment() * interval_s - time.monotonic())):
                seen.samples.append(_sample(connection))
                from_t = max(from_t + interval_s, time.monotonic())  # a late look is not made up for
    except psycopg.Error as error:
        seen.lost = next(iter(str(error).splitlines()), "") or type(error).__name__


def _sample(connection: Connection[Any]) -> DbSample:
    t = time.monotonic()
    in_use, waiting = connection.execute(_SAMPLE, [SUT]).fetchone() or (0, 0)
    return DbSample(t, in_use, waiting)

"""Response times at a part of capacity: ours beside h2load's, of the very same arrivals.

h2load holds a rate (`--rps` on each connection) and writes down every request (`--log-file`: when it was submitted, and
how long until the answer's end). Our driver then sends at exactly those times, and both are read over the same part of
the run. A closed load would not do: one connection alone is far over half of what this app can answer. Nor would wrk:
it holds no rate, and its percentiles count requests that it thinks a stalled connection would have sent (stats_correct
in wrk.c): a rare slow answer becomes many.
"""

import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from benchmarks.instruments import PATIENCE_S, Bench, Reading, ours_reading, p50_and_p99_us, trial_of
from benchmarks.metered import run
from experiment.errors import InvalidMeasurementError
from experiment.records.driver_protocol import ReplayOrder
from experiment.records.histogram import Histogram
from harness.trial.driver import DriverFailedError

SHARE = 0.5  # of the app's capacity, as h2load finds it in the same round with all its connections busy
MOST_RPS_PER_CONNECTION = 90.0
"""h2load looks at a connection's rate 100 times a second (h2load.cc, rps_watcher): above that it would send in twos."""

LEAD_S = 0.5  # of the arrivals, not counted: connections are made and the answer is learnt
TAIL_S = 0.2  # of the arrivals, not counted: h2load stops in the middle of its last requests
_MOST_IN_FLIGHT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What both put on the app: `rps` requests a second in all, over so many connections of h2load's."""

    rps: float
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A request as h2load wrote it down: its start, in seconds from the first one's, and its response time."""

    offset_s: float
    response_us: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same arrivals, measured by both one after the other; `ours_first` by the order drawn."""

    rate: Rate
    ours: Reading
    h2load: Reading
    ours_first: bool


def rate_for(capacity_rps: float, share: float = SHARE, *, response_s: float = 0.0) -> Rate:
    """Return a share of a capacity, spread over as many connections as h2load needs to keep it.

    A connection sends its next request after the answer to the last. Where answers take `response_s`, there are twice
    as many as requests in flight (Little's law), so that hardly one is due on a connection that still waits.
    """
    rps = capacity_rps * share
    return Rate(rps=rps, connections=max(1, math.ceil(rps / MOST_RPS_PER_CONNECTION), math.ceil(2 * rps * response_s)))


def parse_log(text: str) -> list[Logged]:
    """Read h2load's log file, ordered by start: start in µs since the epoch, status, µs until the answer's end.

    Raises InvalidMeasurementError for anything else, and for an empty one.
    """
    try:
        rows = sorted([int(field) for field in line.split("\t")[:3]] for line in text.splitlines())
        first_us = rows[0][0]
        return [
            Logged(offset_s=(start_us - first_us) / 1e6, response_us=response_us, status=status)
            for start_us, status, response_us in rows
        ]
    except (ValueError, IndexError):
        raise InvalidMeasurementError(f"h2load logged no requests: {text[:200]!r}") from None


def reading_of(log: Sequence[Logged], window_s: float) -> Reading:
    """Return what h2load found of the requests submitted in the window that follows the lead."""
    failed = sum(request.status != HTTPStatus.OK for request in log)
    if failed:
        return Reading(problem=f"{failed} of h2load's {len(log)} requests failed")
    response = Histogram.of_us(r.response_us for r in log if LEAD_S <= r.offset_s < LEAD_S + window_s)
    if not response.total:
        return Reading(problem="h2load sent nothing in the window")
    p50_us, p99_us = p50_and_p99_us(response)
    return Reading(requests=response.total, seconds=window_s, p50_us=p50_us, p99_us=p99_us)


def ask_h2load(bench: Bench, rate: Rate) -> list[Logged]:
    """Have h2load put the rate on the app for lead, window and tail. Raises InvalidMeasurementError when it fails."""
    with tempfile.TemporaryDirectory(prefix="bench-h2load-") as folder:
        log = Path(folder) / "requests.tsv"
        command = [
            *("h2load", "--h1", "-t1", f"-c{rate.connections}", f"--rps={rate.rps / rate.connections:.3f}"),
            *("-D", str(math.ceil(LEAD_S + bench.window_s + TAIL_S)), f"--log-file={log}", *bench.h2load),
        ]
        run(command, cores=bench.cores, patience_s=bench.window_s + PATIENCE_S)
        return parse_log(log.read_text(encoding="ascii"))


def ask_ours(bench: Bench, offsets_s: Sequence[float]) -> Reading:
    """Send at the given times, and read the same window; what goes wrong is a reading that says so."""
    until_s = LEAD_S + bench.window_s + TAIL_S
    replay = ReplayOrder(offsets_s=tuple(t for t in offsets_s if t < until_s), max_in_flight=_MOST_IN_FLIGHT)
    try:
        command = trial_of(bench, replay, warmup_s=LEAD_S, drain_s=TAIL_S)
        result = bench.drivers["ours"].run(command, lambda _event: None)
    except DriverFailedError as error:
        return Reading(problem=str(error))
    unanswered = sum(count for _, count in result.response.censored)
    if unanswered:
        return Reading(problem=f"{unanswered} of our requests were never answered")
    return ours_reading(result)


def read_pairs(bench: Bench, rate: Rate, count: int, chance: random.Random) -> Iterator[Pair]:
    """Measure pairs at a rate, each in an order left to chance.

    Ours replays what h2load wrote down last: in this pair, or in the one before when ours comes first. The very first
    arrivals are only written down.
    """
    log = ask_h2load(bench, rate)
    for _ in range(count):
        ours_first = chance.random() < 0.5  # noqa: PLR2004 - a fair coin
        ours = ask_ours(bench, [r.offset_s for r in log]) if ours_first else None
        log = ask_h2load(bench, rate)
        if ours is None:
            ours = ask_ours(bench, [r.offset_s for r in log])
        yield Pair(rate=rate, ours=ours, h2load=reading_of(log, bench.window_s), ours_first=ours_first)

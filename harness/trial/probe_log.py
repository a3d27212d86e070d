"""Reads the SUT's probe file and selects a trial's window (bench_app/probe.py has the format)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any

from experiment.records.histogram import Histogram

_SLIVER_S = 0.05  # a window closes a few milliseconds late. That rest does not count as another second.

LATE_US = 2000
"""A tick's lag below 1 ms means nothing (bench_app/probe.py); above twice that the loop was held up."""

_IN_THE_LOOP = re.compile(r"~(asyncio/(selector_events|base_events|runners)|[^/]+/selectors)\.py:")
"""Where the loop's thread is when it waits for events, or reads and writes sockets, which never block. Of uvloop,
written in C, one sees the last Python line before it. If it is late there, somebody else has the core or the GIL."""


@dataclass(frozen=True, slots=True)
class Window:
    """The driver's window, in seconds of the monotonic clock that all processes share."""

    open_t: float
    close_t: float

    def holds(self, t: float) -> bool:
        return self.open_t <= t < self.close_t

    def seconds(self) -> Iterator[Window]:
        """Yield its seconds, counted from its opening; the last one may be shorter."""
        count = max(1, ceil(self.close_t - self.open_t - _SLIVER_S))
        edges = [*(self.open_t + k for k in range(count)), self.close_t]
        yield from (Window(a, b) for a, b in pairwise(edges))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLog:
    """A parsed probe file: every tick with its lag, and every sample."""

    lags: Sequence[tuple[float, int]]  # (due, lag in us)
    overdue: Sequence[tuple[float, int]]  # ticks that were due before the end but never ran: (due, lag so far in us)
    samples: Sequence[dict[str, Any]]
    served: Sequence[int] = ()  # the counted work of each process, where there are several

    @classmethod
    def read(cls, path: Path) -> ProbeLog | None:
        """Read the probe files of a SUT's processes; None if there is no sample (the SUT ended at once)."""
        logs = [log for log in map(cls._read_one, probe_files(path)) if log is not None]
        if len(logs) < 2:  # noqa: PLR2004 - nothing to merge
            return logs[0] if logs else None
        return cls(
            lags=[tick for log in logs for tick in log.lags],
            overdue=[tick for log in logs for tick in log.overdue],
            samples=merged([log.samples for log in logs]),
            served=[log.samples[-1]["served_on_loop"] + log.samples[-1]["served_off_loop"] for log in logs],
        )

    @classmethod
    def _read_one(cls, path: Path) -> ProbeLog | None:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        parsed = [line for line in map(_parse, lines) if line is not None]
        if len(parsed) < 2:  # noqa: PLR2004 - the header and a sample
            return None
        header, samples = parsed[0], parsed[1:]
        return cls(lags=_lags(header, samples), overdue=_overdue(header["tick_s"], samples[-1]), samples=samples)

    def lag_histogram(self, window: Window) -> Histogram:
        """Return the lags of every tick due in the window; ticks that never ran count as censored."""
        return Histogram.of_us(
            (lag for due, lag in self.lags if window.holds(due)),
            (lag for due, lag in self.overdue if window.holds(due)),
        )

    def lag_max_us(self, window: Window) -> int | None:
        """Return the longest lag of the window's ticks in microseconds, including ticks that never ran."""
        return max((lag for due, lag in [*self.lags, *self.overdue] if window.holds(due)), default=None)

    def late_share(self, window: Window) -> float | None:
        """Return the share of the window in which the loop stood still: that of its ticks that ran late.

        Ticks are due at even intervals, so a stall of d seconds makes d / tick_s of them late.
        """
        lags = [lag for due, lag in [*self.lags, *self.overdue] if window.holds(due)]
        return sum(lag > LATE_US for lag in lags) / len(lags) if lags else None

    def inside(self, window: Window) -> list[dict[str, Any]]:
        return [s for s in self.samples if window.holds(s["t"])]

    def highest(self, name: str, window: Window) -> int | None:
        return max((s[name] for s in self.inside(window) if s[name] is not None), default=None)

    def mean(self, name: str, window: Window) -> float | None:
        values = [s[name] for s in self.inside(window) if s[name] is not None]
        return fmean(values) if values else None

    def stuck_at(self, window: Window) -> str | None:
        """Return the line of code that the loop's thread was most often on while late, or None if it was never late."""
        seen = Counter(s["stuck_at"] for s in self.inside(window) if s["stuck_at"])
        return seen.most_common(1)[0][0] if seen else None

    def held_up_by(self, window: Window) -> dict[tuple[str, str | None], float]:
        """Return the seconds that the loop was held up, by the app's line and the library call below it.

        Only the probe of a guest (guest/handlerbench_guest) weighs lines. Its sums are since the sample before. Time in
        which the loop stood in its own machinery is left out: nothing held it up, it waited for a core or for the GIL.
        """
        return {key: lost for key, lost in self._lost_s(window).items() if not _IN_THE_LOOP.match(key[0])}

    def held_up_share(self, window: Window) -> float:
        """Return how much of the late time something held up the loop; 1 where no probe weighed lines."""
        late_s = sum(self._lost_s(window).values())
        return sum(self.held_up_by(window).values()) / late_s if late_s else 1.0

    def _lost_s(self, window: Window) -> Mapping[tuple[str, str | None], float]:
        lost: Counter[tuple[str, str | None]] = Counter()
        for sample in self.inside(window):
            for seconds, place, call in sample.get("stuck") or ():
                lost[place, call] += seconds
        return lost

    def share_on_loop(self) -> float | None:
        """Return the share of counted work done on the loop's thread; None where no handler counts."""
        last = self.samples[-1]
        total = last["served_on_loop"] + last["served_off_loop"]
        return last["served_on_loop"] / total if total else None

    def busiest_share(self) -> float | None:
        """Return the share of counted work of the process that did most; None for one process, or where none counts."""
        total = sum(self.served)
        return max(self.served) / total if total else None


def probe_files(path: Path) -> list[Path]:
    """Return the probe files of one SUT: one, or one per process with its pid at the end of the name."""
    return [path] if path.exists() else sorted(path.parent.glob(f"{path.name}.*"))


_OF_THE_WHOLE = (
    *("tokens_total", "tokens_borrowed", "tokens_waiting", "threads"),
    *("served_on_loop", "served_off_loop", "in_flight"),
)
"""The numbers of a sample that are added up over processes."""


def merged(several: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Merge the samples of several processes: each merged sample adds up the last sample of every process.

    It starts when every process has a sample. `in_flight_peak` is the highest sum in the samples, since no process
    knows the peaks of the others.
    """
    latest: dict[int, dict[str, Any]] = {}
    out: list[dict[str, Any]] = []
    peak = 0
    for number, sample in sorted(
        ((number, sample) for number, samples in enumerate(several) for sample in samples),
        key=lambda item: item[1]["t"],
    ):
        latest[number] = sample
        if len(latest) == len(several):
            sums = {name: _sum(each[name] for each in latest.values()) for name in _OF_THE_WHOLE}
            peak = max(peak, sums["in_flight"] or 0)
            out.append({**sample, **sums, "in_flight_peak": peak})
    return out


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _parse(line: str) -> dict[str, Any] | None:
    try:
        parsed: dict[str, Any] = json.loads(line)
    except ValueError:
        return None  # the line that was being written when the SUT was killed
    return parsed


def _lags(header: dict[str, Any], samples: Sequence[dict[str, Any]]) -> list[tuple[float, int]]:
    t0, tick_s = header["t0"], header["tick_s"]
    return [
        (t0 + (sample["first_tick"] + i) * tick_s, lag) for sample in samples for i, lag in enumerate(sample["lags_us"])
    ]


def _overdue(tick_s: float, last: dict[str, Any]) -> list[tuple[float, int]]:
    late_s = last["t"] - last["next_due_t"]
    ticks = max(0, ceil(late_s / tick_s))
    dues = [last["next_due_t"] + k * tick_s for k in range(ticks)]
    return [(due, round((last["t"] - due) * 1e6)) for due in dues]

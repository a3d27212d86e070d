"""The probe: how late the loop runs, and which lines of the app hold it up.

A tick runs on the loop, due at t0 + k * tick_s. When the loop is late, every tick that it missed is recorded with a
lag of its own. A daemon thread goes on meanwhile. Whenever a tick is more than LATE_S late, it looks where the loop's
thread is, and counts tick_s seconds as lost there: the seconds of all places add up to the time that ticks were late.

Every sample_s, or at its first look after that, the thread appends one JSON line to the probe's file. The first line is
a header: probe (1, the format), tick_s, sample_s, t0 (s, monotonic), pid. Every other line:

    t               when it was written
    first_tick      index k of the first lag below: lag i belongs to the tick due at t0 + (first_tick + i) * tick_s
    lags_us         lags recorded since the line before, in microseconds
    next_due_t      when the next tick is due; in the past: the loop is late by that much and more
    stuck_at        where the loop's thread is, "file:line in function", if it is more than 2 ticks late; or null
    stuck           [[seconds lost since the line before, place, library call or null], ...]
    tokens_total, tokens_borrowed, tokens_waiting      anyio's default thread limiter; null: no limit, or not known
    threads         threads in the process
    cpu_s           CPU time of the process since its start, all threads
    served_on_loop, served_off_loop, in_flight, in_flight_peak     always 0: the guest does not count the app's work

A place is the innermost line of the app's own code, the library call the innermost function below it. Libraries that
switch stacks, as SQLAlchemy does for asyncio, hide that line; it is looked for on the stack that they switched from.
A place that starts with "~" is the innermost line of all, for there was no line of the app's.
All times are seconds of time.monotonic(). Lags below about 1 ms mean nothing.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import threading
import time
from collections import deque
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from anyio.to_thread import current_default_thread_limiter

from handlerbench_guest.own_code import OwnCode, call_name

FORMAT = 1
TICK_S = 0.02  # as in bench_app; at 0.01 the probe takes twice the CPU
SAMPLE_S = 0.05
LATE_S = 0.002
STUCK_AFTER_TICKS = 2
_END_LIMIT_S = 5.0  # a disk that hangs must not keep the process from ending
_EARLY_S = 0.001  # uvloop counts timers from a clock of whole milliseconds, so one can fire this much before its time


def probe_path(path: Path, *, per_process: bool) -> Path:
    """Return the file this process writes to: `path`, or one beside it that has the pid in its name."""
    return path.with_name(f"{path.name}.{os.getpid()}") if per_process else path


def _current_greenlet() -> Any:
    """Return the greenlet of this thread's own stack; None where the app has no greenlets."""
    try:
        return import_module("greenlet").getcurrent()
    except ImportError:
        return None


class Probe:
    """Watches the running loop between start(), called on the loop's thread, and stop()."""

    def __init__(self, path: Path, own: OwnCode, *, tick_s: float = TICK_S, sample_s: float = SAMPLE_S) -> None:
        self._path = path
        self._own = own
        self._tick_s = tick_s
        self._sample_s = sample_s
        self._lags_us: deque[int] = deque()  # the loop appends, the thread takes from the left: no lock needed
        self._next_tick = 0
        self._lags_written = 0
        self._looked_until = 0
        self._lost_s: dict[tuple[str, str | None], float] = {}
        self._stop = threading.Event()

    def start(self) -> None:
        """Open the file (raises OSError), and start the tick and the thread."""
        self._file = self._path.open("ab", buffering=0)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._greenlet = _current_greenlet()
        self._limiter = current_default_thread_limiter()
        self._t0 = time.monotonic()
        times = {"tick_s": self._tick_s, "sample_s": self._sample_s, "t0": self._t0}
        self._write({"probe": FORMAT, **times, "pid": os.getpid()})
        self._tick()
        self._thread = threading.Thread(target=self._watch, name="handlerbench-probe", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop both halves; a last line holds the lags up to now."""
        self._timer.cancel()
        self._stop.set()
        self._thread.join(_END_LIMIT_S)
        self._file.close()

    def _tick(self) -> None:
        now = time.monotonic()
        due = range(self._next_tick, max(self._next_tick, self._passed(now + _EARLY_S)))
        self._lags_us.extend(max(0, round((now - self._due_t(k)) * 1e6)) for k in due)
        self._next_tick = due.stop
        self._timer = self._loop.call_later(max(0.0, self._due_t(due.stop) - now), self._tick)

    def _due_t(self, tick: int) -> float:
        return self._t0 + tick * self._tick_s

    def _passed(self, t: float) -> int:
        """Return how many ticks were due until t."""
        return math.floor((t - self._t0) / self._tick_s) + 1

    def _watch(self) -> None:
        sample_t = self._t0 + self._sample_s
        stopped = False
        while not stopped:
            now = time.monotonic()
            look_t = self._due_t(max(self._next_tick, self._looked_until)) + LATE_S
            stopped = self._stop.wait(max(0.0, look_t - now))
            now = time.monotonic()
            self._look(now)
            if stopped or now >= sample_t:
                self._write(self._sample(now))
                sample_t = now + self._sample_s

    def _look(self, now: float) -> None:
        """Count every tick that is late by now, and was not counted before, as time lost where the loop's thread is."""
        late_until = self._passed(now - LATE_S)
        late = late_until - max(self._next_tick, self._looked_until)
        self._looked_until = max(self._looked_until, late_until)
        if late <= 0:
            return
        where = self._where(sys._current_frames().get(self._loop_thread))
        if where is not None:
            self._lost_s[where] = self._lost_s.get(where, 0.0) + late * self._tick_s

    def _where(self, innermost: FrameType | None) -> tuple[str, str | None] | None:
        """Return place and library call; None without a stack: greenlets that run C code have none."""
        own = self._own.innermost(innermost) or self._below_a_switch()
        call = None if innermost is None or innermost is own else call_name(innermost)
        if own is not None:
            return self._own.place(own), call
        return None if innermost is None else (f"~{self._own.place(innermost)}", call)

    def _below_a_switch(self) -> FrameType | None:
        """Return the innermost own frame of the loop's stack, if greenlets have switched it for another; else None."""
        frame = None if self._greenlet is None else self._greenlet.gr_frame  # None while it is the one that runs
        return self._own.innermost(frame)

    def _sample(self, now: float) -> dict[str, Any]:
        next_due_t = self._due_t(self._next_tick)
        is_stuck = now - next_due_t > STUCK_AFTER_TICKS * self._tick_s
        lags_us = [self._lags_us.popleft() for _ in range(len(self._lags_us))]
        first_tick = self._lags_written
        self._lags_written += len(lags_us)
        stuck = [[round(lost, 6), place, call] for (place, call), lost in self._lost_s.items()]
        self._lost_s.clear()
        return {
            "t": now,
            "first_tick": first_tick,
            "lags_us": lags_us,
            "next_due_t": next_due_t,
            "stuck_at": self._stuck_at() if is_stuck else None,
            "stuck": stuck,
            **self._tokens(),
            "threads": threading.active_count(),
            "cpu_s": time.process_time(),
            **dict.fromkeys(("served_on_loop", "served_off_loop", "in_flight", "in_flight_peak"), 0),
        }

    def _stuck_at(self) -> str | None:
        where = self._where(sys._current_frames().get(self._loop_thread))
        return where[0].lstrip("~") if where else None

    def _tokens(self) -> dict[str, int | None]:
        total = self._limiter.total_tokens
        # The public statistics() walks a set that the loop may be changing; a length is safe from here.
        queue = getattr(self._limiter, "_wait_queue", None)
        return {
            "tokens_total": None if math.isinf(total) else int(total),
            "tokens_borrowed": self._limiter.borrowed_tokens,
            "tokens_waiting": None if queue is None else len(queue),
        }

    def _write(self, line: dict[str, Any]) -> None:
        # One write a line and no buffer: a process that is killed loses the line it was writing and no other.
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

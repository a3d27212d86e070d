"""The probe: how late the event loop runs, and which line of code holds it up.

It has two halves. A tick runs on the loop, due at t0 + k * tick_s for k = 0, 1, 2, ... When the loop is late, every
tick that it missed is recorded with a lag of its own: a loop frozen for 8 s shows 400 lags at 20 ms ticks, and not one
(coordinated omission). A daemon thread goes on while the loop is frozen: every sample_s it appends one JSON line to the
probe's file.

The file's first line is a header: probe (1, the format), tick_s, sample_s, t0 (s, monotonic), pid. Every other line:

    t               when it was written
    first_tick      index k of the first lag below: lag i belongs to the tick due at t0 + (first_tick + i) * tick_s
    lags_us         lags recorded since the line before, in microseconds
    next_due_t      when the next tick is due; in the past: the loop is late by that much and more
    stuck_at        where the loop's thread is, "file:line in function", if it is more than 2 ticks late; or null
    tokens_total, tokens_borrowed, tokens_waiting      anyio's default thread limiter; total null: no limit
    threads         threads in the process
    cpu_s           CPU time of the process since its start, all threads
    served_on_loop, served_off_loop    sleep handlers' work done on the loop's thread, and on others
    in_flight, in_flight_peak          the same handlers' work under way, now and at most

A SUT that is killed leaves whole lines. The lags of its last sample_s are lost and, if it was frozen, the ticks that it
had not recorded yet; how late the loop was by then is in the last line's next_due_t.

All times are seconds of time.monotonic(), which on Linux (CLOCK_MONOTONIC) processes have in common. Lags below about
1 ms mean nothing: asyncio's timers under uvloop are set in whole milliseconds.
"""

import asyncio
import json
import math
import os
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import FrameType
from typing import Any, Self

from anyio.to_thread import current_default_thread_limiter

FORMAT = 1
# uvloop counts its timers from a clock of whole milliseconds, so a timer can fire this much before its time.
EARLY_S = 0.001
STUCK_AFTER_TICKS = 2
_END_LIMIT_S = 5.0  # a disk that hangs must not keep the process from ending

# Compared as strings: this is looked up while the loop is late, by a thread that would make it later.
_PACKAGE_PREFIX = f"{Path(__file__).parent}{os.sep}"
_ROOT_PREFIX = f"{Path(__file__).parent.parent}{os.sep}"


def due_ticks(*, t0: float, tick_s: float, next_tick: int, now: float) -> range:
    """Return the indices of the ticks that are due at `now` and not before `next_tick`; times in seconds."""
    return range(next_tick, max(next_tick, math.floor((now + EARLY_S - t0) / tick_s) + 1))


def probe_path(path: Path, *, per_process: bool) -> Path:
    """Return the file this process writes to: `path`, or one beside it that has the pid in its name."""
    return path.with_name(f"{path.name}.{os.getpid()}") if per_process else path


class ServedCounter:
    """Counts the work done inside `with counter:`, on the loop's thread and on others.

    Make it on the loop's thread, which it takes its own thread to be. All threads can share one instance.
    """

    def __init__(self) -> None:
        self._loop_thread = threading.get_ident()
        self._lock = threading.Lock()
        self.on_loop = 0
        self.off_loop = 0
        self.in_flight = 0
        self.in_flight_peak = 0

    def __enter__(self) -> None:
        with self._lock:
            self.in_flight += 1
            self.in_flight_peak = max(self.in_flight_peak, self.in_flight)

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        with self._lock:
            self.in_flight -= 1
            if kind is not None:  # work that failed was not served
                return
            if threading.get_ident() == self._loop_thread:
                self.on_loop += 1
            else:
                self.off_loop += 1


class Probe:
    """Watches the running loop from inside `with Probe(...):`, entered on the loop's thread."""

    def __init__(self, *, path: Path, tick_s: float, sample_s: float, count_served: ServedCounter) -> None:
        self._path = path
        self._tick_s = tick_s
        self._sample_s = sample_s
        self._served = count_served
        self._lags_us: deque[int] = deque()  # the loop appends, the thread takes from the left: no lock needed
        self._next_tick = 0
        self._lags_written = 0
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        """Open the file (raises OSError), and start the tick and the thread."""
        self._file = self._path.open("ab", buffering=0)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._limiter = current_default_thread_limiter()
        self._t0 = time.monotonic()
        times = {"tick_s": self._tick_s, "sample_s": self._sample_s, "t0": self._t0}
        self._write({"probe": FORMAT, **times, "pid": os.getpid()})
        self._tick()
        self._thread = threading.Thread(target=self._sample_until_stopped, name="probe", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop both halves; a last line holds the lags up to now."""
        self._timer.cancel()
        self._stop.set()
        self._thread.join(_END_LIMIT_S)
        self._file.close()

    def _tick(self) -> None:
        now = time.monotonic()
        due = due_ticks(t0=self._t0, tick_s=self._tick_s, next_tick=self._next_tick, now=now)
        self._lags_us.extend(max(0, round((now - self._due_t(k)) * 1e6)) for k in due)
        self._next_tick = due.stop
        self._timer = self._loop.call_later(max(0.0, self._due_t(due.stop) - now), self._tick)

    def _due_t(self, tick: int) -> float:
        return self._t0 + tick * self._tick_s

    def _sample_until_stopped(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stop.wait(self._sample_s)
            self._write(self._sample())

    def _sample(self) -> dict[str, Any]:
        now = time.monotonic()
        next_due_t = self._due_t(self._next_tick)
        stuck = now - next_due_t > STUCK_AFTER_TICKS * self._tick_s
        lags_us = [self._lags_us.popleft() for _ in range(len(self._lags_us))]
        first_tick = self._lags_written
        self._lags_written += len(lags_us)
        tokens = self._limiter.total_tokens
        return {
            "t": now,
            "first_tick": first_tick,
            "lags_us": lags_us,
            "next_due_t": next_due_t,
            "stuck_at": self._where_the_loop_is() if stuck else None,
            "tokens_total": None if math.isinf(tokens) else int(tokens),
            "tokens_borrowed": self._limiter.borrowed_tokens,
            # The public statistics() walks a set that the loop may be changing; its length is safe from here.
            "tokens_waiting": len(self._limiter._wait_queue),  # type: ignore[attr-defined] # noqa: SLF001
            "threads": threading.active_count(),
            "cpu_s": time.process_time(),
            "served_on_loop": self._served.on_loop,
            "served_off_loop": self._served.off_loop,
            "in_flight": self._served.in_flight,
            "in_flight_peak": self._served.in_flight_peak,
        }

    def _where_the_loop_is(self) -> str | None:
        return describe_stack(sys._current_frames().get(self._loop_thread))  # noqa: SLF001

    def _write(self, line: dict[str, Any]) -> None:
        # One write a line and no buffer: a SUT that is killed loses the line it was writing and no other.
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


def describe_stack(innermost: FrameType | None) -> str | None:
    """Name the innermost line of bench_app on the stack, or else the innermost of all; None without a stack.

    For example "bench_app/handlers/sleep.py:31 in async_blocking"; outside bench_app the path's last two parts.
    """
    frame = innermost
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_PACKAGE_PREFIX) and file != __file__:
            return _describe(frame, file.removeprefix(_ROOT_PREFIX))
        frame = frame.f_back
    if innermost is None:
        return None
    return _describe(innermost, str(Path(*Path(innermost.f_code.co_filename).parts[-2:])))


def _describe(frame: FrameType, file: str) -> str:
    return f"{file}:{frame.f_lineno} in {frame.f_code.co_name}"

"""Wake up at a given time, to some tens of microseconds.

libev's epoll backend sleeps whole milliseconds, rounded up: a schedule kept with its timers is up to 1 ms late on every
arrival, and that would be counted as the server's. On Linux the kernel's timerfd is exact, and is a descriptor like any
other to the event loop. Elsewhere (kqueue sleeps nanoseconds) the loop's own timer serves.
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from gevent import get_hub

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1
_READ = 1


class _Timespec(ctypes.Structure):
    """struct itimerspec of <sys/timerfd.h>: the period (0: once), then the time."""

    _fields_ = (
        ("period_s", ctypes.c_long),
        ("period_ns", ctypes.c_long),
        ("at_s", ctypes.c_long),
        ("at_ns", ctypes.c_long),
    )


class Alarm:
    """Calls back in the event loop when a set time has come; one time at once.

    The callback must not wait: it runs in the hub. A higher `priority` (0..2) is served first among what is ready.
    """

    def __init__(self, callback: Callable[[], None], *, priority: int = 0) -> None:
        self._callback = callback
        self._priority = priority
        self._fd: int | None = None
        self._watcher: Any = None
        if sys.platform == "linux":
            self._libc = ctypes.CDLL(None, use_errno=True)
            fd = self._libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
            self._fd = fd if fd >= 0 else None

    def set(self, at_t: float) -> None:
        """Ring at `at_t` (perf_counter seconds), or at once if that has passed."""
        loop = get_hub().loop
        if self._fd is None:
            self._stop()
            self._watcher = loop.timer(max(at_t - perf_counter(), 0.0), priority=self._priority)
            self._watcher.start(self._callback, update=True)
            return
        if self._watcher is None:
            self._watcher = loop.io(self._fd, _READ, priority=self._priority)
            self._watcher.start(self._ring)
        seconds = int(at_t)
        # a time of all zeros would switch the timer off, hence at least 1 ns
        spec = _Timespec(0, 0, seconds, max(int((at_t - seconds) * 1e9), 1))
        self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(spec), None)

    def _ring(self) -> None:
        # a timerfd that rang stays readable until it is read; unread it would ring forever
        if self._fd is not None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._fd, 8)
        self._callback()

    def close(self) -> None:
        self._stop()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _stop(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

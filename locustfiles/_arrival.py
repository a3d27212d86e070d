"""When an answer arrived: the kernel's own time stamp, where the system gives one.

A driver that reads the clock when it comes round to an answer adds its own waking and queueing to every response time,
most when many answers arrive at once. Linux notes when data reached the socket (SO_TIMESTAMPNS, socket(7)); elsewhere,
and for data without a note, the answer counts as arrived when it was read.

The kernel stamps by the wall clock, which may be set while a trial runs. The wall clock is therefore only used for the
moment between arrival and reading, and not at all where it was set: see `arrived_t`.
"""

import socket as _patched
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from socket import socket
from time import perf_counter, time

_SO_TIMESTAMPNS = 35  # the socket module has no name for it; asm-generic/socket.h
_TIMESPEC = struct.Struct("@qq")
_unpack: Callable[[bytes], tuple[int, int]] = _TIMESPEC.unpack
NOTE_BYTES = _patched.CMSG_SPACE(_TIMESPEC.size)  # room for one note beside the data
# An answer that was read so soon need not be looked at again: whatever the clock did, the error is no larger.
_SOON_S = 1e-3
_DRIFT = 1e-3  # the clock is slewed by at most half of this (adjtimex(2): 500 ppm)


def ask_for_arrivals(sock: socket) -> None:
    """Have the kernel note when data arrives, where it can."""
    if sys.platform == "linux" and sys.maxsize > 2**32:  # a timespec of two 64-bit numbers
        with suppress(OSError):
            sock.setsockopt(_patched.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def _compare() -> tuple[float, float, float]:
    """Return perf_counter, by how much the wall clock is ahead of it, and how far off that may be, in seconds."""
    before, wall, after = perf_counter(), time(), perf_counter()
    return after, wall - (before + after) / 2, (after - before) / 2


class _Anchor:
    """By how much the wall clock was ahead of perf_counter, and when (perf_counter seconds)."""

    def __init__(self) -> None:
        self.set()

    def set(self) -> None:
        # the best of a few: this process may lose its core between two readings
        self.at_t, self.ahead_s, _ = min((_compare() for _ in range(5)), key=lambda reading: reading[2])

    def still_holds(self) -> bool:
        """Whether the wall clock was not set since, by more than it may have drifted."""
        now, ahead_s, error_s = _compare()
        return abs(ahead_s - self.ahead_s) <= error_s + _SOON_S + _DRIFT * (now - self.at_t)


_anchor = _Anchor()
anchor = _anchor.set  # compares the two clocks anew; called when a trial begins


def arrived_t(notes: Sequence[tuple[int, int, bytes]], sent_t: float) -> float:
    """Return when the data that came with these notes arrived (perf_counter seconds).

    That is now, less the age by the wall clock: the data's note and the clock were read within moments of each other. A
    float holds today's wall clock to a quarter of a microsecond. It is simply now where no note came, where the note
    says what cannot be (before the request was sent at `sent_t`, or in the future), and for data that seems to have
    waited where the wall clock was set since the last `anchor`.
    """
    if not notes or notes[0][1] != _SO_TIMESTAMPNS:
        return perf_counter()
    seconds, nanoseconds = _unpack(notes[0][2])
    age = time() - seconds - nanoseconds * 1e-9
    # the other clock second: were we held up between them, the answer would seem to have come before it did
    now = perf_counter()
    if sent_t <= now - age <= now and (age <= _SOON_S or _anchor.still_holds()):
        return now - age
    return now

"""When an answer arrived: the kernel's own time stamp, where the system gives one.

A driver that reads the clock when it comes round to an answer adds its own waking and queueing to every response time,
most when many answers arrive at once. Linux notes when data reached the socket (SO_TIMESTAMPNS, socket(7)); elsewhere,
and for data without a note, the answer counts as arrived when it was read.
"""

import socket as _patched
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from socket import socket
from time import time

_SO_TIMESTAMPNS = 35  # the socket module has no name for it; asm-generic/socket.h
_TIMESPEC = struct.Struct("@qq")
_unpack: Callable[[bytes], tuple[int, int]] = _TIMESPEC.unpack
NOTE_BYTES = _patched.CMSG_SPACE(_TIMESPEC.size)  # room for one note beside the data


def ask_for_arrivals(sock: socket) -> None:
    """Have the kernel note when data arrives, where it can."""
    if sys.platform == "linux" and sys.maxsize > 2**32:  # a timespec of two 64-bit numbers
        with suppress(OSError):
            sock.setsockopt(_patched.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def age_s(notes: Sequence[tuple[int, int, bytes]]) -> float:
    """Return how long ago, in seconds, the data that came with these notes arrived; 0.0 where none says.

    Both clocks are the wall clock, read within moments of each other, so that its drift does not matter. A float holds
    today's wall clock to a quarter of a microsecond.
    """
    for _, kind, data in notes:
        if kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _unpack(data)
            age = time() - seconds - nanoseconds * 1e-9
            return max(0.0, age)
    return 0.0

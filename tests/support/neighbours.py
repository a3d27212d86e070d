"""Processes that disturb: each computes on one core until the block ends."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

Neighbour = AbstractContextManager["subprocess.Popen[bytes]"]

_CACHE_WALK = "buffer = bytearray({size})\nzeros = bytes(len(buffer) // 64)\nwhile True: buffer[::64] = zeros"
"""Writes to every cache line of a buffer, over and over."""
_BUFFER_BYTES = 64 * 1024 * 1024

_BURN = """
import sys, time
while True:
    until = time.monotonic() + 0.05 * {share}
    while time.monotonic() < until: pass
    time.sleep(0.05 * (1 - {share}))
"""


def burner(core: int, *, share: float = 1.0) -> Neighbour:
    """Use this share of a core: `with burner(1) as process:`."""
    return _on(core, _BURN.format(share=share))


def cache_walker(core: int) -> Neighbour:
    """Walk a buffer larger than the caches of usual machines."""
    return _on(core, _CACHE_WALK.format(size=_BUFFER_BYTES))


_PINNED = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {{{core}}})
"""


@contextmanager
def _on(core: int, code: str) -> Iterator["subprocess.Popen[bytes]"]:
    # a session of its own, as another program would have: Linux divides a core among sessions first (autogroup)
    process = subprocess.Popen([sys.executable, "-c", _PINNED.format(core=core) + code], start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()

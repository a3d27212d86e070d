"""Lines to and from a child process, through its pipes. No call waits longer than its limit.

A child that is stopped (SIGSTOP) neither reads nor writes nor ends. So nothing here blocks in a read or a write: both
wait for readiness first, in this thread, and pipes are closed only after the child has ended.
"""

import os
import select
import subprocess
import time
from dataclasses import dataclass, field

_READ_BYTES = 65536
_LONGEST_LINE = 256 * 1024 * 1024  # bytes; far more than the result of the busiest trial


@dataclass(slots=True)
class Channel:
    """The pipes of a child that was started with both, unbuffered (harness/system/process.py)."""

    process: subprocess.Popen[bytes]
    _rest: bytearray = field(default_factory=bytearray)
    _lines: list[bytes] = field(default_factory=list)
    _has_ended: bool = False

    def send(self, line: bytes, limit_s: float) -> None:
        """Write a line. Raises TimeoutError when the child does not read it in time, OSError when it is gone."""
        assert self.process.stdin is not None  # noqa: S101 - for the type checker: started with pipes
        deadline, descriptor, data = time.monotonic() + limit_s, self.process.stdin.fileno(), memoryview(line + b"\n")
        os.set_blocking(descriptor, False)
        while data:
            if not _is_ready(descriptor, select.POLLOUT, deadline - time.monotonic()):
                raise TimeoutError(f"it has not read what it was sent within {limit_s:g} s")
            data = data[os.write(descriptor, data) :]

    def receive(self, limit_s: float) -> bytes | None:
        """Return the next line without its end, None after the last. Raises TimeoutError."""
        deadline = time.monotonic() + limit_s
        while not self._lines and not self._has_ended:
            self._read(deadline - time.monotonic())
        return self._lines.pop(0) if self._lines else None

    def waiting(self, limit_s: float) -> list[bytes]:
        """Return the lines that have come, after a wait for the first; none when the time is up."""
        try:
            first = self.receive(limit_s)
        except TimeoutError:
            return []
        rest, self._lines = self._lines, []
        return [] if first is None else [first, *rest]

    def _read(self, limit_s: float) -> None:
        assert self.process.stdout is not None  # noqa: S101 - for the type checker: started with pipes
        if self.process.stdout.closed:
            self._has_ended = True
            return
        if not _is_ready(self.process.stdout.fileno(), select.POLLIN, limit_s):
            raise TimeoutError("it has been silent for too long")
        data = os.read(self.process.stdout.fileno(), _READ_BYTES)
        self._has_ended = not data
        *lines, rest = data.split(b"\n")
        self._rest += lines[0] if lines else rest
        if lines:
            self._lines += [bytes(self._rest), *lines[1:]]
            self._rest = bytearray(rest)
        if len(self._rest) > _LONGEST_LINE:
            raise OSError(f"it has sent {_LONGEST_LINE} bytes without an end of line")


def _is_ready(descriptor: int, event: int, limit_s: float) -> bool:
    # poll and not select, which knows no descriptor above 1023
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, limit_s) * 1000))

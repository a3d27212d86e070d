"""Standard output and standard error that can be lost without breaking off what is measured.

A reader that has seen enough (`| head -1`), a terminal that is gone and a full disk behind `>` end the output, and
nothing else: from then on it goes nowhere. What was lost is told by the exit code of `bench` (harness/commands/cli.py),
except where the reader left by itself.
"""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_LEFT = frozenset({errno.EPIPE, errno.EIO, errno.ECONNRESET})
"""What a write fails with when the reader has gone: a closed pipe, a terminal that was hung up, a closed socket."""


class Losable:
    """A stream for text that swallows its text once a write to it has failed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name need not be text
        self.failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if self.failure is None:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.failure = error
        with suppress(OSError, ValueError):  # what is still buffered must not fail again when Python ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def losable() -> Iterator[Losable]:
    """Make both streams losable for the time of the block, and yield standard output."""
    _fill_closed_descriptors()
    before = sys.stdout, sys.stderr
    out, err = (Losable(stream or open(os.devnull, "w", encoding="utf-8")) for stream in before)  # noqa: PTH123, SIM115
    sys.stdout, sys.stderr = out, err
    try:
        yield out
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def failure_of(out: Losable) -> OSError | None:
    """Return why standard output could not be written, None also where its reader went away."""
    failure = out.failure
    if failure is None or failure.errno in _LEFT:
        return None
    return OSError(failure.errno, failure.strerror, "standard output")


def _fill_closed_descriptors() -> None:
    """Open /dev/null for each of the first three that is closed: the next file that is opened would become it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)

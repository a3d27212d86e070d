"""A lock that ends with its process, however the process ends: the kernel's flock, not a file with a pid in it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiment.errors import UsageError


@contextmanager
def only_one(file: Path, *, busy: str) -> Iterator[None]:
    """Hold the lock on `file`, which is made if need be; raises UsageError(busy) when another process has it."""
    with file.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(busy) from None
        yield

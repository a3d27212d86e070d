"""Shared memory of a PostgreSQL server that was killed: what it could not remove itself is found and removed.

A server makes a System V segment, by which servers recognise each other, and names it in postmaster.pid. That segment
begins with PGShmemHeader (src/include/storage/pg_shmem.h), which names the server's process, and the POSIX shared
memory that keeps account of all others (dsm_control_header in src/backend/storage/ipc/dsm.c). Our servers keep the
latter in files of their folder; initdb's, which end after a second, in /dev/shm.
"""

import ctypes
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_PLACE = Path("/dev/shm")  # noqa: S108 - where Linux has POSIX shared memory by name; no file is made there
_PREFIX = "PostgreSQL."
_PID_LINE, _SEGMENT_LINE = 0, 6  # of postmaster.pid (src/include/miscadmin.h, LOCK_FILE_LINE_*)
_HEADER = struct.Struct("@iiNNI")  # magic, the server's process, two sizes, the number of the POSIX shared memory
_MAGIC = 679834894
_ATTACH_READ_ONLY, _REMOVE = 0o10000, 0


def notes_of(home: Path) -> list[str]:
    """Return the lines of the postmaster.pid in a server's folder; empty when there is none."""
    with suppress(OSError):
        return (home / "data/postmaster.pid").read_text(encoding="ascii", errors="replace").splitlines()
    return []


def free_shared_memory(notes: list[str], *, patience_s: float = 0.0) -> None:
    """Remove the shared memory of the server whose postmaster.pid has these lines; one that does not end keeps it."""
    pid, segment = _number(notes, _PID_LINE), _number(notes, _SEGMENT_LINE)
    if pid is None or segment is None or not _has_ended(abs(pid), patience_s):
        return
    with suppress(OSError, AttributeError):  # AttributeError: a system without these calls
        libc = ctypes.CDLL(None)
        header = _header(libc, segment)
        if header is None or header[:2] != (_MAGIC, abs(pid)):  # somebody else's by now
            return
        for file in _named_with(header[-1]):
            file.unlink(missing_ok=True)
        libc.shmctl(segment, _REMOVE, None)


def _has_ended(pid: int, patience_s: float) -> bool:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            process.wait(patience_s)
        return True
    return not psutil.pid_exists(pid)


def _number(notes: list[str], line: int) -> int | None:
    """Return the last number of a line; that of a server which serves nobody, as initdb's do, has a negative pid."""
    words = notes[line].split() if len(notes) > line else []
    with suppress(ValueError):
        return int(words[-1]) if words else None
    return None


def _header(libc: ctypes.CDLL, segment: int) -> tuple[int, ...] | None:
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(segment, None, _ATTACH_READ_ONLY)
    if address is None or address == ctypes.c_void_p(-1).value:
        return None
    try:
        return _HEADER.unpack(ctypes.string_at(address, _HEADER.size))
    finally:
        libc.shmdt(ctypes.c_void_p(address))


def _named_with(number: int) -> Iterator[Path]:
    """Yield the POSIX shared memory that the one of this number keeps account of, and then that one itself."""
    account = _PLACE / f"{_PREFIX}{number}"
    with suppress(OSError):
        content = account.read_bytes()
        words = {word for (word,) in struct.iter_unpack("@I", content[: len(content) // 4 * 4])}
        for file in _PLACE.glob(f"{_PREFIX}*"):
            name = file.name.removeprefix(_PREFIX)
            if file != account and name.isdigit() and int(name) in words:
                yield file
        yield account

"""Shared memory of a PostgreSQL server that was killed: what it could not remove itself is found and removed.

A server makes a System V segment, by which servers recognise each other, and names it in postmaster.pid. That segment
begins with PGShmemHeader (src/include/storage/pg_shmem.h), which names the server's process, and the POSIX shared
memory that keeps account of all others (dsm_control_header in src/backend/storage/ipc/dsm.c). Our servers keep the
latter in files of their folder; initdb's, which end after a second, in /dev/shm.
"""

import ctypes
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_PLACE = Path("/dev/shm")  # noqa: S108 - where Linux has POSIX shared memory by name; no file is made there
_PREFIX = "PostgreSQL."
_PID_LINE, _SEGMENT_LINE = 0, 6  # of postmaster.pid (src/include/miscadmin.h, LOCK_FILE_LINE_*)
_HEADER = struct.Struct("@iiNNI")  # magic, the server's process, two sizes, the number of the POSIX shared memory
_MAGIC, _ACCOUNT_MAGIC = 679834894, 0x9A503D32
_ATTACH_READ_ONLY, _REMOVE = 0o10000, 0
_LOOK_AFTER_S = 0.02


def notes_of(home: Path) -> list[str]:
    """Return the lines of the postmaster.pid in a server's folder; empty when there is none."""
    with suppress(OSError):
        return (home / "data/postmaster.pid").read_text(encoding="ascii", errors="replace").splitlines()
    return []


def free_shared_memory(notes: list[str], *, patience_s: float = 0.0) -> None:
    """Remove the shared memory of the server whose postmaster.pid has these lines; one that does not end keeps it."""
    pid, segment = _number(notes, _PID_LINE), _number(notes, _SEGMENT_LINE)
    if pid is None or segment is None or not _ends(abs(pid), patience_s):
        return
    number = _number_of_account(pid, segment)
    if number is None:
        return
    for file in _files(number):
        with suppress(OSError):
            file.unlink()
    ctypes.CDLL(None).shmctl(segment, _REMOVE, None)


def shared_files(notes: list[str]) -> list[Path]:
    """Return the files in /dev/shm of the server whose postmaster.pid has these lines."""
    pid, segment = _number(notes, _PID_LINE), _number(notes, _SEGMENT_LINE)
    number = _number_of_account(pid, segment) if pid is not None and segment is not None else None
    return list(_files(number)) if number is not None else []


def _ends(pid: int, patience_s: float) -> bool:
    """Wait for a process's end; one that nobody waits for (a zombie) has ended, too."""
    deadline_t = time.monotonic() + patience_s
    while True:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.Error:
            return not psutil.pid_exists(pid)
        if time.monotonic() >= deadline_t:
            return False
        time.sleep(_LOOK_AFTER_S)


def _number(notes: list[str], line: int) -> int | None:
    """Return the last number of a line; that of a server which serves nobody, as initdb's do, has a negative pid."""
    words = notes[line].split() if len(notes) > line else []
    with suppress(ValueError):
        return int(words[-1]) if words else None
    return None


def _number_of_account(pid: int, segment: int) -> int | None:
    """Return the number by which a segment names the account of POSIX memory; None if it is not that server's."""
    with suppress(AttributeError):  # a system without these calls
        libc = ctypes.CDLL(None)
        libc.shmat.restype = ctypes.c_void_p
        address = libc.shmat(segment, None, _ATTACH_READ_ONLY)
        if address is None or address == ctypes.c_void_p(-1).value:
            return None
        magic, creator, *_, number = _HEADER.unpack(ctypes.string_at(address, _HEADER.size))
        libc.shmdt(ctypes.c_void_p(address))
        return int(number) if (magic, creator) == (_MAGIC, abs(pid)) else None
    return None


def _files(number: int) -> Iterator[Path]:
    """Yield the POSIX shared memory that the account of this number names, and then the account itself."""
    account = _PLACE / f"{_PREFIX}{number}"
    try:
        content = account.read_bytes()
    except OSError:
        return
    words = {word for (word,) in struct.iter_unpack("@I", content[: len(content) // 4 * 4])}
    if _ACCOUNT_MAGIC not in words:
        return
    for file in _PLACE.glob(f"{_PREFIX}*"):
        name = file.name.removeprefix(_PREFIX)
        if file != account and name.isdigit() and int(name) in words:
            yield file
    yield account

"""Locks that end with their process, however it ends: the kernel's flock, not a file with a pid in it.

What a lock's file holds is a note for people. Junk in it, the pid of a program that has nothing to do with us, or
something else in the file's place keeps nobody out.
"""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from experiment.errors import UsageError

_NOTE_BYTES = 300
_TRIES = 10


@contextmanager
def only_one(file: Path, *, busy: str) -> Iterator[None]:
    """Hold the lock on `file`, which is made if need be.

    Raises UsageError(busy) when another process has it, and OSError when the folder takes no file.
    """
    with _opened(file) as lock:
        if not _got(lock):
            raise UsageError(busy)
        yield


def machine_file() -> Path:
    """Return the file whose lock whoever measures on this machine holds."""
    return Path(tempfile.gettempdir()) / "handlerbench-measuring.lock"


@contextmanager
def alone(what: str, *, beside: bool = False, file: Path | None = None) -> Iterator[None]:
    """Be the only one that measures on this machine until the block ends; `what` is said to others meanwhile.

    With `beside` this is tried, and nothing more. Raises UsageError when somebody else measures.
    """
    path = file or machine_file()
    with _locked(path) as lock:
        if lock is None and not beside:
            raise UsageError(
                f"a campaign is being measured on this machine{_who(path)}, and the two would disturb each other. "
                "Wait until it ends, or measure beside it with --beside."
            )
        if lock is not None:
            _leave_note(lock, f"{what} (process {os.getpid()})")
        yield


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Yield a descriptor of the file with its lock, None when another has it; whoever had it removes the file."""
    for _ in range(_TRIES):
        with _opened(path) as descriptor:
            if not _got(descriptor):
                yield None
                return
            if _is(path, descriptor):
                try:
                    yield descriptor
                finally:
                    with suppress(OSError):
                        path.unlink()
                return
        # its last holder has just removed the file that we opened
    yield None


def _is(path: Path, descriptor: int) -> bool:
    with suppress(OSError):
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    return False


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Yield a descriptor of the file, or of whatever is there instead: the kernel locks a folder as well."""
    descriptor = _open(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link, which none of us makes
            path.unlink()
            return os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o666)
        if error.errno not in {errno.EISDIR, errno.EACCES}:
            raise
        return os.open(path, flags | os.O_RDONLY)  # a folder, or another user's file


def _got(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leave_note(descriptor: int, text: str) -> None:
    with suppress(OSError):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode("utf-8", "replace")[:_NOTE_BYTES], 0)


def _who(path: Path) -> str:
    """Return the holder's note, if it can be read and shown."""
    with suppress(OSError):
        with path.open("rb") as file:
            text = file.read(_NOTE_BYTES).decode("utf-8", "replace").strip()
        return f" ({text})" if text.isprintable() and text else ""
    return ""

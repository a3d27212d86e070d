"""Temporary folders that are removed when their block ends, and can be told from those that somebody left behind.

Each holds a file whose lock its process has for as long as it lives. A folder without such a process is what a SIGKILL
or a power cut left; `bench clean` removes it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.system import interruption

PREFIX = "handlerbench-"
_IN_USE = ".in-use"


@contextmanager
def scratch(kind: str = "", *, parent: Path | None = None) -> Iterator[Path]:
    """Make a folder, its owner's alone, and remove it when the block ends. `kind` is a part of its name."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}", dir=parent))
    try:
        with in_use(folder):
            yield folder
    finally:
        with interruption.deferred():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Mark a folder as in use until the block ends or this process does."""
    descriptor = os.open(folder / _IN_USE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def is_in_use(folder: Path) -> bool:
    """Say whether a process has the folder. One without our mark is somebody else's, and used."""
    try:
        descriptor = os.open(folder / _IN_USE, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def left_behind(parents: Iterable[Path], kind: str = "") -> list[Path]:
    """Return the folders of ours in these places that no process has any more; those of other users are not listed."""
    found: set[Path] = set()
    for parent in parents:
        with suppress(OSError):
            found |= {path for path in parent.glob(f"{PREFIX}{kind}*") if _is_ours(path) and not is_in_use(path)}
    return sorted(found)


def _is_ours(path: Path) -> bool:
    with suppress(OSError):
        return path.is_dir() and not path.is_symlink() and os.geteuid() in {0, path.stat().st_uid}
    return False

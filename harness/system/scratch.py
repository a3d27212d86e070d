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

import psutil

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
    """Say whether a process has the folder. One without the mark is used while it is empty, or named by a process."""
    try:
        descriptor = os.open(folder / _IN_USE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return _is_empty(folder) or any(str(folder) in word for words in _command_lines() for word in words)
    except OSError:
        return True  # not ours to say
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_empty(folder: Path) -> bool:
    with suppress(OSError):
        return not any(folder.iterdir())
    return False


def _command_lines() -> list[list[str]]:
    return [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]


def left_behind(parents: Iterable[Path]) -> list[Path]:
    """Return the folders of ours in these places that no process has; those of other users are not listed."""
    found: set[Path] = set()
    for parent in parents:
        with suppress(OSError):
            found |= {path for path in parent.glob(f"{PREFIX}*") if _is_ours(path) and not is_in_use(path)}
    return sorted(found)


def _is_ours(path: Path) -> bool:
    with suppress(OSError):
        return path.is_dir() and not path.is_symlink() and os.geteuid() in {0, path.stat().st_uid}
    return False

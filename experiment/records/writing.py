"""Files written so that nothing is lost: whole or not at all, synced, with the path in every error."""

from __future__ import annotations

import csv
import errno
import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_NEW = ".new"
_LONGEST_NAME = 200  # of which a temporary name keeps as much, since file systems allow 255 bytes


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the path in an OSError that does not: a write to a full disk fails without saying where."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or _is_temporary(error.filename, path)):
            error.filename, error.filename2 = str(path), None
        raise


def _is_temporary(name: object, path: Path) -> bool:
    return isinstance(name, (str, os.PathLike)) and Path(name).name == _temporary_name(path)


def _temporary_name(path: Path) -> str:
    return f".{path.name[:_LONGEST_NAME]}{_NEW}"


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield where to write a file; it takes the place of `path` when the block ends well, and is removed otherwise.

    What a link leads to is replaced, not the link. Raises OSError.
    """
    with naming(path):
        target = Path(os.path.realpath(path))
        temporary = target.with_name(_temporary_name(target))
        try:
            yield temporary
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is either the old one or the new one, whatever happens in between. Raises OSError.

    A device or a pipe, such as /dev/stdout, is written to as it is.
    """
    if _is_special(path):
        _write_into(path, text)
        return
    with replaced(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return not stat.S_ISREG(mode)


def _write_into(path: Path, text: str) -> None:
    with naming(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)  # else a pipe that nobody reads holds us up
        os.set_blocking(descriptor, True)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)


def append_rows(path: Path, rows: Iterable[Iterable[Any]]) -> None:
    """Add rows to a table; once this returns they are on disk. Raises OSError, and may then have added a part."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    with naming(path), path.open("a", encoding="utf-8", newline="") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())


def leftovers(folder: Path) -> list[Path]:
    """Return what a process that was killed had begun to write in this folder."""
    return sorted(path for path in folder.glob(f".*{_NEW}") if path.is_file() or path.is_symlink())

"""The only place that opens a file of a campaign: bounded, regular, UTF-8, believed in nothing.

A campaign's folder may come from somebody else. A file in it may be a link, a directory or a device, may be endless,
may hold bytes that are no text. Each of these is a StoreError: one sentence that names the file, and the line where
there is one. Nothing is changed.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

from experiment.errors import StoreError

MOST_JSON_BYTES = 16 * 2**20
MOST_TABLE_BYTES = 2**30
MOST_LINE_BYTES = 2**20
BLOCK_BYTES = 4 * 2**20
_MOST_SHOWN = 80  # characters of what is wrong


class Block(NamedTuple):
    """Whole lines of a file: their bytes, and the number of the first one, from 1."""

    data: bytes
    first_line: int


def open_regular(path: Path, flags: int = os.O_RDONLY, *, most_bytes: int = MOST_TABLE_BYTES) -> BinaryIO:
    """Open a file that must be a regular one; a link in its place is refused, a named pipe never waited for.

    Raises StoreError, which says what is there instead or that it is larger than `most_bytes`.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise StoreError(f"{path} is missing; without it the campaign cannot be read.") from None
    except OSError as error:
        raise StoreError(_unopened(path, error)) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
        os.close(descriptor)
        what = f"is larger than {most_bytes >> 20} MiB" if stat.S_ISREG(status.st_mode) else "is no regular file"
        raise StoreError(f"{path} {what}; a campaign's files are not like that.")
    return os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "r+b")


def _unopened(path: Path, error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return f"{path} is a link; a campaign's files must lie in its own folder. Put the file itself there."
    if error.errno == errno.EISDIR:
        return f"{path} is a directory where a file should be."
    return f"{path} cannot be read: {error.strerror or error}."


def read_bytes(path: Path, *, most_bytes: int = MOST_TABLE_BYTES) -> bytes:
    """Return a whole file; raises StoreError as `open_regular` does, and for one that cannot be read."""
    with open_regular(path, most_bytes=most_bytes) as file:
        data = _read(file, path, most_bytes + 1)
    if len(data) > most_bytes:  # it grew, or its size is not what the system says
        raise StoreError(f"{path} is larger than {most_bytes >> 20} MiB; a campaign's files are not like that.")
    return data


def _read(file: BinaryIO, path: Path, count: int) -> bytes:
    try:
        return file.read(count)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from None


def line_blocks(path: Path) -> Iterator[Block]:
    """Yield a table's lines in blocks of whole lines; what follows the last line end is left out.

    Memory is bounded by the block. Raises StoreError for a line that is too long, a NUL, and what is not UTF-8.
    """
    rest, line = b"", 1
    with open_regular(path) as file:
        while block := _read(file, path, BLOCK_BYTES):
            data = rest + block
            end = data.rfind(b"\n") + 1
            whole, rest = data[:end], data[end:]
            check_lines(path, whole, line)
            if len(rest) > MOST_LINE_BYTES:
                refuse_line(path, line + whole.count(b"\n"), "is longer than a mebibyte")
            if whole:
                yield Block(whole, line)
                line += whole.count(b"\n")


def check_lines(path: Path, data: bytes, first_line: int = 1) -> None:
    """Refuse whole lines with a NUL, with bytes that are not UTF-8 and with too many of them."""
    if (place := data.find(b"\0")) >= 0:
        refuse_line(path, first_line + data.count(b"\n", 0, place), "holds a NUL")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse_line(path, first_line + data.count(b"\n", 0, error.start), "is not UTF-8")
    if len(data) > MOST_LINE_BYTES:
        for number, text in enumerate(data.split(b"\n"), start=first_line):
            if len(text) > MOST_LINE_BYTES:
                refuse_line(path, number, "is longer than a mebibyte")


def refuse_line(path: Path, line: int, why: str) -> NoReturn:
    raise StoreError(f"{path}, line {line}: the line {why}; the file is damaged.")


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the object in a JSON file, whatever its keys.

    Raises StoreError for what is no JSON object, for a key that is there twice, for NaN and infinities, for text that
    is not UTF-8, and for nesting so deep that none of ours is like it.
    """
    data = read_bytes(path, most_bytes=MOST_JSON_BYTES)
    if b"\0" in data:
        raise StoreError(f"{path} is damaged: it holds a NUL at byte {data.index(0)}.")
    try:
        loaded = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is damaged: byte {error.start} is not UTF-8.") from None
    except RecursionError:
        raise StoreError(f"{path} is damaged: it is nested too deep.") from None
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error}.") from None
    if not isinstance(loaded, dict):
        raise StoreError(f"{path} is damaged: it must be a JSON object, and is a {type(loaded).__name__}.")
    return loaded


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice[:_MOST_SHOWN]!r} is there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON has")

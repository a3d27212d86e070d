"""Files that handlers read or send, written in a folder of their own when the app starts."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from bench_app.settings import Settings


@contextmanager
def temporary_path(name: str) -> Iterator[Path]:
    """Lend a path that nothing is at yet; its folder is removed in the end. Raises OSError."""
    with TemporaryDirectory(prefix="handlerbench-") as folder:
        yield Path(folder) / name


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """A file for the variants that use it: `name` is also how requests find its path, `make` returns its bytes."""

    name: str
    make: Callable[[], bytes]

    def open(self, _: Settings) -> AbstractAsyncContextManager[Path]:
        """Return the context manager that writes the file and removes it at shutdown."""
        return self._written()

    @asynccontextmanager
    async def _written(self) -> AsyncIterator[Path]:
        with temporary_path(self.name) as path:
            path.write_bytes(self.make())
            yield path


CHUNKS, CHUNK = 50, b"stream ".ljust(1023, b".") + b"\n"
STREAMED = SampleFile(name="streamed.txt", make=lambda: CHUNK * CHUNKS)
"""What the stream variants send, as a file."""

LINES, LINE_BYTES = 256, 256


def line(number: int) -> bytes:
    """Return a line of the file to read, from 0."""
    return f"line {number:03} ".encode().ljust(LINE_BYTES - 1, b".") + b"\n"


READ = SampleFile(name="read.txt", make=lambda: b"".join(map(line, range(LINES))))
"""What the file variants read: 64 KiB."""

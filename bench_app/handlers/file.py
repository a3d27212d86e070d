"""A file of 64 KiB that is read whole, or line by line: by open() in a thread or on the loop, or by aiofiles.

The file lies in the page cache, as a file that is often asked for does. aiofiles calls open(), each read and close() in
threads of the loop's executor.
"""

from functools import partial
from pathlib import Path

from fastapi import Request

from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.sample_files import LINE_BYTES, LINES, READ, line
from bench_app.styles import ASYNC_BLOCKING, ASYNC_NATIVE, DEF
from bench_app.works import FILE

Found = dict[str, int | str]

_whole = partial(
    variant, work=FILE, uses=READ, expected={"size": LINES * LINE_BYTES, "last": line(LINES - 1).decode().strip()}
)
_lines = partial(variant, work=FILE, family="file-lines", uses=READ, expected={"lines": LINES})


def _path(request: Request) -> Path:
    path: Path = bench(request).shared[READ.name]
    return path


def _seen(content: bytes) -> Found:
    return {"size": len(content), "last": content[-LINE_BYTES:].decode().strip()}


def _read(path: Path) -> Found:
    with path.open("rb") as file:
        return _seen(file.read())


@_whole(style=DEF, tool="open")
def plain_def(request: Request) -> Found:
    """Call open() in a def handler's thread."""
    return _read(_path(request))


@_whole(style=ASYNC_BLOCKING, tool="open")
async def async_blocking(request: Request) -> Found:
    """Call open() on the loop: nobody is served until the file is read."""
    return _read(_path(request))


@_whole(style=ASYNC_NATIVE, tool="aiofiles", imports=("aiofiles",))
async def async_native(request: Request) -> Found:
    """Await aiofiles."""
    import aiofiles

    async with aiofiles.open(_path(request), "rb") as file:
        return _seen(await file.read())


@_lines(style=DEF, tool="open-lines")
def plain_def_lines(request: Request) -> dict[str, int]:
    """Call open() in a def handler's thread, and read line by line."""
    with _path(request).open("rb") as file:
        return {"lines": sum(1 for _ in file)}


@_lines(style=ASYNC_NATIVE, tool="aiofiles-lines", imports=("aiofiles",))
async def async_native_lines(request: Request) -> dict[str, int]:
    """Await aiofiles for each line."""
    import aiofiles

    count = 0
    async with aiofiles.open(_path(request), "rb") as file:
        async for _ in file:
            count += 1
    return {"lines": count}

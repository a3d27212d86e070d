"""An answer in chunks, from a generator or from a file: the same bytes for all.

Starlette takes each chunk of a sync generator in a worker thread. It takes those of an async generator on the loop. A
file is opened, read in chunks of 64 KiB and closed in worker threads.
"""

from collections.abc import AsyncIterator, Iterator
from functools import partial

from fastapi import Request
from fastapi.responses import FileResponse, StreamingResponse

from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.sample_files import CHUNK, CHUNKS, STREAMED
from bench_app.styles import ASYNC_NATIVE
from bench_app.works import STREAM

MEDIA_TYPE = "text/plain"
_variant = partial(variant, work=STREAM, style=ASYNC_NATIVE, expected=CHUNK * CHUNKS)


def chunks() -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def awaited_chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@_variant(tool="sync-generator")
async def sync_generator() -> StreamingResponse:
    """Stream a sync generator: each chunk is made in a worker thread."""
    return StreamingResponse(chunks(), media_type=MEDIA_TYPE)


@_variant(tool="async-generator")
async def async_generator() -> StreamingResponse:
    """Stream an async generator: the chunks are made on the loop."""
    return StreamingResponse(awaited_chunks(), media_type=MEDIA_TYPE)


@_variant(tool="file", uses=STREAMED)
async def file(request: Request) -> FileResponse:
    """Send the same bytes from a file."""
    return FileResponse(bench(request).shared[STREAMED.name], media_type=MEDIA_TYPE)

"""A file in a form, received and read: in memory up to 1 MiB, beyond that from a temporary file in worker threads."""

from functools import partial

from fastapi import UploadFile

from bench_app.forms import ABOVE_BYTES, BELOW_BYTES, CONTENT_TYPE
from bench_app.registry import variant
from bench_app.styles import ASYNC_NATIVE
from bench_app.works import RECEIVE

_variant = partial(
    variant,
    work=RECEIVE,
    style=ASYNC_NATIVE,
    method="POST",
    headers=(("content-type", CONTENT_TYPE),),
    imports=("python_multipart",),
)


@_variant(tool="below-spool", family="receive-below", sample="form-below-spool", expected={"size": BELOW_BYTES})
async def below_spool(file: UploadFile) -> dict[str, int]:
    """Receive a file just below 1 MiB, which stays in memory."""
    return {"size": len(await file.read())}


@_variant(tool="above-spool", family="receive-above", sample="form-above-spool", expected={"size": ABOVE_BYTES})
async def above_spool(file: UploadFile) -> dict[str, int]:
    """Receive a file just above 1 MiB, which goes through a temporary file."""
    return {"size": len(await file.read())}

"""CPU work: the text of an uploaded PDF. The parse holds the GIL all the time, and this effect is compared here.

The body is the file itself. The article writes `file: bytes`. FastAPI (0.165 and before) reads that as a required query
parameter of type string, and a posted file gets status 422. `Body()` makes it the body.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import Body, Request
from fastapi.concurrency import run_in_threadpool

from bench_app.parsers import PARSERS
from bench_app.pdf import extract_text
from bench_app.registry import variant
from bench_app.resources import bench
from bench_app.styles import ASYNC_BLOCKING, ASYNC_OFFLOAD, ASYNC_PROCESS, DEF
from bench_app.works import UPLOAD

Pdf = Annotated[bytes, Body(media_type="application/pdf")]


def is_sample_text(answer: Any) -> bool:
    """Return whether `answer` holds the sample PDF's whole text. Makes the sample, so do not call it in the SUT."""
    from bench_app.samples import sample_pdf

    return bool(answer == {"text": sample_pdf().text})


_variant = partial(
    variant,
    work=UPLOAD,
    method="POST",
    headers=(("content-type", "application/pdf"),),
    sample="pdf",
    expected=is_sample_text,
)


@_variant(style=ASYNC_BLOCKING, imports=("pypdf",))
async def async_blocking(file: Pdf) -> dict[str, str]:
    """Parse on the loop: no other request is served in the meantime."""
    return {"text": extract_text(file)}


@_variant(style=DEF, imports=("pypdf",))
def plain_def(file: Pdf) -> dict[str, str]:
    """Parse in a def handler's thread."""
    return {"text": extract_text(file)}


@_variant(style=ASYNC_OFFLOAD, path="/upload", article=True, imports=("pypdf",))
async def upload(file: Pdf) -> dict[str, str]:
    """Offload the parse with run_in_threadpool: the article's upload route."""
    text = await run_in_threadpool(extract_text, file)
    return {"text": text}


@_variant(style=ASYNC_PROCESS, uses=PARSERS)
async def async_process(request: Request, file: Pdf) -> dict[str, str]:
    """Parse in a pool of processes: each has a GIL of its own."""
    return {"text": await bench(request).shared[PARSERS.name].extract_text(file)}
